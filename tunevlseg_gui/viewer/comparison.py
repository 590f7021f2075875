"""A layer beside a mask taken as true: where both agree, where one alone has something, and Dice. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.mask_overlay import Colour, Layer

AGREEMENT: Colour = (0, 158, 115)
FALSE_POSITIVE: Colour = (213, 94, 0)
FALSE_NEGATIVE: Colour = (86, 180, 233)
"""Okabe and Ito's bluish green, vermillion and sky blue: told apart with any colour vision."""

COLOURS = (AGREEMENT, FALSE_POSITIVE, FALSE_NEGATIVE)
NAMES = (
    QT_TRANSLATE_NOOP("Comparison", "agreement"),
    QT_TRANSLATE_NOOP("Comparison", "false positive"),
    QT_TRANSLATE_NOOP("Comparison", "false negative"),
)


@dataclass(eq=False)
class Comparison:
    """`truth` [z, y, x] of label values on the scan's grid; `value` None: whatever is not 0 is true."""

    predicted: Layer
    truth: NDArray[Any]
    value: int | None = None
    whole: float | None = None
    """Dice over the whole scan at the present threshold, once it is known; NaN where both masks are empty."""

    def true_of(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        return np.asarray(values != 0 if self.value is None else values == self.value)

    @staticmethod
    def bits(predicted: NDArray[np.bool_], true: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """One byte a pixel, as `mask_overlay.bits_of` gives it: bit 0 agreement, 1 false positive, 2 false negative."""
        found = (predicted & true).view(np.uint8)
        found |= (predicted & ~true).view(np.uint8) << np.uint8(1)
        found |= (~predicted & true).view(np.uint8) << np.uint8(2)
        return found

    def dice_of(self, levels: NDArray[np.uint8], truth: NDArray[Any], level: int) -> float:
        """Dice of slices or volumes of equal shape; NaN where both are empty (the measure says nothing there)."""
        both = sizes = 0
        for some, true in zip(levels, truth, strict=True):
            predicted, actual = some >= level, self.true_of(true)
            both += int(np.count_nonzero(predicted & actual))
            sizes += int(np.count_nonzero(predicted)) + int(np.count_nonzero(actual))
        return 2 * both / sizes if sizes else float("nan")


def dice_in_words(dice: float) -> str:
    return translate("Comparison", "both empty") if np.isnan(dice) else f"{dice:.3f}"
