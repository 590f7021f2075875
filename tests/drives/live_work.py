"""What a drive of a run needs: a drawn (synthetic) set with two labels, and short runs of it that have ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.contract.control import CancelToken
from engine.contract.jobs import Tune
from engine.jobs.perform import run_job
from engine.runs.folders import runs_folder
from engine.synthetic.sample_data import write_dataset

LABELS = ("liver", "spleen")
SEEDS = (1, 2, 3)
EPOCHS = 4
OTHER = "slower"


@dataclass(frozen=True)
class Work:
    """`first` is the run that the drive begins with; `seeds` are runs of its recipe, `first` among them."""

    first: Path
    seeds: tuple[Path, ...]
    other: Path


def prepare(folder: Path) -> Work:
    """Draws the set into `folder` and tunes on it; the runs lie where the window looks for them."""
    write_dataset("abdomen-ct", folder / "abdomen", count=40)
    seeds = tuple(_tuned(folder, f"seed-{seed}", seed=seed) for seed in SEEDS)
    other = _tuned(folder, OTHER, seed=1, learning_rate=0.0005)
    return Work(seeds[0], seeds, other)


def _tuned(folder: Path, name: str, seed: int, **training: Any) -> Path:
    labels = [{"value": value, "name": label, "phrase": label} for value, label in enumerate(LABELS, start=1)]
    split = {"train": 0.6, "val": 0.4, "test": 0.0}
    recipe = {
        "version": 1,
        "name": name,
        "seed": seed,
        "data": {"folder": str(folder / "abdomen"), "labels": labels, "split": split, "augment": "none"},
        "model": {"weights": "starter"},
        "strategy": {"name": "coop", "per_label": True},
        "training": {
            "epochs": EPOCHS,
            "min_epochs": 1,
            "batch_size": 8,
            "patience": 90,
            "keep_epochs": 99,
            "device": "cpu",
            **training,
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    run = runs_folder() / name
    run_job(Tune(str(path), str(run)), lambda _event: None, CancelToken(), name)
    return run
