"""The same few validation images after each epoch: the truth outlined above, the answer filled in below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.data.dataset import SliceDataset

SHOWN = 6
"""Images on a sheet, where there are as many."""
SIDE = 256
"""Pixels along a side of each image on a sheet."""
OPACITY = 0.45


class Pictures:
    """Collects the answers for the shown images of a validation split, batch by batch, and draws the sheet.

    Which images are shown depends on the split alone: they are the same in every epoch.
    """

    def __init__(self, dataset: SliceDataset, colours: list[str]) -> None:
        self._dataset = dataset
        self._colours = colours
        self.positions = worth_showing(dataset)
        self._answers: dict[int, NDArray[np.bool_]] = {}

    def take(self, positions: Tensor, logits: Tensor) -> None:
        """`positions` (B,) in the dataset and `logits` (B, L, S, S) of a batch."""
        for row, position in enumerate(positions.tolist()):
            if position in self.positions:
                self._answers[position] = (logits[row] >= 0).cpu().numpy()

    def sheet(self) -> NDArray[np.uint8]:
        """(2 · side, n · side, 3): a column for each image."""
        columns = []
        for position in self.positions:
            sample = self._dataset[position]
            columns.append(pair(sample.image, sample.masks, self._answers[position], self._colours))
        return np.concatenate(columns, axis=1)


def worth_showing(dataset: SliceDataset, most: int = SHOWN) -> list[int]:
    """Positions, ascending: of each case the image with most of its labels in sight, then with most marked pixels;
    cases by the same. Where there are too few cases, further images of them."""
    areas = dataset.areas
    order = np.lexsort((-areas.sum(axis=1), -(areas > 0).sum(axis=1)))
    first: dict[str, int] = {}
    for position in order.tolist():
        first.setdefault(dataset.refs[position].finding.case.case_id, position)
    chosen = list(first.values())[:most]
    chosen += [position for position in order.tolist() if position not in chosen][: most - len(chosen)]
    return sorted(chosen)


def pair(
    image: NDArray[np.uint8], truth: NDArray[np.uint8], answer: NDArray[np.bool_], colours: list[str]
) -> NDArray[np.uint8]:
    """`image` (S, S, 3), `truth` and `answer` (L, S, S) → picture (2 · side, side, 3)."""
    above, below = _shown(image), _shown(image)
    for index, colour in enumerate(colours):
        rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32)
        above[outline(_shown(truth[index]) > 0)] = rgb
        inside = _shown(answer[index].astype(np.uint8)) > 0
        below[inside] = (1 - OPACITY) * below[inside] + OPACITY * rgb
    return np.concatenate([above, below])


def _shown(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each pixel of the sheet takes the nearest one of the picture: nothing is smoothed over. A copy."""
    at = (np.arange(SIDE) + 0.5) * picture.shape[0] / SIDE
    rows = at.astype(np.intp)
    found: NDArray[np.uint8] = picture[rows][:, rows]
    return found


def outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of the mask within two of its border."""
    inner = mask.copy()
    for _ in range(2):
        padded = np.pad(inner, 1)
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
