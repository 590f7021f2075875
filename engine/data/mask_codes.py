"""How label values are made of a mask that does not store them as numbers: colours, outlines, run lengths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.data.shapes import polygon, run_lengths
from engine.volumes.reading import read_mask, read_scan
from engine.volumes.volume import Volume


class MaskCode(Protocol):
    """Reads what a layout knows to be in a file."""

    def read(self, path: Path, scan: Volume) -> Volume:
        """Label values [z, y, x], 0 for background. Raises ScanUnreadable."""
        ...


@dataclass(frozen=True, slots=True)
class Colours:
    """A picture in which each colour (red, green, blue) is a label; black, or what is near to none, is background.

    Every pixel takes the value of the nearest colour, since a lossy file blurs them.
    """

    values: tuple[tuple[tuple[int, int, int], int], ...]

    def read(self, path: Path, scan: Volume) -> Volume:
        del scan
        found = read_scan(path)
        if not found.is_colour:
            # A picture without any colour in it is stored, or read, as grey: 0 is background, the rest was no label.
            found = read_mask(path)
            return Volume(_grey(path, found), found.geometry, path, found.format, found.notes)
        palette = np.array([(0, 0, 0), *(colour for colour, _ in self.values)], np.float32)
        numbers = np.array([0, *(value for _, value in self.values)], np.uint16 if self._wide else np.uint8)
        voxels = np.empty(found.voxels.shape[:3], numbers.dtype)
        for at, plane in enumerate(found.voxels):
            far = np.stack([((plane.astype(np.float32) - colour) ** 2).sum(axis=-1) for colour in palette])
            voxels[at] = numbers[far.argmin(axis=0)]
        return Volume(voxels, found.geometry, path, found.format, found.notes)

    @property
    def _wide(self) -> bool:
        return any(value > 255 for _, value in self.values)


def _grey(path: Path, found: Volume) -> NDArray[Any]:
    if int(found.voxels.max(initial=0)) > 16:  # noise of a lossy file stays below
        raise ScanUnreadable(
            f"{path} is grey, but colours were expected: red, green and blue say which label a pixel has.",
            hint="Put back the mask as its publisher made it.",
        )
    return np.zeros(found.voxels.shape, np.uint8)


@dataclass(frozen=True, slots=True)
class Shape:
    """One region: `kind` polygons holds outlines (each x1, y1, x2, y2 …), runs their counts, a tuple or packed text."""

    kind: Literal["polygons", "runs"]
    data: tuple[Any, ...] | str
    size: tuple[int, int] | None = None  # height and width that run lengths were made for

    def mask(self, height: int, width: int) -> NDArray[np.bool_]:
        """[h, w]; raises ValueError for damaged ones, or for runs made for another size."""
        if self.kind == "runs":
            if self.size is not None and self.size != (height, width):
                raise ValueError(f"it was made for {self.size[1]} × {self.size[0]} pixels")
            return run_lengths(self.data, height, width)
        found = np.zeros((height, width), np.bool_)
        for outline in self.data if isinstance(self.data, tuple) else ():
            found |= polygon(outline, height, width)
        return found


@dataclass(frozen=True, slots=True)
class Shapes:
    """Regions of one label, kept in a JSON file that names all images; joined where there are several."""

    regions: tuple[Shape, ...]

    def read(self, path: Path, scan: Volume) -> Volume:
        _, height, width = scan.shape_zyx
        mask = np.zeros((height, width), np.bool_)
        for region in self.regions:
            try:
                mask |= region.mask(height, width)
            except ValueError as error:
                raise ScanUnreadable(
                    f"{path} holds a region that cannot be drawn: {error}.", hint="Export the annotations again."
                ) from error
        return Volume(mask[None].astype(np.uint8), scan.geometry, path, "json")
