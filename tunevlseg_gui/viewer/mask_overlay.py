"""Masks over slices: which layers a pixel belongs to, colours blended in, outlines as lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bundle.levels import threshold_level
from tunevlseg_gui.viewer.window_level import WindowLevel, fits_table, grey_table, table_index, to_grey

Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
    (255, 255, 255),
)
"""Okabe and Ito's colours, told apart with any colour vision; white instead of black, which a scan would hide."""

MOST_LAYERS = len(COLOURS)


@dataclass(eq=False)
class Layer:
    """A phrase's answer: `levels` uint8 [z, y, x] are probabilities × 255 in the scan's storage order."""

    phrase: str
    levels: NDArray[np.uint8]
    colour: Colour
    visible: bool = True
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    """How many voxels have each level, so that a threshold's voxels are known without looking at them again."""
    label_used: str = ""
    """Whose learned words the phrase was asked with, where the model's labels have their own."""

    presence: float = 1.0
    """How surely the scan shows what the phrase names: the score that is compared with `presence_cut`."""
    presence_cut: float | None = None
    """None: not calibrated, and the threshold stands for it."""
    presence_wanted: float | None = None
    """Set by hand in place of both; at 0 nothing counts as not found."""
    answer: tuple[NDArray[np.uint8], NDArray[np.int64]] | None = None
    """The probabilities and their counts, where `levels` is a mask that was made cleaner (0 and 255)."""

    revision: int = 0
    """Grows where the values of `levels` change in place."""
    edited: bool = False
    """`levels` is a mask of 0 and 255 that is changed by hand; `answer` is what the model said."""
    answered_presence: float = 1.0
    """What `presence` was before the layer was edited."""
    saved_revision: int = -1
    """`revision` when the edited mask was last saved."""
    proposal: Layer | None = None
    """The model's new answer to the phrase of an edited layer, until it is taken or turned down."""

    @property
    def is_unsaved(self) -> bool:
        """Whether a hand changed it since it was saved."""
        return self.edited and self.revision != self.saved_revision

    @property
    def answered(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The probabilities as the model gave them, and their counts."""
        return (self.levels, self.counts) if self.answer is None else self.answer

    def is_present(self, threshold: float) -> bool:
        """Whether the phrase counts as found at all; else what reaches the threshold is speckle."""
        return self.presence >= self.cut(threshold)

    def cut(self, threshold: float) -> float:
        """The score that `presence` must reach."""
        wanted = self.presence_cut if self.presence_wanted is None else self.presence_wanted
        return threshold if wanted is None else wanted

    def voxels(self, threshold: float) -> int:
        """Of the mask that would be saved."""
        if not self.is_present(threshold):
            return 0
        return int(self.counts[threshold_level(threshold) :].sum())

    @property
    def highest(self) -> float:
        """The highest probability anywhere."""
        known = np.flatnonzero(self.answered[1])
        return float(known[-1]) / 255.0 if known.size else 0.0


def count_levels(levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Voxels with each of the 256 levels, counted slice by slice: bincount makes eight bytes of every voxel."""
    counts = np.zeros(256, np.int64)
    for one in levels:
        counts += np.bincount(one.ravel(), minlength=256)
    return counts


def bits_of(slices: Sequence[NDArray[np.uint8]], level: int) -> NDArray[np.uint8]:
    """Slices [h, w] of up to eight layers → one byte a pixel: bit k is set where layer k reaches `level`."""
    bits = np.zeros(slices[0].shape, np.uint8)
    for number, one in enumerate(slices):
        bits |= (one >= level).view(np.uint8) << np.uint8(number)
    return bits


@lru_cache(maxsize=4)
def blend_table(colours: tuple[Colour, ...], opacity: float) -> NDArray[np.uint32]:
    """0xffRRGGBB for each combination of layers and each grey: entry `bits * 256 + grey`.

    Where layers overlap, each is laid over the one before it.
    """
    combinations = 1 << len(colours)
    shown = np.empty((combinations, 256, 3), np.float32)
    shown[:] = np.arange(256, dtype=np.float32)[None, :, None]
    for number, colour in enumerate(colours):
        has = (np.arange(combinations) >> number & 1).astype(bool)
        shown[has] = shown[has] * (1 - opacity) + np.array(colour, np.float32) * opacity
    return pack(np.rint(shown).astype(np.uint8)).ravel()


def pack(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """uint8 [..., 3] → 0xffRRGGBB."""
    wide = rgb.astype(np.uint32)
    red, green, blue = (wide[..., channel] for channel in range(3))
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue


@lru_cache(maxsize=8)
def _shade_table(dtype: str, window: WindowLevel) -> NDArray[np.uint32]:
    return blend_table((), 0.0)[grey_table(dtype, window)]


def compose(
    slice2d: NDArray[Any],
    window: WindowLevel,
    bits: NDArray[np.uint8] | None = None,
    colours: tuple[Colour, ...] = (),
    opacity: float = 0.0,
) -> NDArray[np.uint32]:
    """A slice [h, w] (values) or [h, w, 3] (uint8 colours) with its layers → 0xffRRGGBB [h, w], contiguous."""
    if slice2d.ndim == 3:
        return _compose_colour(slice2d, bits, colours, opacity)
    if bits is None and fits_table(slice2d.dtype):
        return np.take(_shade_table(slice2d.dtype.newbyteorder("=").str, window), table_index(slice2d))
    grey = to_grey(slice2d, window)
    if bits is None:
        return np.take(blend_table((), 0.0), grey)
    code = bits.astype(np.uint16)
    code <<= 8
    code |= grey
    return np.take(blend_table(colours, opacity), code)


def _compose_colour(
    rgb: NDArray[np.uint8], bits: NDArray[np.uint8] | None, colours: tuple[Colour, ...], opacity: float
) -> NDArray[np.uint32]:
    if bits is not None and bits.any():
        rgb = rgb.copy()
        for number, colour in enumerate(colours):
            where = (bits >> np.uint8(number) & 1).astype(bool)
            mixed = rgb[where].astype(np.float32) * (1 - opacity) + np.array(colour, np.float32) * opacity
            rgb[where] = np.rint(mixed).astype(np.uint8)
    return np.ascontiguousarray(pack(rgb))


def outline_lines(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The border of a mask [h, w] as lines [n, 4] (x1, y1, x2, y2) along pixel edges, straight runs joined."""
    filled_rows, filled_columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not filled_rows.size:
        return np.empty((0, 4), np.int64)
    # Most structures fill a small part of a slice: the rest need not be looked at.
    top, left = int(filled_rows[0]), int(filled_columns[0])
    framed = np.pad(mask[top : filled_rows[-1] + 1, left : filled_columns[-1] + 1], 1)
    across = _runs(*np.divmod(np.flatnonzero(framed[1:, 1:-1] != framed[:-1, 1:-1]), framed.shape[1] - 2))
    row, column = np.divmod(np.flatnonzero(framed[1:-1, 1:] != framed[1:-1, :-1]), framed.shape[1] - 1)
    downwards = np.argsort(column, kind="stable")
    down = _runs(column[downwards], row[downwards])
    rows = np.stack([across[1], across[0], across[2], across[0]], axis=1)
    columns = np.stack([down[0], down[1], down[0], down[2]], axis=1)
    return np.concatenate([rows, columns]) + np.array((left, top, left, top))


def _runs(
    line: NDArray[np.int64], place: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of edges sorted by line and place: line number, start and end of each run of neighbours.

    Edges are few, pixels are many: what is looked at here is a thousandth of the slice.
    """
    parts = np.flatnonzero((np.diff(line) != 0) | (np.diff(place) != 1)) + 1
    first, last = np.concatenate(([0], parts)), np.concatenate((parts, [len(line)])) - 1
    return line[first], place[first], place[last] + 1
