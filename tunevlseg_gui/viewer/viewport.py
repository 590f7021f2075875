"""Where a slice lies on the screen: fitted, zoomed, moved. Lengths are millimetres (of pictures: pixels)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLOSEST, WIDEST = 64.0, 0.2


@dataclass
class Viewport:
    """`zoom` 1 fits the whole slice; `right`, `down`: how far its middle is from the middle of the view, in pixels."""

    zoom: float = 1.0
    right: float = 0.0
    down: float = 0.0

    def reset(self) -> None:
        self.zoom, self.right, self.down = 1.0, 0.0, 0.0

    def move(self, right: float, down: float) -> None:
        self.right += right
        self.down += down


@dataclass(frozen=True)
class Placement:
    """The slice's rectangle on the screen: left, top, width, height in pixels."""

    left: float
    top: float
    width: float
    height: float
    shape_hw: tuple[int, int]

    def pixel_at(self, x: float, y: float) -> tuple[float, float]:
        """(row, column) under a point, counted so that pixel 0 has its centre at 0."""
        rows, columns = self.shape_hw
        return (y - self.top) / self.height * rows - 0.5, (x - self.left) / self.width * columns - 0.5

    def point_of(self, row: float, column: float) -> tuple[float, float]:
        """(x, y) of a pixel's centre; inverse of `pixel_at`."""
        rows, columns = self.shape_hw
        return self.left + (column + 0.5) / columns * self.width, self.top + (row + 0.5) / rows * self.height


def place(
    view: Viewport, size: tuple[int, int], shape_hw: tuple[int, int], spacing_hw: tuple[float, float], margin: int = 0
) -> Placement:
    """The slice in a view of `size` (width, height) pixels, its proportions those of the body."""
    tall, wide = shape_hw[0] * spacing_hw[0], shape_hw[1] * spacing_hw[1]
    fit = min(max(size[0] - 2 * margin, 1) / wide, max(size[1] - 2 * margin, 1) / tall)
    width, height = wide * fit * view.zoom, tall * fit * view.zoom
    return Placement(
        size[0] / 2 + view.right - width / 2, size[1] / 2 + view.down - height / 2, width, height, shape_hw
    )


def zoom_at(view: Viewport, factor: float, x: float, y: float, size: tuple[int, int]) -> None:
    """Zooms so that what lies under (x, y) stays there."""
    wanted = min(max(view.zoom * factor, WIDEST), CLOSEST)
    ratio = wanted / view.zoom
    from_middle_x, from_middle_y = x - size[0] / 2, y - size[1] / 2
    view.right = from_middle_x + (view.right - from_middle_x) * ratio
    view.down = from_middle_y + (view.down - from_middle_y) * ratio
    view.zoom = wanted


def outline_boxes(lines: NDArray[np.int64], placed: Placement, width: int) -> NDArray[np.int64]:
    """Lines [n, 4] (x1, y1, x2, y2) along pixel edges → boxes [n, 4] (left, top, width, height) on the screen."""
    rows, columns = placed.shape_hw
    scale = np.array([placed.width / columns, placed.height / rows] * 2)
    ends = np.rint(lines * scale + np.array([placed.left, placed.top] * 2)).astype(np.int64)
    corner = ends[:, :2] - width // 2
    return np.concatenate([corner, ends[:, 2:] - ends[:, :2] + width], axis=1)
