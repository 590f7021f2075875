"""Run folders as tuning leaves them, with numbers from a formula instead of a model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from engine.contract.events import JobFinished
from engine.runs import layout
from engine.runs.environment import environment
from engine.runs.scores import about_path
from engine.runs.writer import RunWriter

LABELS = ("liver", "spleen")


def recipe(name: str, strategy: str, seed: int, **training: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "name": name,
        "seed": seed,
        "data": {"folder": "/data/abdomen", "layout": "auto", "split": {"train": 0.8, "val": 0.1, "test": 0.1}},
        "model": {"name": "clipseg", "weights": "starter", "sha256": "0f" * 32},
        "strategy": {"name": strategy, "num_context": 4, "prompt_depth": 3},
        "training": {"epochs": 8, "learning_rate": 0.05, **training},
    }


def write_run(
    folder: Path,
    strategy: str = "vpt",
    seed: int = 1,
    *,
    name: str = "",
    gain: float = 0.0,
    cases: int = 24,
    **more: Any,
) -> Path:
    """A finished run of eight epochs. `gain` moves the Dice of every case; `cases` of 2 labels are in scores.csv."""
    asked = recipe(name or f"{strategy}-{seed}", strategy, seed, **more)
    writer = RunWriter.create(folder, yaml.safe_dump(asked, sort_keys=False), environment("CPU"))
    random = np.random.default_rng(seed)
    for epoch in range(1, 9):
        dice = 0.75 + gain - 0.4 * math.exp(-epoch / 3) + float(random.normal(0, 0.01))
        writer.row(
            {
                "epoch": epoch,
                "train_loss": 1 - dice,
                "train_dice": dice + 0.02,
                "val_loss": 1.1 - dice,
                "val_dice": dice,
                "val_dice_positive": dice,
                "val_iou": dice / (2 - dice),
                "learning_rate": 0.05,
                "seconds": 1.5,
                **{f"val_dice[{label}]": dice for label in LABELS},
            }
        )
    (folder / layout.EPOCHS / "best").write_text("8", encoding="ascii")
    result = {"run": str(folder), "best_epoch": 8, "val_dice": 0.7 + gain, "epochs": 8, "ended": "epochs"}
    if cases:
        mean = write_scores(folder / layout.SCORES, seed, gain, cases)
        result["test"] = [{"label": "all", "n": 2 * cases, "dice": mean, "iou": mean / (2 - mean)}]
    writer.result(result)
    writer.event(JobFinished("fake", result))
    return folder


def write_scores(path: Path, seed: int, gain: float, cases: int, **about: Any) -> float:
    """The cases' difficulty is the same in every run; returns the mean Dice."""
    hard = np.random.default_rng(99).uniform(0.3, 0.9, (cases, len(LABELS)))
    noise = np.random.default_rng(seed).normal(0, 0.03, hard.shape)
    dice = np.clip(hard + gain + noise, 0, 1)
    lines = ["case,label,dice,iou,slices,truth_pixels,answer_pixels,hd95,nsd,unit,dimensions,undefined"]
    for case in range(cases):
        for at, label in enumerate(LABELS):
            value = float(dice[case, at])
            numbers = f"{value:.6f},{value / (2 - value):.6f},1,1000,1000,{20 * (1 - value):.6f},{value:.6f},px,2,0"
            lines.append(f"case-{case:03d},{label},{numbers}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    known = {"split": "test", "own_data": True, "data": "/data/abdomen", "tolerance": 2.0, "synthetic": True, **about}
    about_path(path).write_text(json.dumps(known), encoding="utf-8")
    return float(dice.mean())
