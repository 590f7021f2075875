"""What a run was tuned on is what it is resumed, evaluated and exported with."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
import yaml

from engine.bundle.manifest import DataSplit
from engine.config.yaml_io import build
from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.events import Event, Log
from engine.contract.jobs import Evaluate, Export, Tune
from engine.data.config import DataConfig
from engine.data.report import inspect
from engine.jobs import evaluate, export, tune
from engine.jobs.run_data import CHANGED
from engine.synthetic.sample_data import write_dataset
from tests.fakes.tiny_bundle import write_tiny_bundle


def quiet(event: Event) -> None:
    del event


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Images and masks only: nothing in the folder says what they show."""
    write_dataset("polyps", tmp_path / "drawn", count=12)
    for name in ("images", "masks"):
        shutil.copytree(tmp_path / "drawn" / name, tmp_path / "my polyps" / name)
    return tmp_path / "my polyps"


@pytest.fixture
def run(data: Path, tiny_weights: Path, tmp_path: Path) -> Path:
    values = {
        "version": 1,
        "seed": 5,
        "data": {"folder": str(data), "split": {"train": 0.5, "val": 0.25, "test": 0.25}},
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 1},
        "training": {"epochs": 1, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False},
    }
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(values))
    tune.run(Tune(str(recipe), str(tmp_path / "run")), quiet, CancelToken(), "job")
    return tmp_path / "run"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_other_data_are_asked_the_phrase_that_was_tuned(run: Path, data: Path, tmp_path: Path) -> None:
    other = data.rename(tmp_path / "somewhere else")
    out = tmp_path / "scores"
    evaluate.run(Evaluate(str(run), data=str(other), out=str(out)), quiet, CancelToken(), "job")
    assert {row["label"] for row in rows(out / "scores.csv")} == {"my polyps"}
    assert rows(out / "scores.csv") == rows(run / "scores.csv")


def test_a_run_does_not_go_on_with_other_data(run: Path, data: Path, tmp_path: Path) -> None:
    image = sorted((data / "images").iterdir())[0]
    (data / "masks" / image.name).unlink()
    image.unlink()
    with pytest.raises(InputError, match="no longer what this run was tuned on"):
        tune.run(Tune("", resume=str(run)), quiet, CancelToken(), "job")
    told: list[Event] = []
    evaluate.run(Evaluate(str(run), split="all", out=str(tmp_path / "o")), told.append, CancelToken(), "job")
    assert CHANGED in [event.message for event in told if isinstance(event, Log)]


@pytest.mark.parametrize("seed", [5, 6])
def test_a_bundle_is_scored_on_the_test_images_of_its_own_run(seed: int, data: Path, tmp_path: Path) -> None:
    shares = {"train": 0.5, "val": 0.25, "test": 0.25}
    bundle = write_tiny_bundle(tmp_path / "b" / "tiny.vlseg", labels=False, split=DataSplit(seed=seed, **shares))
    evaluate.run(Evaluate(str(bundle), data=str(data), out=str(tmp_path)), quiet, CancelToken(), "job")
    config = build(DataConfig, {"folder": str(data), "split": shares})
    report = inspect(config, seed, quiet, CancelToken())
    expected = {finding.case.case_id for finding in report.of_split("test")}
    assert {row["case"] for row in rows(tmp_path / "scores.csv")} == expected


def test_a_bundle_in_the_way_is_told_before_any_work(run: Path, tiny_weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "there"
    out.mkdir()
    (out / "thesis.txt").write_text("irreplaceable")
    told: list[Event] = []
    with pytest.raises(InputError, match="not a bundle"):
        export.run(Export(str(run), str(out)), told.append, CancelToken(), "job")
    assert told == []


def test_a_precision_that_is_not_there_is_not_replaced_by_another(tiny_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no precision 'int4'"):
        export.run(Export(str(tiny_weights), str(tmp_path / "b"), precision="int4"), quiet, CancelToken(), "job")


def test_scores_of_a_bundle_leave_those_of_the_run_beside_it(data: Path, tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "run" / "model.vlseg", labels=False)
    (tmp_path / "run" / "scores.csv").write_text("the run's")
    found = evaluate.run(Evaluate(str(bundle), data=str(data)), quiet, CancelToken(), "job")
    assert (tmp_path / "run" / "scores.csv").read_text() == "the run's"
    assert rows(Path(found["scores"]))


def test_scores_of_other_splits_and_data_leave_the_runs_own_alone(
    run: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (run / "scores.csv").read_bytes()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def score(**how: str) -> Path:
        return Path(evaluate.run(Evaluate(str(run), **how), quiet, CancelToken(), "job")["scores"])

    assert score(split="val") == run / "scores-val.csv"
    assert score(split="all") == run / "scores-all.csv"
    elsewhere = score(data=str(data))
    assert elsewhere == here / "run-my polyps-scores.csv"
    assert score(data=str(data), split="train") == here / "run-my polyps-scores-train.csv"
    assert score(data=str(data), out=str(here / "mine.csv")) == here / "mine.csv"
    assert score(split="val", out=str(here / "folder")) == here / "folder" / "scores-val.csv"
    assert (run / "scores.csv").read_bytes() == before
    assert {row["case"] for row in rows(run / "scores-val.csv")}.isdisjoint({row["case"] for row in rows(elsewhere)})
    assert score() == run / "scores.csv"
