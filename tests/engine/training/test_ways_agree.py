"""What makes tuning fast changes its Dice by no more than another seed does: drawn (synthetic) polyps, the starter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from engine.contract.control import CancelToken
from engine.contract.jobs import Tune
from engine.jobs import tune
from engine.synthetic.sample_data import write_dataset

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "polyps"
    write_dataset("polyps", folder, count=40)
    return folder


def dice(folder: Path, drawn: Path, strategy: str, seed: int, *, augment: str = "views", **training: Any) -> float:
    """Best validation Dice; half of the cases judge, so that the judgement is not of a few images."""
    values = {
        "version": 1,
        "seed": seed,
        "data": {"folder": str(drawn), "augment": augment, "split": {"train": 0.5, "val": 0.5, "test": 0.0}},
        "model": {"weights": "starter"},
        "strategy": {"name": strategy},
        "training": {
            "epochs": 10, "min_epochs": 10, "device": "cpu", "threads": 1, "previews": False, "precision": "fp32",
            **training,
        },
    }  # fmt: skip
    folder.mkdir(parents=True)
    recipe = folder / "recipe-asked.yaml"
    recipe.write_text(yaml.safe_dump(values))
    result = tune.run(Tune(str(recipe), str(folder / "run")), lambda _event: None, CancelToken(), "job")
    return float(result["val_dice"])


def within_the_spread(usual: list[float], fast: list[float]) -> None:
    """The means differ by less than the seeds of the usual way do; and the fast way learned at all."""
    spread = max(usual) - min(usual)
    assert spread > 0
    assert abs(float(np.mean(fast)) - float(np.mean(usual))) <= spread, (usual, fast)
    assert float(np.mean(fast)) > 0.4, fast


def test_four_views_learn_what_changes_drawn_anew_learn(drawn: Path, tmp_path: Path) -> None:
    usual = [dice(tmp_path / f"p{seed}", drawn, "coop", seed, augment="published") for seed in SEEDS]
    fast = [dice(tmp_path / f"v{seed}", drawn, "coop", seed) for seed in SEEDS]
    within_the_spread(usual, fast)


@pytest.mark.parametrize("strategy", ["coop", "vpt"])
def test_bf16_learns_what_fp32_learns(drawn: Path, tmp_path: Path, strategy: str) -> None:
    usual = [dice(tmp_path / f"f{seed}", drawn, strategy, seed) for seed in SEEDS]
    fast = [dice(tmp_path / f"b{seed}", drawn, strategy, seed, precision="bf16") for seed in SEEDS]
    within_the_spread(usual, fast)
