"""What a run would take is told before it begins, and nothing is left of the asking."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.config.yaml_io import dump_yaml
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, OutOfRange
from engine.contract.events import Event, Progress
from engine.contract.jobs import Estimate
from engine.jobs import estimate
from engine.jobs.estimate import _some
from engine.runs.folders import runs_folder
from engine.synthetic.sample_data import write_dataset


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=20)
    return folder


def recipe(weights: Path, data: Path, **strategy: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "data": {"folder": str(data)},
        "model": {"weights": str(weights)},
        "strategy": {"name": "vpt", "prompt_depth": 2, **strategy},
        "training": {"device": "cpu", "threads": 1, "batch_size": 4, "epochs": 5},
    }


def asked(values: dict[str, Any], *overrides: str, cancel: CancelToken | None = None) -> dict[str, Any]:
    return estimate.run(Estimate(values, overrides=list(overrides)), lambda event: None, cancel or CancelToken(), "job")


@pytest.mark.parametrize("strategy", [{}, {"name": "coop"}])
def test_time_memory_and_disk(tiny_weights: Path, drawn: Path, strategy: dict[str, Any]) -> None:
    found = asked(recipe(tiny_weights, drawn, **strategy))
    assert found["epochs"] == 5
    assert 0 < found["later_epoch"] <= found["first_epoch"] < found["total"]
    assert found["total"] >= found["first_epoch"] + 4 * found["later_epoch"]
    assert 50_000_000 < found["memory"] < found["memory"] + found["available"]
    assert found["disk"] > 0
    assert (found["batch"], found["images_at_once"]) == (4, 4)
    assert found["words"].startswith("At most ")
    assert not runs_folder().exists()


def test_overrides_count(tiny_weights: Path, drawn: Path) -> None:
    once, often = (asked(recipe(tiny_weights, drawn), f"training.epochs={epochs}") for epochs in (1, 50))
    assert (once["epochs"], often["epochs"]) == (1, 50)
    assert often["total"] > 10 * once["total"]


def test_what_the_recipe_has_wrong_is_told_as_ever(tiny_weights: Path, drawn: Path) -> None:
    with pytest.raises(OutOfRange) as caught:
        asked(recipe(tiny_weights, drawn, prompt_depth=99))
    assert caught.value.field == "strategy.prompt_depth"


def test_it_can_be_cancelled(tiny_weights: Path, drawn: Path) -> None:
    cancel = CancelToken()

    def hear(event: Event) -> None:
        if isinstance(event, Progress):
            cancel.cancel()

    with pytest.raises(Cancelled):
        estimate.run(Estimate(recipe(tiny_weights, drawn)), hear, cancel, "job")


def test_only_some_images_are_decoded(drawn: Path) -> None:
    from engine.data.config import DataConfig
    from engine.data.report import inspect

    report = inspect(DataConfig(folder=str(drawn)), 12345, lambda event: None, CancelToken(), job_id="job")
    few = _some(report, 2)
    assert (few.slice_count("train"), few.slice_count("val")) == (2, 2)
    assert few.slice_count("test") == 0
    assert _some(report, 10**6).slice_count("train") == report.slice_count("train")


def test_the_command(tiny_weights: Path, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "recipe.yaml"
    values = recipe(tiny_weights, drawn)
    values["data"]["folder"] = os.path.relpath(drawn, tmp_path)  # read from the recipe's folder
    path.write_text(dump_yaml(values), encoding="utf-8")
    assert main(["tune", str(path), "--estimate", "--set", "training.epochs=3"]) == 0
    assert "for each of 2 more" in capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["recipe.yaml"]
