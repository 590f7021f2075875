"""Calibrates when a phrase counts as found, on images whose truth is known (engine.bundle.presence)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle.presence import Presence, calibrate, presence_score
from engine.contract.control import CancelToken

_AT_ONCE: Final = 4


def presence_of(
    ask: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    images: NDArray[np.uint8],
    masks: NDArray[np.uint8],
    present: NDArray[np.bool_],
    cancel: CancelToken,
) -> Presence | None:
    """The rule from a tuned network's answers: `ask` turns images [B, S, S, 3] into probabilities [B, L, S, S].

    `masks` 0/1 [n, L, S, S]; `present` [n, L]: pairs whose truth is known. None where pairs with or without the
    structure are too few. Raises Cancelled.
    """
    shown: list[float] = []
    absent: list[float] = []
    for start in range(0, len(images), _AT_ONCE):
        cancel.check()
        rows = slice(start, start + _AT_ONCE)
        for answers, truths, known in zip(ask(images[rows]), masks[rows], present[rows], strict=True):
            for answer, truth, counts in zip(answers, truths, known, strict=True):
                if counts:
                    (shown if truth.any() else absent).append(presence_score(answer))
    return calibrate(np.array(shown), np.array(absent))
