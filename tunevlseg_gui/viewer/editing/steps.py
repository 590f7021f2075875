"""The kinds of steps: voxels that turned over, a layer that was begun to be edited, other layers on show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.editing.delta import Delta, apply
from tunevlseg_gui.viewer.mask_overlay import Colour, Layer

_SMALL = 200
"""Bytes of a step beside its voxels."""


@dataclass(eq=False)
class VoxelsChanged:
    """A stroke, a fill, a proposal taken: whatever turned voxels of one layer over."""

    words: str
    layer: Layer
    delta: Delta

    @property
    def nbytes(self) -> int:
        return self.delta.nbytes + _SMALL

    def undo(self) -> None:
        apply(self.layer, self.delta)

    redo = undo


@dataclass(eq=False)
class EditingBegun:
    """The model's answer, as it was shown, became a mask that can be changed. `levels`, `counts`: of that mask."""

    layer: Layer
    levels: NDArray[np.uint8]
    counts: NDArray[np.int64]
    words: str = field(default_factory=lambda: translate("EditingBegun", "Begin editing"))

    def __post_init__(self) -> None:
        layer = self.layer
        self._before = (layer.levels, layer.counts, layer.answer, layer.presence, layer.visible)

    @property
    def nbytes(self) -> int:
        return _SMALL  # the mask is the layer's own

    def redo(self) -> None:
        layer = self.layer
        layer.answer = layer.answered
        layer.levels, layer.counts = self.levels, self.counts
        layer.answered_presence = layer.presence
        layer.edited, layer.presence, layer.visible = True, 1.0, True
        layer.revision += 1

    def undo(self) -> None:
        layer = self.layer
        layer.levels, layer.counts, layer.answer, layer.presence, layer.visible = self._before
        layer.edited = False
        layer.revision += 1


@dataclass(eq=False)
class EditingEnded:
    """A mask that was edited gave way to the model's answer again, which follows the threshold."""

    layer: Layer
    words: str = field(default_factory=lambda: translate("EditingEnded", "Back to the model's answer"))

    def __post_init__(self) -> None:
        self._mask = (self.layer.levels, self.layer.counts)

    @property
    def nbytes(self) -> int:
        return _SMALL + int(self._mask[0].nbytes)

    def redo(self) -> None:
        layer = self.layer
        layer.levels, layer.counts = layer.answered
        layer.answer, layer.edited, layer.presence = None, False, layer.answered_presence
        layer.revision += 1

    def undo(self) -> None:
        layer = self.layer
        layer.answer = layer.answered
        layer.levels, layer.counts = self._mask
        layer.edited, layer.presence = True, 1.0
        layer.revision += 1


@dataclass(eq=False)
class LayersChanged:
    """Other layers are on show: an answer came, a layer was removed. `show` draws a list of layers."""

    words: str
    before: list[Layer]
    after: list[Layer]
    show: Callable[[list[Layer]], None]

    @property
    def nbytes(self) -> int:
        """Masks edited by hand that only this step keeps; answers lie in files."""
        kept = [layer for layer in self.before if layer not in self.after and layer.edited]
        return _SMALL + sum(int(layer.levels.nbytes) for layer in kept)

    def undo(self) -> None:
        self.show(self.before)

    def redo(self) -> None:
        self.show(self.after)


@dataclass(eq=False)
class ProposalSet:
    """The model's new answer to a phrase whose mask is edited came, or was taken or turned down (`after` None).

    `delta`: what taking it changed.
    """

    words: str
    layer: Layer
    before: Layer | None
    after: Layer | None
    delta: Delta | None = None

    @property
    def nbytes(self) -> int:
        return _SMALL + (self.delta.nbytes if self.delta else 0)

    def undo(self) -> None:
        self._set(self.before)

    def redo(self) -> None:
        self._set(self.after)

    def _set(self, proposal: Layer | None) -> None:
        self.layer.proposal = proposal
        if self.delta is not None:
            apply(self.layer, self.delta)
        self.layer.revision += 1


def begun(levels: NDArray[np.uint8], level: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """A mask of 0 and 255 from what reaches `level`, and its counts; slice by slice, off the window's thread."""
    mask = np.zeros(levels.shape, np.uint8)
    inside = 0
    for one, made in zip(levels, mask, strict=True):
        reached = one >= level
        np.multiply(reached, 255, out=made, dtype=np.uint8, casting="unsafe")
        inside += int(np.count_nonzero(reached))
    counts = np.zeros(256, np.int64)
    counts[255], counts[0] = inside, mask.size - inside
    return mask, counts


def new_mask(phrase: str, shape_zyx: tuple[int, int, int], colour: Colour) -> Layer:
    """An empty mask to be drawn by hand."""
    counts = np.zeros(256, np.int64)
    counts[0] = int(np.prod(shape_zyx))
    return Layer(phrase, np.zeros(shape_zyx, np.uint8), colour, counts=counts, edited=True)
