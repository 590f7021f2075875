"""A recipe that may leave the machine: nothing in it says where anything lies on a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any


def portable_recipe(recipe: Mapping[str, Any], labels: Sequence[Mapping[str, Any]], weights: str) -> dict[str, Any]:
    """`recipe` (plain values, complete) with the labels as they were tuned, and `weights` as the base weights' id.

    Left out: the data's folder, tables beside it, the run that it began with, and the device, which is the machine's.
    """
    data = dict(recipe.get("data") or {})
    split = dict(data.get("split") or {})
    if is_place(str(split.get("patient_table", ""))):
        split["patient_table"] = ""
    training = dict(recipe.get("training") or {})
    return {
        **recipe,
        "data": {**data, "folder": "", "split": split, "labels": [dict(label) for label in labels]},
        "model": {**dict(recipe.get("model") or {}), "weights": weights},
        "training": {**training, "start_from": "", "device": "auto", "threads": 0},
    }


def is_place(text: str) -> bool:
    """Whether this is a path that begins at the root of a disk, on any system."""
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute() or text.startswith(("~", "\\\\"))


def places_in(values: Any) -> list[str]:
    """Every text in plain values that begins at the root of a disk: there should be none in what leaves."""
    if isinstance(values, Mapping):
        return [place for value in values.values() for place in places_in(value)]
    if isinstance(values, list | tuple):
        return [place for value in values for place in places_in(value)]
    return [values] if isinstance(values, str) and len(values) > 1 and is_place(values) else []
