"""What is proposed for a mask, shown as an outline until it is taken or dropped."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.volumes.slicing import SliceStack
from tunevlseg_gui.viewer.mask_overlay import Layer


@dataclass(eq=False)
class Preview:
    """`levels` uint8 [z, y, x]: what reaches `level` is proposed for `layer`: to be added to it, or to replace it."""

    words: str
    layer: Layer
    levels: NDArray[np.uint8]
    level: int = 1
    adds: bool = True
    _known: tuple[object, NDArray[np.bool_] | None] = field(default=(None, None), repr=False)

    def on(self, stack: SliceStack, index: int) -> NDArray[np.bool_] | None:
        """On a slice [h, w]; None where nothing is proposed there."""
        # The stack itself is kept in the key: another one could get a dead one's id.
        key = (stack, index)
        known = self._known[0]
        if not (isinstance(known, tuple) and known[0] is stack and known[1] == index):
            shown = stack.like(self.levels)[index] >= self.level
            self._known = (key, shown if shown.any() else None)
        return self._known[1]

    def wanted(self) -> NDArray[np.bool_]:
        """The layer's whole mask once this is taken, bool [z, y, x]."""
        proposed = np.asarray(self.levels >= self.level)
        return proposed | (self.layer.levels > 0) if self.adds else proposed
