"""One validation image per epoch: the truth outlined on the left, the answer filled in on the right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHOWN = 256
OPACITY = 0.45


def preview(
    image: NDArray[np.uint8], truth: NDArray[np.uint8], answer: NDArray[np.bool_], colours: list[str]
) -> NDArray[np.uint8]:
    """`image` (S, S, 3), `truth` and `answer` (L, S, S) → picture (h, 2h + 4, 3) with h at least 256."""
    times = max(1, -(-SHOWN // image.shape[0]))
    left, right = _large(image, times), _large(image, times)
    for index, colour in enumerate(colours):
        rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32)
        left[_outline(_large(truth[index], times) > 0)] = rgb
        inside = _large(answer[index].astype(np.uint8), times) > 0
        right[inside] = (1 - OPACITY) * right[inside] + OPACITY * rgb
    gap = np.zeros((left.shape[0], 4, 3), dtype=np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def _large(picture: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of the mask within two of its border."""
    inner = mask.copy()
    for _ in range(2):
        padded = np.pad(inner, 1)
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
