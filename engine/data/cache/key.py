"""What a cached slice depends on: the content of its case, and the settings that turn a case into rows of bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from engine.data.config import PlaneName
from engine.data.labels import LabelTable
from engine.volumes.geometry import Geometry
from engine.volumes.preprocess import Preprocess

FORMAT = 1
"""Counted up whenever the same case and settings give other bytes, or a pack is laid out otherwise."""

_DIGITS = 32  # of a hexadecimal sha256: 128 bits


def digest(voxels: NDArray[Any]) -> str:
    """sha256 of an array's shape and values."""
    values = np.ascontiguousarray(voxels)
    # Processors compute it in hardware; it guards against nobody.
    found = hashlib.sha256(str(values.shape).encode())
    found.update(values.data)
    return found.hexdigest()


def case_content(scan: str, dtype: np.dtype[Any], geometry: Geometry | None, masks: str, void: str) -> str:
    """One hash for all that a case brings to its slices, as decoded: files elsewhere or of another kind are the same.

    `scan`, `masks` and `void` are digests of the voxels, of the layers of label values and of the voxels without
    truth ("" for none). Of the geometry the directions count, which say how planes lie.
    """
    directions = None if geometry is None else geometry.direction_matrix.ravel().tolist()
    return _hash([scan, str(dtype), directions, masks, void])


def settings_key(preprocess: Preprocess, plane: PlaneName, table: LabelTable) -> str:
    """One hash for all that decides how a case becomes rows. Mean and deviation do not: they are applied later."""
    levels = preprocess.model_dump(mode="json", exclude={"mean", "std"})
    # Another Pillow may resize to other bytes.
    return _hash([FORMAT, PIL.__version__, levels, plane, table.kind, table.values])


def dataset_key(folder: Path) -> str:
    """Tells datasets apart without saying where they lie."""
    return _hash([str(folder.resolve())])[:12]


def _hash(values: list[Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
