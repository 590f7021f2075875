"""Masks that lie over one scan, each with a name: what formats with segments hold, and how they become one mask."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.volumes.geometry import Geometry, same_grid
from engine.volumes.terminology import UNSPECIFIED, Term

COLOURS: Final = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2", "#999999")
"""Okabe and Ito's colours, told apart with any colour vision; for segments that bring none."""


@dataclass(frozen=True, eq=False)
class NamedMask:
    """One segment. `voxels` bool [z, y, x]; `levels` uint8 [z, y, x]: probability × 255, for formats that hold it."""

    name: str
    value: int
    voxels: NDArray[np.bool_]
    colour: str = COLOURS[0]
    term: Term = UNSPECIFIED
    levels: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class StoredSegments:
    """The segments of a file, all on one grid (None: a picture's), and notes for a person."""

    masks: tuple[NamedMask, ...]
    geometry: Geometry | None
    shape_zyx: tuple[int, int, int]
    notes: tuple[str, ...] = ()

    def onto(self, geometry: Geometry | None, shape_zyx: tuple[int, int, int]) -> tuple[NamedMask, ...] | None:
        """The same segments on a larger grid with the same axes, such as that of the scan; None where they do not lie
        on its voxels. A file that leaves out empty slices comes back so."""
        if self.shape_zyx == shape_zyx and not same_grid(self.geometry, geometry, shape_zyx, shape_zyx):
            return self.masks
        place = place_within(self.geometry, self.shape_zyx, geometry, shape_zyx)
        if place is None:
            return None
        found = []
        for mask in self.masks:
            voxels = np.zeros(shape_zyx, bool)
            voxels[place] = mask.voxels
            levels = None
            if mask.levels is not None:
                levels = np.zeros(shape_zyx, np.uint8)
                levels[place] = mask.levels
            found.append(replace(mask, voxels=voxels, levels=levels))
        return tuple(found)

    def flat(self) -> tuple[NDArray[Any], tuple[str, ...]]:
        """One array of label numbers, the earlier segment first where they overlap, and the notes with what was lost.

        Segments keep their numbers where these differ, else they are numbered in the file's order.
        """
        if not self.masks:
            return np.zeros(self.shape_zyx, np.uint8), self.notes
        values = [mask.value for mask in self.masks]
        notes = self.notes
        if len(set(values)) < len(values) or min(values) < 1:
            values = list(range(1, len(values) + 1))
        labels, overlap = flatten([mask.voxels for mask in self.masks], values)
        named = ", ".join(f"{value} {mask.name}" for value, mask in zip(values, self.masks, strict=True))
        notes = (*notes, f"The file holds segments: {named[:500]}.")
        if overlap:
            notes = (*notes, f"{overlap:,} voxels belong to several segments; the earlier one has them.")
        return labels, notes


@dataclass(frozen=True)
class Saving:
    """What goes into a file beside the masks. `receipt`: one line of JSON; "" for none."""

    receipt: str = ""
    program: str = "TuneVLSeg"
    version: str = ""
    identity: Literal["", "keep", "deidentify"] = ""
    """DICOM SEG: whether the patient and study of the series go along; "" is refused."""
    fractional: bool = False
    """DICOM SEG: probabilities instead of masks."""
    about: dict[str, str] = field(default_factory=dict)
    """Per segment (by name): what to say of it in words."""
    by_hand: frozenset[str] = frozenset()
    """Names of segments that were changed by hand: DICOM SEG calls them semiautomatic."""


def place_within(
    part: Geometry | None, part_zyx: tuple[int, int, int], whole: Geometry | None, whole_zyx: tuple[int, int, int]
) -> tuple[slice, ...] | None:
    """Where a grid lies on a larger one with the same axes, [z, y, x]; None where it does not lie on its voxels."""
    if part is None or whole is None:
        return None
    corner = tuple(round(value) for value in whole.index_of(part.origin_xyz))
    place = tuple(slice(start, start + size) for start, size in zip(corner, part_zyx, strict=True))
    if min(corner) < 0 or any(inner.stop > size for inner, size in zip(place, whole_zyx, strict=True)):
        return None
    moved = replace(whole, origin_xyz=whole.world_of((corner[0], corner[1], corner[2])))
    return None if same_grid(part, moved, part_zyx, part_zyx) else place


def flatten(masks: Sequence[NDArray[np.bool_]], values: Sequence[int]) -> tuple[NDArray[Any], int]:
    """One array of label numbers [z, y, x]; where masks overlap the earlier one has the voxel. And how many overlap."""
    labels = np.zeros(masks[0].shape, np.uint8 if max(values) < 256 else np.uint16)
    overlap = np.zeros(labels.shape, bool)
    for mask, value in zip(masks, values, strict=True):
        overlap |= mask & (labels > 0)
        labels[mask & (labels == 0)] = value
    return labels, int(np.count_nonzero(overlap))


def layers_of(masks: Sequence[NDArray[np.bool_]]) -> list[list[int]]:
    """Which segments share a layer: as few layers as the first-fit rule gives, none with two segments that overlap."""
    layers: list[list[int]] = []
    taken: list[NDArray[np.bool_]] = []
    for index, mask in enumerate(masks):
        for layer, held in zip(layers, taken, strict=True):
            if not np.any(held & mask):
                layer.append(index)
                held |= mask
                break
        else:
            layers.append([index])
            taken.append(mask.copy())
    return layers


def mask_sha256(labels: NDArray[Any]) -> str:
    """Of a mask's voxels alone, whatever file they lie in: shape and, plane by plane, bool as packed bits or label
    numbers as uint16, little endian."""
    binary = labels.dtype == np.bool_
    known = hashlib.sha256(f"{'mask' if binary else 'labels'} {labels.shape}".encode())
    for plane in labels:
        known.update(np.packbits(plane).data if binary else np.ascontiguousarray(plane, dtype="<u2").data)
    return known.hexdigest()


def scan_sha256(voxels: NDArray[Any], place: Sequence[float]) -> str:
    """Of a scan's content: shape, kind of numbers, voxels, and where they lie (a geometry's numbers; none: picture).

    The same scan under another name or compression has the same; no header text goes into it.
    """
    known = hashlib.sha256(f"scan {voxels.shape} {voxels.dtype.str} {[float(v) for v in place]}".encode())
    for plane in voxels:
        known.update(np.ascontiguousarray(plane).data)
    return known.hexdigest()
