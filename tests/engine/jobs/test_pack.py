"""A run packed, imported elsewhere and used there: the same scores, and refusals where it would not be the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken
from engine.contract.errors import InputError, NotAPack, WeightsMissing
from engine.contract.jobs import Evaluate, Export, ImportPack, Pack, Tune
from engine.jobs import evaluate, export, import_pack, pack, tune
from engine.jobs.run_data import labels_of
from engine.pack.archive import read_pack, write_pack
from engine.pack.manifest import CARD, LEARNED, RECIPE
from engine.runs.reader import Run
from engine.synthetic.sample_data import write_dataset
from tests.fakes.recipes import write_recipe
from tests.fakes.tiny_clipseg import write_tiny_clipseg


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Doe_Jane") / "polyps"
    write_dataset("polyps", folder, count=12)
    return folder


def tuned(folder: Path, weights: Path, data: Path, strategy: str, **training: object) -> Path:
    folder.mkdir(parents=True)
    recipe = write_recipe(folder, weights, data, strategy, epochs=1, **training)
    tune.run(Tune(str(recipe), str(folder / "run")), lambda event: None, CancelToken(), "job")
    return folder / "run"


def packed(run: Path, out: Path, **more: bool) -> dict[str, object]:
    return pack.run(Pack(str(run), str(out), **more), lambda event: None, CancelToken(), "job")


def unpacked(path: Path, out: Path, weights: Path | None) -> dict[str, object]:
    job = ImportPack(str(path), str(out), str(weights or ""))
    return import_pack.run(job, lambda event: None, CancelToken(), "job")


def scores(run: Path, data: Path, out: Path) -> str:
    job = Evaluate(str(run), str(data), out=str(out))
    evaluate.run(job, lambda event: None, CancelToken(), "job")
    return out.read_text(encoding="utf-8")


@pytest.mark.parametrize("strategy", ["coop", "vpt", "maple"])
def test_the_same_scores_elsewhere(tiny_weights: Path, drawn: Path, tmp_path: Path, strategy: str) -> None:
    """Elsewhere: another folder of the same weights, another copy of the data; the run that was packed is gone."""
    run = tuned(tmp_path / "here", tiny_weights, drawn, strategy)
    before = scores(run, drawn, tmp_path / "before.csv")
    result = packed(run, tmp_path / "polyps.tvprompt")
    shutil.rmtree(tmp_path / "here")
    weights = tmp_path / "elsewhere" / "weights"
    shutil.copytree(tiny_weights, weights)
    data = tmp_path / "elsewhere" / "polyps"
    shutil.copytree(drawn, data)
    unpacked(tmp_path / "polyps.tvprompt", tmp_path / "elsewhere" / "run", weights)
    assert scores(tmp_path / "elsewhere" / "run", data, tmp_path / "after.csv") == before
    assert result["kilobytes"] < 500
    shown = Run.open(tmp_path / "elsewhere" / "run")
    assert shown.state == "finished"
    assert shown.best_epoch == 1
    assert shown.best_dice is not None

    # Packed again it is the same pack: nothing was lost on the way.
    packed(tmp_path / "elsewhere" / "run", tmp_path / "again.tvprompt")
    first, again = (read_pack(tmp_path / f"{name}.tvprompt") for name in ("polyps", "again"))
    assert first.weights == again.weights
    assert first.manifest.model_copy(update={"files": {}}) == again.manifest.model_copy(update={"files": {}})


def test_nothing_of_the_disk_leaves(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    run = tuned(tmp_path / "Doe_John", tiny_weights, drawn, "coop")
    out = tmp_path / "p.tvprompt"
    packed(run, out)
    text = yaml.safe_dump(read_pack(out).recipe) + read_pack(out).manifest.model_dump_json()
    for secret in ("Doe", str(tmp_path), str(tiny_weights), tiny_weights.name):
        assert secret not in text, secret


@pytest.mark.slow
def test_it_is_exported_without_its_data(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    """With the phrases and grey levels that came with it."""
    run = tuned(tmp_path / "here", tiny_weights, drawn, "coop")
    packed(run, tmp_path / "p.tvprompt")
    unpacked(tmp_path / "p.tvprompt", tmp_path / "run", tiny_weights)
    job = Export(str(tmp_path / "run"), str(tmp_path / "p.vlseg"))
    result = export.run(job, lambda event: None, CancelToken(), "job")
    assert result["parity"]["verified"], result["verdict"]
    labels = Bundle.open(tmp_path / "p.vlseg").manifest.labels
    assert [label.phrase for label in labels] == [label.phrase for label in labels_of(run)]


def test_a_run_begins_with_it_and_it_cannot_go_on_itself(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    run = tuned(tmp_path / "here", tiny_weights, drawn, "coop")
    packed(run, tmp_path / "p.tvprompt")
    imported = tmp_path / "run"
    unpacked(tmp_path / "p.tvprompt", imported, tiny_weights)
    going_on = tuned(tmp_path / "on", tiny_weights, drawn, "coop", start_from=str(imported))
    assert Run.open(going_on).state == "finished"
    with pytest.raises(InputError) as caught:  # its own data stayed where it was tuned
        evaluate.run(Evaluate(str(imported)), lambda event: None, CancelToken(), "job")
    assert "--data" in caught.value.hint
    with pytest.raises(InputError, match="was imported") as caught:
        tune.run(Tune("", resume=str(imported)), lambda event: None, CancelToken(), "job")
    assert "start_from" in caught.value.hint
    assert Run.open(imported).state == "finished"


def test_other_base_weights_are_refused(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    run = tuned(tmp_path / "here", tiny_weights, drawn, "vpt")
    packed(run, tmp_path / "p.tvprompt", calibrate=False)
    other = write_tiny_clipseg(tmp_path / "other", seed=1)
    for given in (other, None):  # None: among the installed, where its weights are not
        with pytest.raises(WeightsMissing, match="tuned on other base weights"):
            unpacked(tmp_path / "p.tvprompt", tmp_path / "refused", given)
    assert not (tmp_path / "refused").exists()


def test_what_was_learned_must_fit_the_recipe(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    run = tuned(tmp_path / "here", tiny_weights, drawn, "coop")
    packed(run, tmp_path / "p.tvprompt", calibrate=False)
    good = read_pack(tmp_path / "p.tvprompt")
    deeper = {**good.recipe, "strategy": {**good.recipe["strategy"], "prompt_depth": 3}}
    for number, recipe in enumerate((deeper, {"version": 1}, {**good.recipe, "seed": "x"})):
        bad = tmp_path / f"bad{number}.tvprompt"
        write_pack(good.manifest, {RECIPE: yaml.safe_dump(recipe).encode(), LEARNED: good.weights, CARD: b"-"}, bad)
        with pytest.raises(NotAPack):
            unpacked(bad, tmp_path / "out", tiny_weights)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".", "out"))]


def test_a_run_that_learned_nothing_is_not_packed(tiny_weights: Path, drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    recipe = yaml.safe_load(write_recipe(tmp_path, tiny_weights, drawn).read_text(encoding="utf-8"))
    recipe["strategy"] = {"name": "zero_shot"}
    (tmp_path / "zero.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    tune.run(Tune(str(tmp_path / "zero.yaml"), str(tmp_path / "run")), lambda event: None, CancelToken(), "job")
    with pytest.raises(InputError, match="learned nothing"):
        packed(tmp_path / "run", tmp_path / "p.tvprompt")
    with pytest.raises(InputError, match="no name"):
        packed(tmp_path / "run", tmp_path / "p.zip")
