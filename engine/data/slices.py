"""A case opened slice by slice: scan and masks on one grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import InputError, ScanUnreadable
from engine.data.cache.key import case_content, digest
from engine.data.config import PlaneName
from engine.data.labels import LabelTable
from engine.data.mask_values import cleaned, value_counts
from engine.data.readers.base import Case, MaskFile
from engine.volumes.geometry import same_grid
from engine.volumes.preflight import preflight
from engine.volumes.preprocess import resize_mask
from engine.volumes.reading import read_mask, read_scan
from engine.volumes.slicing import SliceStack
from engine.volumes.volume import Volume


@dataclass(frozen=True)
class ReadMask:
    """What reading one mask file told: `cut`: greys were cut at one half; `objects`: one number an object."""

    path: Path
    notes: tuple[str, ...] = ()
    cut_note: str = ""
    objects: bool = False

    @property
    def cut(self) -> bool:
        return bool(self.cut_note)


@dataclass(frozen=True)
class OpenedCase:
    """A case's scan and masks, read and on one grid.

    `layers` hold label values [z, y, x], 0 for none: one layer, or more where labels lie over each other. `void` bool
    [z, y, x] marks voxels of which nobody knows the truth; None: there are none. `read` tells of each mask file.
    """

    case: Case
    scan: Volume
    layers: tuple[NDArray[Any], ...]
    void: NDArray[np.bool_] | None
    read: tuple[ReadMask, ...]

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        depth, height, width = self.scan.voxels.shape[:3]
        return int(depth), int(height), int(width)

    @property
    def is_volume(self) -> bool:
        return not self.scan.is_picture

    def mask_digest(self) -> str:
        """A hash of the label values; "" where nothing is marked."""
        return "".join(map(digest, self.layers)) if any(layer.any() for layer in self.layers) else ""

    def content(self, scan_digest: str = "", mask_digest: str | None = None) -> str:
        """A hash of all that the case's slices are made of; digests that are known need not be made again."""
        return case_content(
            scan_digest or digest(self.scan.voxels),
            self.scan.voxels.dtype,
            self.scan.geometry,
            self.mask_digest() if mask_digest is None else mask_digest,
            "" if self.void is None else digest(self.void),
        )

    def sliced(self, plane: PlaneName) -> SlicedCase:
        stack = SliceStack(self.scan.voxels, self.scan.geometry, plane)
        void = None if self.void is None else stack.like(self.void)
        return SlicedCase(stack, tuple(stack.like(layer) for layer in self.layers), void)


@dataclass(frozen=True)
class SlicedCase:
    """The same, slice by slice in one plane; every slice is a view [h, w] or [h, w, 3].

    `layers` are label values [n, h, w] each, `void` bool [n, h, w] or None.
    """

    scan: SliceStack
    layers: tuple[NDArray[Any], ...]
    void: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.scan)

    def image(self, index: int) -> NDArray[Any]:
        return self.scan[index]

    def channels(self, index: int, table: LabelTable, size: int | None = None) -> NDArray[np.uint8]:
        """Truth of one slice, 0/1 [L, h, w], or [L, size, size] by nearest neighbour."""
        truth: NDArray[np.uint8] | None = None
        for layer in self.layers:
            one = table.channels(layer[index] if size is None else resize_mask(layer[index], size))
            truth = one if truth is None else truth | one
        height, width = (size, size) if size is not None else self.scan[index].shape[:2]
        return np.zeros((len(table), height, width), dtype=np.uint8) if truth is None else truth

    def ignored(self, index: int, size: int | None = None) -> NDArray[np.bool_] | None:
        """Where one slice's truth is unknown, [h, w] or [size, size]; None: nowhere in the case."""
        if self.void is None:
            return None
        plane = self.void[index]
        return plane if size is None else resize_mask(plane.astype(np.uint8), size).astype(np.bool_)

    def counts(self) -> tuple[dict[int, int], ...]:
        """Label value → pixels, for each slice."""
        found: list[dict[int, int]] = []
        for index in range(len(self)):
            pixels: Counter[int] = Counter()
            for layer in self.layers:
                pixels.update(value_counts(layer[index]))
            found.append(+pixels)
        return tuple(found)


class CaseRefused(InputError):
    """A file of a case that cannot be used: `kind` as in the report, `where` the file to mend, `what` is wrong.

    `repairable`: the headers allow to bring the mask onto its scan's grid.
    """

    def __init__(self, kind: str, where: str, what: str, hint: str, *, repairable: bool = False) -> None:
        super().__init__(f"{where}: {what}", hint=hint)
        self.kind = kind
        self.where = where
        self.what = what
        self.repairable = repairable


def open_case(case: Case, root: Path) -> OpenedCase:
    """Reads the scan and its masks; paths in messages are relative to `root`.

    Raises CaseRefused for a file that cannot be read or a mask that does not lie on its scan's grid.
    """
    scan = _read(partial(scan_of, number=case.volume), case.image, root)
    layers: list[NDArray[Any]] = []
    void: NDArray[np.bool_] | None = None
    read: list[ReadMask] = []
    last: tuple[Path, Volume] | None = None
    for mask in case.masks:
        if mask.code is not None:
            found = _read(partial(mask.code.read, scan=scan), mask.path, root)
        else:
            # Several labels may be made of one file, one after another.
            found = last[1] if last and last[0] == mask.path else _read(read_mask, mask.path, root)
            last = (mask.path, found)
        _check_grid(scan, found, case.image, mask.path, root)
        values, told = _label_values(mask, found)
        values = _merged(values, mask.merged)
        read.append(told)
        if mask.void:
            here = _one_of(mask.void, found.voxels)
            void = here if void is None else void | here
            values = np.where(here, values.dtype.type(0), values)
        _lay(layers, values)
    return OpenedCase(case, scan, tuple(layers), void, tuple(read))


def scan_of(path: Path, *, number: int) -> Volume:
    """The scan; of a file that holds several volumes the one of this number, which is told. Raises ScanUnreadable."""
    if number > 1:
        return _one_of_several(path, number)
    try:
        return read_scan(path)
    except ScanUnreadable as error:
        if error.field != "series":
            raise
    return _one_of_several(path, number)


def _one_of_several(path: Path, number: int) -> Volume:
    scan = read_scan(path, str(number))
    note = f"The file holds several volumes; number {number} is used (data.channel)."
    return replace(scan, notes=(*scan.notes, note))


def _label_values(mask: MaskFile, found: Volume) -> tuple[NDArray[Any], ReadMask]:
    """The mask as label values [z, y, x]."""
    if mask.members:
        marked = _one_of(mask.members, found.voxels)
        return _as_value(marked, mask.value), ReadMask(mask.path, found.notes)
    if mask.exact or mask.void or (mask.code is not None and mask.value is None):
        values = found.voxels if mask.value is None else _as_value(found.voxels > 0, mask.value)
        return values, ReadMask(mask.path, found.notes)
    clean = cleaned(found)
    told = ReadMask(mask.path, clean.notes, clean.cut_note, clean.looks_like_objects and mask.value is None)
    if mask.value is None:
        return clean.voxels, told
    return _as_value(clean.voxels > 0, mask.value), told


def _merged(values: NDArray[Any], merged: tuple[tuple[int, int], ...]) -> NDArray[Any]:
    if not merged:
        return values
    table = np.arange(int(np.iinfo(values.dtype).max) + 1)
    for value, instead in merged:
        if value < len(table):
            table[value] = instead
    found: NDArray[Any] = table.astype(np.uint16 if table.max() > 255 else values.dtype)[values]
    return found


def _as_value(marked: NDArray[np.bool_], value: int | None) -> NDArray[Any]:
    number = 1 if value is None else value
    values = np.zeros(marked.shape, np.uint16 if number > 255 else np.uint8)
    values[marked] = number
    return values


def _one_of(values: frozenset[int], voxels: NDArray[Any]) -> NDArray[np.bool_]:
    table = np.zeros(int(np.iinfo(voxels.dtype).max) + 1, np.bool_)
    table[[value for value in values if value < len(table)]] = True
    found: NDArray[np.bool_] = table[voxels]
    return found


def _lay(layers: list[NDArray[Any]], values: NDArray[Any]) -> None:
    """Adds label values to the first layer where no other label lies under them; a hundred organs take one layer."""
    marked = values > 0
    for at, layer in enumerate(layers):
        if not (marked & (layer > 0) & (layer != values)).any():
            layers[at] = np.where(marked, values, layer)
            return
    layers.append(values)


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
    """With "/"; the name alone for a file elsewhere."""
    # Asked for every file of a dataset: as text it takes a tenth of the time.
    whole, start = path.as_posix(), root.as_posix().rstrip("/") + "/"
    return whole[len(start) :] if whole.startswith(start) else path.name


def _repair(scan: Volume, mask: Volume) -> tuple[str, bool]:
    """The repair that the two headers allow, or why there is none; and whether there is one."""
    found = preflight(scan, mask)
    if not found.offers:
        return f"It cannot be repaired: {found.refused} Export the mask again, on the scan's grid.", False
    best = found.offers[0]
    command = f"tunevlseg data repair IMAGE MASK --how {best.repair} --out FILE"
    return f"Its header allows a repair, which {best.does} ({command}).", True


def _check_grid(scan: Volume, mask: Volume, image_path: Path, mask_path: Path, root: Path) -> None:
    if mask.voxels.shape[:3] != scan.voxels.shape[:3]:
        swapped = mask.voxels.shape[0] == 1 and mask.voxels.shape[2:0:-1] == scan.voxels.shape[1:3]
        turned = " (sides swapped: one of the two may be turned by 90°)" if swapped else ""
        hint = "Export the mask again at the size of its image; it is not stretched, since that might misplace it."
        repairable = False
        if scan.geometry is not None and mask.geometry is not None:
            hint, repairable = _repair(scan, mask)
        raise CaseRefused(
            "size_mismatch",
            relative_to(mask_path, root),
            f"The mask measures {_size(mask.voxels.shape)}, its image {relative_to(image_path, root)} "
            f"{_size(scan.voxels.shape)}{turned}.",
            hint,
            repairable=repairable,
        )
    if scan.geometry is None or mask.geometry is None:
        return
    differences = same_grid(scan.geometry, mask.geometry, scan.voxels.shape[:3], mask.voxels.shape[:3])
    if differences:
        hint, repairable = _repair(scan, mask)
        raise CaseRefused(
            "grid_mismatch",
            relative_to(mask_path, root),
            f"The mask lies elsewhere than its scan {relative_to(image_path, root)}: {'; '.join(differences)}.",
            hint,
            repairable=repairable,
        )
