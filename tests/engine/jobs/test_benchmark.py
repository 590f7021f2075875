"""A tournament is the same however often it was interrupted; its tables say what happened."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, EngineError, RecipeError
from engine.contract.events import CellEnded, CellStarted, EpochEnded, Event
from engine.contract.jobs import Benchmark
from engine.jobs import benchmark
from engine.synthetic.sample_data import write_dataset

TIMES = ("seconds",)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=14)
    return folder


@pytest.fixture
def matrix(tiny_weights: Path, drawn: Path, tmp_path: Path) -> Path:
    values: dict[str, Any] = {
        "version": 1,
        "name": "two rows",
        "models": [str(tiny_weights)],
        "strategies": ["zero_shot", {"name": "vpt", "sweep": {"prompt_depth": [2, 11]}}, "coop"],
        "datasets": {"polyps": {"folder": str(drawn)}},
        "training": {
            "epochs": 2, "min_epochs": 2, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False,
        },
    }  # fmt: skip
    path = tmp_path / "matrix.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def play(matrix: Path, out: Path, stop_after: int = 0, **more: Any) -> tuple[dict[str, Any], list[Event]]:
    """With `stop_after`, cancelled in the epoch after so many."""
    events: list[Event] = []
    cancel = CancelToken()

    def hear(event: Event) -> None:
        events.append(event)
        if stop_after and sum(isinstance(one, EpochEnded) for one in events) == stop_after:
            cancel.cancel()

    return benchmark.run(Benchmark(str(matrix), str(out), **more), hear, cancel, "job"), events


def rows_of(result: dict[str, Any]) -> list[dict[str, str]]:
    with Path(result["tables"]["csv"]).open(newline="") as lines:
        return [{key: value for key, value in row.items() if key not in TIMES} for row in csv.DictReader(lines)]


def test_interrupted_twice_or_never_it_ends_with_the_same_table(matrix: Path, tmp_path: Path) -> None:
    whole, events = play(matrix, tmp_path / "whole")
    assert (whole["cells"], whole["done"], whole["impossible"], whole["failed"]) == (4, 3, 1, 0)
    ended = [event for event in events if isinstance(event, CellEnded)]
    assert [event.state for event in ended] == ["done", "done", "impossible", "done"]
    assert "layers" in ended[2].why
    # Zero-shot ends after its only epoch; the second stop comes within the second run's epochs.
    for stop in (2, 1):
        with pytest.raises(Cancelled):
            play(matrix, tmp_path / "broken", stop)
    again, events = play(matrix, tmp_path / "broken")
    assert rows_of(again) == rows_of(whole)
    started = [event for event in events if isinstance(event, CellStarted)]
    assert 1 <= len(started) < 4  # what was finished is not done again
    _, events = play(matrix, tmp_path / "broken")
    assert not [event for event in events if isinstance(event, CellStarted)]


def test_tables_in_four_formats_call_drawn_data_synthetic(matrix: Path, tmp_path: Path) -> None:
    result, _ = play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot]"])
    for kind in ("md", "tex", "html"):
        text = Path(result["tables"][kind]).read_text(encoding="utf-8")
        assert "synthetic" in text
        assert "For research use only" in text
    (row,) = rows_of(result)
    assert 0 <= float(row["dice"]) <= 1
    assert row["n"] == "1"
    assert row["low"] == ""  # of one image nothing is known but itself


def test_each_cell_may_be_a_search(matrix: Path, tmp_path: Path) -> None:
    changes = [
        "strategies=[zero_shot, {name: vpt, settings: {prompt_depth: 2}}]",
        "search={trials: 2, startup_trials: 1}",
        "training.epochs=1",
    ]
    result, _ = play(matrix, tmp_path / "t", overrides=[*changes, "training.min_epochs=1"])
    assert result["done"] == 2
    cell = yaml.safe_load((tmp_path / "t" / "cells/polyps/tiny/vpt/12345/cell.json").read_text())
    assert cell["trials"] == 2
    assert "training.learning_rate" in cell["settings"]


def test_a_missing_dataset_fails_its_cells_only_and_is_tried_again(matrix: Path, tmp_path: Path, drawn: Path) -> None:
    values = yaml.safe_load(matrix.read_text())
    values["strategies"] = ["zero_shot"]
    values["datasets"] = {"gone": {"folder": str(tmp_path / "later")}, **values["datasets"]}
    matrix.write_text(yaml.safe_dump(values))
    result, _ = play(matrix, tmp_path / "t")
    assert (result["done"], result["failed"]) == (1, 1)
    (tmp_path / "later").symlink_to(drawn)
    assert play(matrix, tmp_path / "t")[0]["done"] == 2


def test_a_folder_holds_one_budget(matrix: Path, tmp_path: Path) -> None:
    play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot]"])
    with pytest.raises(RecipeError, match="another budget"):
        play(matrix, tmp_path / "t", overrides=["training.epochs=5"])


def test_a_row_keeps_its_settings(matrix: Path, tmp_path: Path) -> None:
    """Results under its name would be those of other settings."""
    play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot]"])
    with pytest.raises(RecipeError, match="zero_shot has other settings"):
        play(matrix, tmp_path / "t", overrides=["strategies=[{name: zero_shot, training: {batch_size: 2}}]"])
    result, _ = play(matrix, tmp_path / "t", overrides=["strategies=[]", "strategies=[zero_shot]"], only_tables=True)
    assert result["done"] == 1


@pytest.mark.parametrize(
    "change",
    [
        "strategies=[zero_shot, vtp]",
        "strategies=[zero_shot, {name: vpt, settings: {prompt_deep: 2}}]",
        "datasets.other={sample: unicorns}",
        "datasets.other={folder: x, data: {splitt: 2}}",
        "models=[no-such-weights]",
    ],
)
def test_what_nobody_knows_is_told_before_anything_is_tuned(matrix: Path, tmp_path: Path, change: str) -> None:
    with pytest.raises(EngineError):
        play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot]", change])
    assert not (tmp_path / "t" / "cells").exists()


def test_a_search_for_the_least_loss_tells_dice_as_dice(matrix: Path, tmp_path: Path) -> None:
    changes = [
        "strategies=[{name: vpt, settings: {prompt_depth: 2}}]",
        "search={trials: 1, startup_trials: 1, objective: last_val_loss}",
        "training.epochs=1",
        "training.min_epochs=1",
    ]
    play(matrix, tmp_path / "t", overrides=changes)
    place = tmp_path / "t" / "cells/polyps/tiny/vpt/12345"
    cell = yaml.safe_load((place / "cell.json").read_text())
    noted = yaml.safe_load((place / "study/trials/0000/result.json").read_text())
    assert cell["val_dice"] == noted["val_dice"]


@pytest.fixture
def half_done(tiny_weights: Path, drawn: Path, matrix: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A tournament with one of its rows, on copies of dataset and weights: (matrix, weights, data)."""
    weights, data = tmp_path / "weights", tmp_path / "copy"
    shutil.copytree(tiny_weights, weights)
    shutil.copytree(drawn, data)
    values = yaml.safe_load(matrix.read_text())
    values |= {"models": [str(weights)], "datasets": {"polyps": {"folder": str(data)}}}
    matrix.write_text(yaml.safe_dump(values))
    play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot]"])
    return matrix, weights, data


@pytest.mark.parametrize("part", ["images", "masks"])
def test_a_dataset_whose_bytes_changed_between_starts_is_refused(
    half_done: tuple[Path, Path, Path], tmp_path: Path, part: str
) -> None:
    matrix, _, data = half_done
    changed = sorted((data / part).iterdir())[0]
    before = changed.read_bytes()
    with Image.open(changed) as image:
        ImageOps.mirror(image).save(changed)
    for seeds in ("[12345]", "[7]"):  # a seed that is new would stand beside the results of the former files, too
        with pytest.raises(RecipeError, match="polyps as it was before") as caught:
            play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot, coop]", f"seeds={seeds}"])
        assert "Put the former files back" in caught.value.hint
    play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot]"])  # nothing is left to compute: its results stand
    changed.write_bytes(before)
    result, _ = play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot, coop]"])
    assert result["done"] == 2


def test_weights_whose_bytes_changed_between_starts_are_refused(
    half_done: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    matrix, weights, _ = half_done
    file = weights / "model.safetensors"
    values = load_file(file)
    name = sorted(values)[0]
    save_file({**values, name: values[name] + 1}, file, metadata={"format": "pt"})
    with pytest.raises(RecipeError, match="other weights called") as caught:
        play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot, coop]"])
    assert "--out DIR" in caught.value.hint


def test_what_nothing_is_computed_from_yet_may_be_mended(
    tiny_weights: Path, drawn: Path, matrix: Path, tmp_path: Path
) -> None:
    """A dataset or weights that were only looked at before a tournament was stopped."""
    values = yaml.safe_load(matrix.read_text())
    for place, source in (("a", drawn), ("b", drawn), ("one", tiny_weights), ("two", tiny_weights)):
        shutil.copytree(source, tmp_path / place)
    values |= {"models": [str(tmp_path / "one"), str(tmp_path / "two")], "strategies": ["zero_shot"]}
    values["datasets"] = {name: {"folder": str(tmp_path / name)} for name in ("a", "b")}
    matrix.write_text(yaml.safe_dump(values))
    with pytest.raises(Cancelled):
        play(matrix, tmp_path / "t", 1)  # in the first cell: dataset a, weights one

    def mirrored(place: Path) -> None:
        changed = sorted((place / "images").iterdir())[0]
        with Image.open(changed) as image:
            ImageOps.mirror(image).save(changed)

    mirrored(tmp_path / "b")
    file = tmp_path / "two" / "model.safetensors"
    numbers = load_file(file)
    name = sorted(numbers)[0]
    save_file({**numbers, name: numbers[name] + 1}, file, metadata={"format": "pt"})
    result, _ = play(matrix, tmp_path / "t")
    assert result["done"] == 4
    mirrored(tmp_path / "b")
    with pytest.raises(RecipeError, match="b as it was before"):
        play(matrix, tmp_path / "t", overrides=["strategies=[zero_shot, coop]"])
