"""A volume as a stack of slices in radiological display orientation, and back; numpy views only, nothing is copied.

World axes are LPS. On the screen: axial: front of the patient on top, right side on the left; coronal: head on top,
right side on the left; sagittal: head on top, front on the left. Stacks run from the feet up, from front to back and
from right to left. An oblique grid is shown in the nearest anatomical plane, along its own axes.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.volumes.geometry import Geometry, Vector

Plane = Literal["axial", "coronal", "sagittal", "acquisition"]
PLANES: tuple[Plane, ...] = get_args(Plane)

# (world axis, sign) of growing slice, row and column number; world axes 0 left, 1 posterior, 2 superior.
_DISPLAY: dict[str, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    "axial": ((2, 1), (1, 1), (0, 1)),
    "coronal": ((1, 1), (2, -1), (0, 1)),
    "sagittal": ((0, 1), (2, -1), (1, 1)),
}
_PLANE_ACROSS = {2: "axial", 1: "coronal", 0: "sagittal"}
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))  # at the low and at the high end of each world axis


class SliceStack:
    """`len()` slices; `stack[i]` is a view [h, w] or [h, w, 3] as a radiologist expects to see it.

    A picture, or a volume of one stored slice, has that one slice in whatever plane is asked for.
    """

    def __init__(
        self, voxels: NDArray[Any], geometry: Geometry | None, plane: Plane, *, neurological: bool = False
    ) -> None:
        """`voxels` [z, y, x] or [z, y, x, c] in storage order; raises ValueError for another plane or rank.

        `neurological`: the patient's right side on the right, as seen from behind and from above. For looking only:
        models are always shown slices in radiological orientation.
        """
        if plane not in PLANES:
            raise ValueError(f"no such plane: {plane!r}")
        if voxels.ndim not in (3, 4):
            raise ValueError(f"a volume has 3 axes, or 4 in colour, not {voxels.ndim}")
        self.plane = plane
        self.geometry = geometry
        self.shape_zyx: tuple[int, ...] = voxels.shape[:3]
        asked = "acquisition" if voxels.shape[0] == 1 else plane
        self._axes, self._flips, self.display_plane = _arrangement(geometry, asked)
        self._mirrored = neurological and geometry is not None and _DISPLAY[self.display_plane][2][0] == 0
        if self._mirrored:
            self._flips = (*self._flips[:2], not self._flips[2])
        self.slices: NDArray[Any] = self._shown(voxels)
        """All slices [n, h, w] or [n, h, w, c], a view."""

    def __len__(self) -> int:
        return int(self.slices.shape[0])

    def __getitem__(self, index: int) -> NDArray[Any]:
        view: NDArray[Any] = self.slices[index]
        return view

    @property
    def slice_shape(self) -> tuple[int, int]:
        return int(self.slices.shape[1]), int(self.slices.shape[2])

    @property
    def spacing_hw(self) -> tuple[float, float]:
        """Millimetres between rows and between columns; (1, 1) for a picture."""
        return self._spacing(1), self._spacing(2)

    @property
    def slice_spacing(self) -> float:
        """Millimetres between slices; 1 for a picture."""
        return self._spacing(0)

    def _spacing(self, axis: int) -> float:
        return 1.0 if self.geometry is None else self.geometry.spacing_xyz[2 - self._axes[axis]]

    @property
    def edge_letters(self) -> tuple[str, str, str, str]:
        """Patient directions at the top, bottom, left and right edge; empty strings for a picture."""
        if self.geometry is None:
            return "", "", "", ""
        _, (row_axis, row_sign), (column_axis, column_sign) = _DISPLAY[self.display_plane]
        top, bottom = _LETTERS[row_axis][::row_sign]
        left, right = _LETTERS[column_axis][:: -column_sign if self._mirrored else column_sign]
        return top, bottom, left, right

    @property
    def tilt_degrees(self) -> float:
        """Angle between the direction in which slices follow each other and the plane's own axis; 0: not oblique."""
        if self.geometry is None:
            return 0.0
        world = _DISPLAY[self.display_plane][0][0]
        cosine = abs(float(self.geometry.direction_matrix[world, 2 - self._axes[0]]))
        return float(np.degrees(np.arccos(min(cosine, 1.0))))

    def like(self, array: NDArray[Any]) -> NDArray[Any]:
        """Another array on the same grid ([z, y, x, …] in storage order) as slices [n, h, w, …], a view."""
        if tuple(array.shape[:3]) != tuple(self.shape_zyx):
            raise ValueError(f"the stack's grid is {self.shape_zyx}, the array {array.shape[:3]}")
        return self._shown(array)

    def _shown(self, array: NDArray[Any]) -> NDArray[Any]:
        turned = array.transpose(*self._axes, *range(3, array.ndim))
        return turned[tuple(slice(None, None, -1) if flip else slice(None) for flip in self._flips)]

    def restore(self, stack: NDArray[Any]) -> NDArray[Any]:
        """Slices [n, h, w, …] back in storage order [z, y, x, …]: the exact inverse, a view."""
        expected = tuple(self.shape_zyx[axis] for axis in self._axes)
        if tuple(stack.shape[:3]) != expected:
            raise ValueError(f"the stack has {expected} slices, rows and columns, the array {stack.shape[:3]}")
        straight = stack[tuple(slice(None, None, -1) if flip else slice(None) for flip in self._flips)]
        back = [self._axes.index(axis) for axis in range(3)]
        return straight.transpose(*back, *range(3, stack.ndim))

    def piece(self, start: tuple[int, int, int], part: NDArray[Any]) -> tuple[tuple[slice, slice, slice], NDArray[Any]]:
        """A part [n, h, w] of the slices, which begins at (slice, row, column) `start`, in storage order.

        Gives its box [z, y, x] and a view of it.
        """
        box = [slice(0, 0)] * 3
        for axis, flip, low, size in zip(self._axes, self._flips, start, part.shape[:3], strict=True):
            begin = self.shape_zyx[axis] - low - size if flip else low
            box[axis] = slice(begin, begin + size)
        straight = part[tuple(slice(None, None, -1) if flip else slice(None) for flip in self._flips)]
        back = [self._axes.index(axis) for axis in range(3)]
        return (box[0], box[1], box[2]), straight.transpose(*back, *range(3, part.ndim))

    def voxel_of(self, index: float, row: float, column: float) -> Vector:
        """Voxel (z, y, x) in storage order under a pixel of a slice."""
        found = [0.0, 0.0, 0.0]
        for axis, flip, value in zip(self._axes, self._flips, (index, row, column), strict=True):
            found[axis] = self.shape_zyx[axis] - 1 - value if flip else value
        return found[0], found[1], found[2]

    def pixel_of(self, voxel_zyx: Vector) -> Vector:
        """(slice, row, column) of a voxel in storage order; inverse of `voxel_of`."""
        index, row, column = (
            self.shape_zyx[axis] - 1 - voxel_zyx[axis] if flip else voxel_zyx[axis]
            for axis, flip in zip(self._axes, self._flips, strict=True)
        )
        return index, row, column

    def world_of(self, index: float, row: float, column: float) -> Vector | None:
        """World position in millimetres of a pixel's centre; None for a picture."""
        return None if self.geometry is None else self.geometry.world_of(self.voxel_of(index, row, column))

    def index_of(self, point_xyz: Vector) -> int:
        """The slice nearest to a world position, kept within the stack; 0 for a picture."""
        if self.geometry is None:
            return 0
        index = round(self.pixel_of(self.geometry.index_of(point_xyz))[0])
        return min(max(index, 0), len(self) - 1)


def _arrangement(geometry: Geometry | None, plane: str) -> tuple[tuple[int, int, int], tuple[bool, bool, bool], str]:
    """Array axes that become slice, row and column, whether each is flipped, and the anatomical plane shown."""
    if geometry is None:
        return (0, 1, 2), (False, False, False), "axial"
    direction = geometry.direction_matrix
    array_axis = _nearest_axes(direction)
    shown = plane
    if plane == "acquisition":
        shown = _PLANE_ACROSS[array_axis.index(0)]
    axes, flips = [], []
    for world, sign in _DISPLAY[shown]:
        axis = array_axis[world]
        axes.append(axis)
        flips.append(bool(direction[world, 2 - axis] * sign < 0))
    if plane == "acquisition":
        flips[0] = False  # slice numbers stay those of the file
    return (axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]), shown


def _nearest_axes(direction: NDArray[np.float64]) -> tuple[int, ...]:
    """For each world axis the array axis (0 = z) that runs nearest to it: the pairing with the largest cosines in all.

    Taking each axis' largest cosine by itself can give one array axis to two world axes where the grid is oblique.
    """
    cosines = np.abs(direction)

    def fit(voxel_axes: tuple[int, ...]) -> float:
        return float(sum(cosines[world, axis] for world, axis in enumerate(voxel_axes)))

    best = max(permutations(range(3)), key=lambda axes: (round(fit(axes), 9), axes == (0, 1, 2)))
    return tuple(2 - axis for axis in best)
