"""Recipes of runs that take a second, on tiny weights and a few drawn images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def write_recipe(
    folder: Path,
    weights: Path,
    data: Path,
    strategy: str = "vpt",
    *,
    name: str = "small",
    depth: int = 2,
    split: Mapping[str, float] | None = None,
    epochs: int = 2,
    **training: Any,
) -> Path:
    """`recipe.yaml` in `folder`, for all of its `epochs`; `depth` of the prompts; `training` sets what differs."""
    values = {
        "version": 1,
        "name": name,
        "data": {"folder": str(data), **({"split": dict(split)} if split else {})},
        "model": {"weights": str(weights)},
        "strategy": {"name": strategy, "prompt_depth": depth},
        "training": {
            "epochs": epochs, "min_epochs": epochs, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False,
            **training,
        },
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path
