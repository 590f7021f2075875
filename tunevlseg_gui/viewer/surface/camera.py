"""From where surfaces are looked at: parallel projection, so that sizes can be compared. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Axis = NDArray[np.float64]

# Rows: what points to the right, upwards and towards the viewer, in the world (LPS).
VIEWS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "front": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "back": ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    "left": ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    "right": ((0, -1, 0), (0, 0, 1), (-1, 0, 0)),
    "top": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "bottom": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}
"""From which side of the patient. From the front the patient's right is on the left, as in slices; from below too."""

LETTERS = (
    ("L", (1, 0, 0)),
    ("R", (-1, 0, 0)),
    ("P", (0, 1, 0)),
    ("A", (0, -1, 0)),
    ("S", (0, 0, 1)),
    ("I", (0, 0, -1)),
)
DEGREES_PER_PIXEL = 0.5
CLOSEST, FARTHEST = 0.02, 5.0


@dataclass
class Camera:
    """Millimetres throughout; `turn` [3, 3] takes the world to right, up and towards the viewer."""

    centre: Axis = field(default_factory=lambda: np.zeros(3))
    radius: float = 100.0
    """Of a ball round all that is shown."""
    turn: NDArray[np.float64] = field(default_factory=lambda: np.array(VIEWS["front"], np.float64))
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    """Of the middle of the picture, to the right and upwards."""

    def frame(self, low: Axis, high: Axis) -> None:
        """Looks at a box, from the side that it looks from now."""
        self.centre = (low + high) / 2
        self.radius = max(float(np.linalg.norm(high - low)) / 2, 1e-3)
        self.zoom, self.shift = 1.0, (0.0, 0.0)

    def look_from(self, side: str) -> None:
        self.turn = np.array(VIEWS[side], np.float64)
        self.shift = (0.0, 0.0)

    def rotate(self, right: float, down: float) -> None:
        """By a drag of so many pixels: what is in front follows the mouse."""
        yaw, pitch = np.deg2rad(right * DEGREES_PER_PIXEL), np.deg2rad(down * DEGREES_PER_PIXEL)
        about_up = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        about_right = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        # Rounding adds up over thousands of moves: made perpendicular again.
        left, _, back = np.linalg.svd(about_right @ about_up @ self.turn)
        self.turn = left @ back

    def pan(self, right: float, down: float, height: int) -> None:
        """By so many pixels of a picture of this height."""
        each = 2 * self._half / max(height, 1)
        self.shift = (self.shift[0] + right * each, self.shift[1] - down * each)

    def scale(self, factor: float) -> None:
        """Above 1: nearer."""
        self.zoom = min(max(self.zoom / factor, CLOSEST), FARTHEST)

    @property
    def _half(self) -> float:
        """Half of the picture's height, in millimetres."""
        return self.radius * 1.05 * self.zoom

    def matrix(self, width: int, height: int) -> NDArray[np.float64]:
        """4 × 4: world → OpenGL's clip space for a picture of this size."""
        aspect = width / max(height, 1)
        # A narrow picture shows as much from left to right as a broad one does from top to bottom.
        half = self._half / min(aspect, 1.0)
        scale = np.array([1 / (half * aspect), 1 / half, -1 / (self.radius * 2)])
        moved = np.array([self.shift[0], self.shift[1], 0.0]) - self.turn @ self.centre
        made = np.eye(4)
        made[:3, :3] = scale[:, None] * self.turn
        made[:3, 3] = scale * moved
        return made

    def letters(self) -> list[tuple[str, float, float, float]]:
        """Where the patient's sides lie: letter, right, up, towards the viewer, each from -1 to 1; the nearest last."""
        placed = [(letter, *(float(value) for value in self.turn @ np.array(way))) for letter, way in LETTERS]
        return sorted(placed, key=lambda one: one[3])  # type: ignore[return-value]
