"""A recipe whose runs take no time, and a way to run them without a network: metrics follow from the settings."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.config.yaml_io import load_yaml
from engine.contract.control import CancelToken, Emit
from engine.contract.events import EpochEnded
from engine.recipe import Recipe, read_recipe
from engine.runs import layout
from engine.runs.writer import RunWriter, read_metrics

EPOCHS = 3


@pytest.fixture
def recipe(tiny_weights: Path, tmp_path: Path) -> Recipe:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "name": "polyps vpt",
                "data": {"folder": str(tmp_path)},
                "model": {"weights": str(tiny_weights)},
                "strategy": {"name": "vpt", "prompt_depth": 2},
                "training": {"epochs": EPOCHS, "device": "cpu", "threads": 1},
            }
        )
    )
    return read_recipe(path)


def dice_of(values: dict[str, Any], epoch: int) -> float:
    """A smooth hill over the settings, best near a rate of 1e-3 and a depth of 2; later epochs are better."""
    rate, depth = values["training"]["learning_rate"], values["strategy"]["prompt_depth"]
    return 0.9 - 0.05 * abs(math.log10(rate) + 3) - 0.02 * abs(depth - 2) - 0.1 / epoch


def tune_at_once(asked: Path, folder: Path, goes_on: bool, emit: Emit, token: CancelToken) -> dict[str, Any]:
    """As a run does it: a row, a checkpoint and an event for each epoch, and on from the last one where it goes on."""
    values = load_yaml(asked)
    writer = RunWriter(folder) if goes_on else RunWriter.create(folder, asked.read_text(), {})
    for epoch in range(max(layout.finished_epochs(folder), default=0) + 1, values["training"]["epochs"] + 1):
        token.check()
        dice = dice_of(values, epoch)
        metrics = {"val_dice": dice, "val_loss": 1 - dice, "train_loss": 1 - dice, "seconds": 0.5}
        writer.row({"epoch": float(epoch), **metrics})
        layout.epoch_folder(folder, epoch).mkdir(parents=True)
        emit(EpochEnded("job", epoch, values["training"]["epochs"], metrics, True))
    token.check()
    rows = read_metrics(folder)
    best = max(rows, key=lambda row: row["val_dice"])
    return {"val_dice": best["val_dice"], "best_epoch": int(best["epoch"]), "epochs": len(rows), "ended": "epochs"}
