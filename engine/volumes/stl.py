"""Surfaces as binary STL, in millimetres of the world (LPS, as in DICOM and 3D Slicer; its first 80 bytes say so)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from engine.contract.whole_file import write_bytes
from engine.volumes.surface import Surface

_HEADER: Final = b"SPACE=LPS millimetres. For research use only."
_TRIANGLE: Final = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])


def write_stl(surfaces: Sequence[Surface], path: Path) -> None:
    """All of them in one file: STL knows no names. Raises DiskFull, InputError."""
    made = []
    for surface in surfaces:
        corners = surface.vertices[surface.triangles]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normal, axis=1, keepdims=True)
        rows = np.zeros(len(corners), _TRIANGLE)
        rows["normal"] = normal / np.where(length > 0, length, 1.0)
        rows["corners"] = corners
        made.append(rows)
    count = np.array([sum(map(len, made))], "<u4")
    write_bytes(path, _HEADER.ljust(80, b" ") + count.tobytes() + b"".join(rows.tobytes() for rows in made))
