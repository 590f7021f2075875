"""A case opened slice by slice: scan and masks on one grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import InputError, ScanUnreadable
from engine.data.config import PlaneName
from engine.data.labels import LabelTable
from engine.data.mask_values import MaskValues, cleaned, value_counts
from engine.data.readers.base import Case
from engine.volumes.geometry import same_grid
from engine.volumes.preprocess import resize_mask
from engine.volumes.reading import read_mask, read_scan
from engine.volumes.slicing import SliceStack
from engine.volumes.volume import Volume


@dataclass(frozen=True)
class OpenedCase:
    """A case's scan and masks, read and on one grid. `masks` holds (cleaned values [z, y, x], label value or None)."""

    case: Case
    scan: Volume
    masks: tuple[tuple[MaskValues, int | None], ...]

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        depth, height, width = self.scan.voxels.shape[:3]
        return int(depth), int(height), int(width)

    @property
    def is_volume(self) -> bool:
        return not self.scan.is_picture

    def sliced(self, plane: PlaneName) -> SlicedCase:
        stack = SliceStack(self.scan.voxels, self.scan.geometry, plane)
        return SlicedCase(stack, tuple((stack.like(values.voxels), label) for values, label in self.masks))


@dataclass(frozen=True)
class SlicedCase:
    """The same, slice by slice in one plane; every slice is a view [h, w] or [h, w, 3].

    `masks` holds (stored values [n, h, w], label value or None).
    """

    scan: SliceStack
    masks: tuple[tuple[NDArray[Any], int | None], ...]

    def __len__(self) -> int:
        return len(self.scan)

    def image(self, index: int) -> NDArray[Any]:
        return self.scan[index]

    def channels(self, index: int, table: LabelTable, size: int | None = None) -> NDArray[np.uint8]:
        """Truth of one slice, 0/1 [L, h, w], or [L, size, size] by nearest neighbour."""
        truth: NDArray[np.uint8] | None = None
        for stack, value in self.masks:
            stored = stack[index] if size is None else resize_mask(stack[index], size)
            one = stored_channels(stored, value, table)
            truth = one if truth is None else truth | one
        height, width = (size, size) if size is not None else self.scan[index].shape[:2]
        return np.zeros((len(table), height, width), dtype=np.uint8) if truth is None else truth

    def counts(self) -> tuple[dict[int, int], ...]:
        """Stored value above 0 → pixels, for each slice; a mask of one label counts under that label's value."""
        found: list[dict[int, int]] = []
        for index in range(len(self)):
            pixels: Counter[int] = Counter()
            for stack, value in self.masks:
                counts = value_counts(stack[index])
                pixels.update(counts if value is None else {value: sum(counts.values())})
            found.append(+pixels)
        return tuple(found)


def stored_channels(stored: NDArray[Any], value: int | None, table: LabelTable) -> NDArray[np.uint8]:
    """One mask file's values [h, w] → 0/1 [L, h, w]; `value` as in MaskFile."""
    if value is None:
        return table.channels(stored)
    truth = np.zeros((len(table), *stored.shape), dtype=np.uint8)
    if value in table.values:
        truth[table.values.index(value)] = stored > 0
    return truth


class CaseRefused(InputError):
    """A file of a case that cannot be used: `kind` as in the report, `where` the file to mend, `what` is wrong."""

    def __init__(self, kind: str, where: str, what: str, hint: str) -> None:
        super().__init__(f"{where}: {what}", hint=hint)
        self.kind = kind
        self.where = where
        self.what = what


def open_case(case: Case, root: Path) -> OpenedCase:
    """Reads the scan and its masks; paths in messages are relative to `root`.

    Raises CaseRefused for a file that cannot be read or a mask that does not lie on its scan's grid.
    """
    scan = _read(read_scan, case.image, root)
    masks = []
    for mask in case.masks:
        found = _read(read_mask, mask.path, root)
        _check_grid(scan, found, case.image, mask.path, root)
        masks.append((cleaned(found), mask.value))
    return OpenedCase(case, scan, tuple(masks))


def _read(reader: Callable[[Path], Volume], path: Path, root: Path) -> Volume:
    try:
        return reader(path)
    except ScanUnreadable as error:
        # The reader names the file in full; here its place within the dataset is told beside the message.
        what = error.message.replace(str(path), "The file", 1)
        raise CaseRefused("unreadable", relative_to(path, root), what, error.hint) from error


def _size(shape: tuple[int, ...]) -> str:
    depth, height, width = shape[:3]
    return f"{width} × {height}" + (f" × {depth}" if depth > 1 else "")


def relative_to(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _check_grid(scan: Volume, mask: Volume, image_path: Path, mask_path: Path, root: Path) -> None:
    if mask.voxels.shape[:3] != scan.voxels.shape[:3]:
        swapped = mask.voxels.shape[0] == 1 and mask.voxels.shape[2:0:-1] == scan.voxels.shape[1:3]
        turned = " (sides swapped: one of the two may be turned by 90°)" if swapped else ""
        raise CaseRefused(
            "size_mismatch",
            relative_to(mask_path, root),
            f"The mask measures {_size(mask.voxels.shape)}, its image {relative_to(image_path, root)} "
            f"{_size(scan.voxels.shape)}{turned}.",
            "Export the mask again at the size of its image; it is not stretched, since that might misplace it.",
        )
    if scan.geometry is None or mask.geometry is None:
        return
    differences = same_grid(scan.geometry, mask.geometry, scan.voxels.shape[:3], mask.voxels.shape[:3])
    if differences:
        raise CaseRefused(
            "grid_mismatch",
            relative_to(mask_path, root),
            f"The mask lies elsewhere than its scan {relative_to(image_path, root)}: {'; '.join(differences)}.",
            "Resample the mask onto the scan's grid (3D Slicer: Segmentations → Export, with the scan as reference).",
        )
