"""The loop on a tiny network and drawn images: it learns, stops as asked, and goes on as if it had never stopped."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, EngineError
from engine.contract.events import EpochEnded, Event
from engine.contract.jobs import Tune
from engine.jobs import tune
from engine.runs import layout
from engine.runs.writer import best_epoch, epochs, read_metrics
from engine.synthetic.sample_data import write_dataset


@pytest.fixture(scope="module")
def polyps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=12)
    return folder


@pytest.fixture
def recipe(polyps: Path, tiny_weights: Path, tmp_path: Path) -> Any:
    def write(strategy: dict[str, Any], **training: Any) -> str:
        values = {
            "version": 1,
            "name": "test",
            "data": {"folder": str(polyps), "augment": "published", "split": {"train": 0.5, "val": 0.25, "test": 0.25}},
            "model": {"name": "clipseg", "weights": str(tiny_weights)},
            "strategy": strategy,
            "training": {
                "epochs": 4,
                "batch_size": 4,
                "device": "cpu",
                "threads": 1,
                "learning_rate": 0.02,
                **training,
            },
        }
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(values))
        return str(path)

    return write


class Listening:
    """Collects events; calls `on_epoch` after each epoch."""

    def __init__(self, on_epoch: Any = None) -> None:
        self.events: list[Event] = []
        self.on_epoch = on_epoch

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, EpochEnded) and self.on_epoch:
            self.on_epoch(event)


def rows(run: Path) -> list[dict[str, float]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in read_metrics(run)]


def same(one: list[dict[str, float]], other: list[dict[str, float]]) -> bool:
    return len(one) == len(other) and all(
        a.keys() == b.keys() and all(a[key] == b[key] or (math.isnan(a[key]) and math.isnan(b[key])) for key in a)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("strategy", [{"name": "vpt", "prompt_depth": 3}, {"name": "coop", "upsampler": "blend"}])
def test_a_cancelled_run_goes_on_to_the_same_metrics(strategy: dict[str, Any], recipe: Any, tmp_path: Path) -> None:
    path = recipe(strategy, weight_decay=0.01)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    tune.run(Tune(path, str(whole)), Listening(), CancelToken(), "whole")
    token = CancelToken()
    hear = Listening(lambda event: token.cancel() if event.epoch == 2 else None)
    with pytest.raises(Cancelled):
        tune.run(Tune(path, str(cut)), hear, token, "cut")
    assert [row["epoch"] for row in rows(cut)] == [1, 2]
    tune.run(Tune("", resume=str(cut)), Listening(), CancelToken(), "resumed")
    assert [row["epoch"] for row in rows(whole)] == [1, 2, 3, 4]
    assert same(rows(whole), rows(cut))
    assert (whole / layout.BEST).read_bytes() == (cut / layout.BEST).read_bytes()


def test_it_learns_and_the_best_epoch_is_kept(recipe: Any, tmp_path: Path) -> None:
    path = recipe({"name": "full_finetune"}, epochs=6, learning_rate=0.003)
    hear = Listening()
    result = tune.run(Tune(path, str(tmp_path / "run")), hear, CancelToken(), "j")
    losses = [row["train_loss"] for row in rows(tmp_path / "run")]
    assert losses[-1] < losses[0] - 0.05
    dice = [row["val_dice"] for row in rows(tmp_path / "run")]
    assert result["val_dice"] == max(dice)
    assert best_epoch(tmp_path / "run") == dice.index(max(dice)) + 1
    assert (tmp_path / "run" / layout.SCORES).read_text().startswith("case,label,dice,iou")
    assert (tmp_path / "run" / layout.PREVIEWS / "001.png").stat().st_size > 100


def test_stop_ends_the_run_as_if_it_had_reached_its_last_epoch(recipe: Any, tmp_path: Path) -> None:
    token = CancelToken()
    hear = Listening(lambda event: token.stop_keep_best() if event.epoch == 2 else None)
    result = tune.run(Tune(recipe({"name": "coop"}), str(tmp_path / "run")), hear, token, "j")
    assert result["ended"] == "stopped"
    assert len(rows(tmp_path / "run")) == 2
    assert result["test"]


def test_kept_features_give_the_same_numbers(recipe: Any, tmp_path: Path) -> None:
    for name, keep in (("kept", True), ("fresh", False)):
        tune.run(
            Tune(recipe({"name": "coop"}, keep_features=keep), str(tmp_path / name)), Listening(), CancelToken(), "j"
        )
    for one, other in zip(rows(tmp_path / "kept"), rows(tmp_path / "fresh"), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_zero_shot_is_one_row_without_training(recipe: Any, tmp_path: Path) -> None:
    tune.run(Tune(recipe({"name": "zero_shot"}), str(tmp_path / "run")), Listening(), CancelToken(), "j")
    found = rows(tmp_path / "run")
    assert len(found) == 1
    assert math.isnan(found[0]["train_loss"])
    assert 0 <= found[0]["val_dice"] <= 1


def test_early_stopping_waits_for_the_fewest_epochs(recipe: Any, tmp_path: Path) -> None:
    path = recipe({"name": "coop"}, epochs=9, patience=1, min_epochs=5, min_delta=10.0, previews=False)
    result = tune.run(Tune(path, str(tmp_path / "run")), Listening(), CancelToken(), "j")
    assert (result["ended"], result["epochs"]) == ("early", 5)


def test_a_loss_that_is_no_number_ends_the_run_with_advice(recipe: Any, tmp_path: Path) -> None:
    path = recipe({"name": "full_finetune"}, learning_rate=1.0, epochs=30)
    try:
        tune.run(Tune(path, str(tmp_path / "run")), Listening(), CancelToken(), "j")
    except EngineError as error:
        assert error.field == "training.learning_rate"
    assert all(math.isfinite(row["val_loss"]) for row in rows(tmp_path / "run"))


def test_nothing_in_a_run_folder_is_pickled(recipe: Any, tmp_path: Path) -> None:
    tune.run(
        Tune(recipe({"name": "vpt", "prompt_depth": 2}, epochs=2), str(tmp_path / "run")),
        Listening(),
        CancelToken(),
        "j",
    )
    last = layout.epoch_folder(tmp_path / "run", epochs(tmp_path / "run")[-1])
    assert sorted(path.name for path in last.iterdir()) == [
        "learner.safetensors",
        "optimiser.safetensors",
        "state.json",
    ]
    assert json.loads((last / "state.json").read_text())["epoch"] == 2
    known = (tmp_path / "run" / layout.BEST).stat().st_size
    assert known < 4 * 2 * 4 * 32 * 4, "only the context vectors are saved, not the frozen model"


def test_a_run_that_is_there_is_not_overwritten(recipe: Any, tmp_path: Path) -> None:
    path = recipe({"name": "zero_shot"})
    tune.run(Tune(path, str(tmp_path / "run")), Listening(), CancelToken(), "j")
    before = (tmp_path / "run" / layout.METRICS).read_bytes()
    with pytest.raises(EngineError, match="already holds a run"):
        tune.run(Tune(path, str(tmp_path / "run")), Listening(), CancelToken(), "j")
    assert (tmp_path / "run" / layout.METRICS).read_bytes() == before
    torch.manual_seed(0)
