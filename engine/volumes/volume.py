"""A scan in memory: voxels and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.volumes.geometry import Geometry


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels [z, y, x], or [z, y, x, 3] in colour (uint8), in the file's own storage order.

    `geometry` is None for a picture, whose voxels are [1, h, w] or [1, h, w, 3]; of several pages or frames (a TIFF, a
    film of ultrasound) the first axis counts them.
    `format` is the name in the registry; `notes` tell a person what was changed while reading.
    """

    voxels: NDArray[Any]
    geometry: Geometry | None
    path: Path | None = None
    format: str = ""
    notes: tuple[str, ...] = ()
    header: bytes = b""
    """The grid's part of the file header, for a writer of the same format to copy verbatim; other formats ignore it."""
    stored_dimensions: int = 3
    """2 where the file holds a single plane; its mask is written as one too."""
    lossy: bool = False
    """The file's compression changes values (JPEG): label values in it cannot be relied on."""
    window: tuple[float, float] | None = None
    """Centre and width that the file's header asks for, in the voxels' unit; for the display only."""
    title: str = ""
    """How the scan is called on screen and in file names, where its own file or folder may name the patient (DICOM)."""

    @property
    def is_picture(self) -> bool:
        return self.geometry is None

    @property
    def is_colour(self) -> bool:
        return self.voxels.ndim == 4

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        z, y, x = self.voxels.shape[:3]
        return int(z), int(y), int(x)


@dataclass(frozen=True, eq=False)
class Mask:
    """Label numbers, uint8 or uint16 [z, y, x], on the grid of a scan."""

    labels: NDArray[Any]
    geometry: Geometry | None
    receipt: str = ""
    """One line of JSON that says how the mask was made; formats that cannot hold it leave it to a file beside."""
