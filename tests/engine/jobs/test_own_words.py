"""Labels with learned words of their own, from tuning to a mask; and a run whose dataset is gone by then."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.events import Event, Log
from engine.contract.jobs import Evaluate, Export, Segment, Tune
from engine.data.report import inspect
from engine.jobs import evaluate, export, segment, tune
from engine.jobs.run_data import same_data
from engine.recipe import read_recipe
from engine.runs import layout


def quiet(event: Event) -> None:
    del event


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Red discs are 1, blue ones 2."""
    folder = tmp_path / "discs"
    rows, columns = np.mgrid[:32, :32]
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(8):
        random = np.random.default_rng(number)
        picture = random.integers(0, 60, (32, 32, 3), dtype=np.uint8)
        mask = np.zeros((32, 32), np.uint8)
        for value, channel in ((1, 0), (2, 2)):
            row, column = random.integers(6, 26, 2)
            inside = (rows - row) ** 2 + (columns - column) ** 2 < 30
            picture[inside, channel] = 230
            mask[inside] = value
        Image.fromarray(picture).save(folder / "images" / f"{number}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number}.png")
    return folder


@pytest.fixture
def run(data: Path, tiny_weights: Path, tmp_path: Path) -> Path:
    values = {
        "version": 1,
        "data": {
            "folder": str(data),
            "split": {"train": 0.5, "val": 0.25, "test": 0.25},
            "labels": [
                {
                    "value": 1,
                    "name": "polyp",
                    "phrase": "red disc",
                    "alternatives": ["crimson disc"],
                    "snomed": "64033007",
                },
                {"value": 2, "name": "blue disc"},
            ],
        },
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "coop", "per_label": True, "num_context": 3, "initialise_from": None},
        "training": {"epochs": 1, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False},
    }
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(values))
    tune.run(Tune(str(recipe), str(tmp_path / "run")), quiet, CancelToken(), "job")
    return tmp_path / "run"


def go(job, events: list[Event] | None = None):
    module = {Evaluate: evaluate, Export: export, Segment: segment}[type(job)]
    return module.run(job, quiet if events is None else events.append, CancelToken(), "job")


def dice(path: Path) -> dict[tuple[str, str], float]:
    with path.open(newline="") as lines:
        return {(row["case"], row["label"]): float(row["dice"]) for row in csv.DictReader(lines)}


def test_from_tuning_to_a_mask_with_the_dataset_gone(run: Path, data: Path, tmp_path: Path) -> None:
    scores = dice(run / layout.SCORES)
    assert {label for _, label in scores} == {"polyp", "blue disc"}
    kept = shutil.move(data, tmp_path / "elsewhere")
    told: list[Event] = []
    out = tmp_path / "own.vlseg"
    go(Export(str(run), str(out)), told)
    warnings = [event.message for event in told if isinstance(event, Log) and event.level == "warning"]
    assert any("does not exist" in message and "drawn images" in message for message in warnings)
    manifest = Bundle.open(out).manifest
    assert [(label.name, label.snomed) for label in manifest.labels] == [("polyp", "64033007"), ("blue disc", None)]
    assert manifest.text_depends_on_label
    assert not manifest.image_depends_on_label
    assert manifest.parity.verified
    assert manifest.parity.source == "drawn"
    assert manifest.preprocess.intensity == "as_is"

    found = go(Evaluate(str(out), data=str(kept), split="test", out=str(tmp_path / "scored")))
    again = dice(Path(found["scores"]))
    assert again.keys() == scores.keys()
    assert all(again[key] == pytest.approx(scores[key], abs=2e-3) for key in scores)

    scan = Path(kept) / "images" / "0.png"
    made = go(Segment([str(scan)], str(out), ["blue disk", "liver"], str(tmp_path / "masks"), label="polyp"))
    assert [mask["label_used"] for mask in made["masks"]] == ["polyp", "polyp"]


def test_the_same_labels_are_known_again(run: Path, data: Path) -> None:
    """Alternatives and codes come back from the run's own file as they went in."""
    recipe = read_recipe(run / layout.RECIPE)
    assert same_data(run, inspect(recipe.data, recipe.seed, quiet, CancelToken()))
    fewer = [label.model_copy(update={"alternatives": ()}) for label in recipe.data.labels]
    changed = recipe.data.model_copy(update={"labels": tuple(fewer)})
    assert not same_data(run, inspect(changed, recipe.seed, quiet, CancelToken()))


def test_other_labels_have_no_words(run: Path, data: Path, tmp_path: Path) -> None:
    values = yaml.safe_load((run / layout.RECIPE).read_text())
    values["data"]["labels"] = values["data"]["labels"][:1]
    other = tmp_path / "other"
    shutil.copytree(run, other)
    (other / layout.RECIPE).write_text(yaml.safe_dump(values))
    labels = json.loads((other / layout.LABELS).read_text())
    # The recipe says one label, the run two: its learned words are found by name.
    evaluate.run(Evaluate(str(other), out=str(tmp_path / "one")), quiet, CancelToken(), "job")
    assert {label for _, label in dice(tmp_path / "one" / layout.SCORES)} == {"polyp"}
    # Another number of labels than there are learned words for.
    (other / layout.LABELS).write_text(json.dumps({**labels, "labels": labels["labels"][:1]}))
    with pytest.raises(InputError, match="for 2 labels; there are 1 labels now"):
        evaluate.run(Evaluate(str(other), out=str(tmp_path / "two")), quiet, CancelToken(), "job")


def test_a_dataset_that_is_gone_and_a_run_that_never_told(run: Path, data: Path, tmp_path: Path) -> None:
    labels = json.loads((run / layout.LABELS).read_text())
    assert labels["intensity"]["intensity"] == "as_is"
    del labels["intensity"]
    (run / layout.LABELS).write_text(json.dumps(labels))
    shutil.rmtree(data)
    with pytest.raises(InputError, match="dataset is gone"):
        go(Export(str(run), str(tmp_path / "x.vlseg")))
