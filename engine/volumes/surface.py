"""The surface of a mask as triangles in millimetres: surface nets, smoothed, of a stated size.

Surface nets (Gibson, "Constrained elastic surface nets", 1998): a vertex in each cell of eight voxels that are not all
in or all out, at the mean of where its edges are crossed; a quadrangle for each edge that is crossed. The surface is
closed, and coarse voxels do not show as much as with marching cubes. Smoothed by Taubin's method (1995), which does not
shrink. Single voxels and lines of them, of which nets and smoothing would leave next to nothing, keep their voxels'
corners. In numpy alone: libraries that do as much bring SciPy (scikit-image, PyMCubes) or 100 MB (VTK) to people who
only look at scans.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken
from engine.volumes.geometry import Geometry

MOST_CELLS: Final = 6_000_000
_ROUNDS: Final = 10
_SHRINK, _GROW = 0.5, -0.53
_AXES: Final = ((0, 1, 2), (1, 2, 0), (2, 0, 1))

Three = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Surface:
    """`vertices` and outward `normals` float32 [n, 3] in millimetres of the world (LPS), `triangles` uint32 [m, 3]."""

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    block_zyx: Three
    """So many voxels along each axis were taken together."""

    @property
    def volume_ml(self) -> float:
        """What the surface encloses."""
        return signed_volume(self.vertices.astype(np.float64), self.triangles) / 1000.0


def surface_of(
    mask: NDArray[Any], geometry: Geometry, most_triangles: int, cancel: CancelToken | None = None
) -> Surface | None:
    """Of a mask [z, y, x], where every value above 0 is inside; None where it is empty. Raises Cancelled.

    Voxels are taken together in blocks until there are at most MOST_CELLS of them and `most_triangles`.
    """
    cancel = cancel or CancelToken()
    box = _box(mask)
    if box is None:
        return None
    part = mask[tuple(slice(low, high) for low, high in box)]
    spacing_zyx = geometry.spacing_xyz[::-1]
    block = coarser((1, 1, 1), part.shape, spacing_zyx, MOST_CELLS)
    while True:
        cancel.check()
        field = _blocks(part, block)
        # Thin structures may fill less than half of every block.
        level = min(0.5, float(field.max()) / 2)
        points, quads, free = _nets(field, level)
        count = 2 * len(quads)
        if count <= most_triangles:
            break
        cells = float(np.prod([-(-size // step) for size, step in zip(part.shape, block, strict=True)]))
        # Triangles grow with the area, cells with the volume.
        block = coarser(block, part.shape, spacing_zyx, int(cells * min((most_triangles / count) ** 1.5, 0.8)))
    low = np.array([begin for begin, _ in box])
    step = np.array(block)
    voxels = low + (points - 1.0) * step + (step - 1) / 2  # the field has a rim of one block
    placed = voxels[:, ::-1] @ geometry.matrix[:3, :3].T + geometry.matrix[:3, 3]
    cancel.check()
    placed = _smoothed(placed, quads, free)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    if signed_volume(placed, triangles) < 0:  # the grid is mirrored against the world
        triangles = triangles[:, ::-1]
    return Surface(
        placed.astype(np.float32),
        normals_of(placed, triangles).astype(np.float32),
        np.ascontiguousarray(triangles, np.uint32),
        block,
    )


def coarser(block: Three, shape: tuple[int, ...], spacing_zyx: tuple[float, ...], most: int) -> Three:
    """Blocks of at least this size, as near to cubes as whole voxels allow, of which at most `most` fill the shape."""
    z, y, x = block
    sizes = [z, y, x]
    while True:
        counts = [-(-length // size) for length, size in zip(shape, sizes, strict=True)]
        if counts[0] * counts[1] * counts[2] <= most or max(counts) == 1:
            return sizes[0], sizes[1], sizes[2]
        long = [axis for axis in range(3) if counts[axis] > 1]
        sizes[min(long, key=lambda axis: sizes[axis] * spacing_zyx[axis])] += 1


def signed_volume(points: NDArray[np.float64], triangles: NDArray[Any]) -> float:
    """Cubic units inside of closed triangles that face outwards; negative where they face inwards."""
    if not len(points):
        return 0.0
    a, b, c = (points[triangles[:, corner]] - points[0] for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6.0


def normals_of(points: NDArray[np.float64], triangles: NDArray[Any]) -> NDArray[np.float64]:
    """Unit normals [n, 3] of the vertices: those of the triangles round them, weighed by area."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    corners = triangles.T.ravel()  # all first ones, all second ones, all third ones
    summed = _summed(corners, np.tile(across, (3, 1)), len(points))
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    normals: NDArray[np.float64] = summed / np.where(length > 0, length, 1.0)
    return normals


def _box(mask: NDArray[Any]) -> list[tuple[int, int]] | None:
    """First and last + 1 of what is inside along each axis, slice by slice: a mapped mask is not read into memory."""
    along = np.zeros(mask.shape[0], np.bool_)
    rows, columns = np.zeros(mask.shape[1], np.bool_), np.zeros(mask.shape[2], np.bool_)
    for number, one in enumerate(mask):
        inside = one > 0
        down = inside.any(axis=1)
        along[number] = down.any()
        if along[number]:
            rows |= down
            columns |= inside.any(axis=0)
    if not along.any():
        return None
    return [(int(found[0]), int(found[-1]) + 1) for found in map(np.flatnonzero, (along, rows, columns))]


def _blocks(part: NDArray[Any], block: Three) -> NDArray[np.float32]:
    """How much of each block is inside, with a rim of zeros round all."""
    counts = [-(-size // step) for size, step in zip(part.shape, block, strict=True)]
    field = np.zeros([count + 2 for count in counts], np.float32)
    deep, high, wide = block
    for number in range(counts[0]):
        slab = np.zeros((counts[1] * high, counts[2] * wide), np.float32)
        for one in part[number * deep : (number + 1) * deep]:
            slab[: one.shape[0], : one.shape[1]] += one > 0
        field[number + 1, 1:-1, 1:-1] = slab.reshape(counts[1], high, counts[2], wide).sum(axis=(1, 3))
    field /= np.float32(deep * high * wide)
    return field


def _nets(field: NDArray[np.float32], level: float) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Vertices [n, 3] (z, y, x in blocks of the field), quadrangles [m, 4] that face away from what is inside, and
    which vertices may be smoothed [n]: the others lie on corners of blocks, since no broad part is near."""
    inside = field >= level
    corners = np.zeros([size - 1 for size in field.shape], np.uint8)
    for z, y, x in product((0, 1), repeat=3):
        corners += inside[z : z + corners.shape[0], y : y + corners.shape[1], x : x + corners.shape[2]].view(np.uint8)
    active = (corners > 0) & (corners < 8)
    cells = np.argwhere(active)
    number = np.full(active.shape, -1, np.int64)
    number[active] = np.arange(len(cells))
    total = np.zeros((len(cells), 3))
    crossed = np.zeros(len(cells))
    for axis, second, third in _AXES:
        for up, aside in product((0, 1), repeat=2):
            start = np.zeros(3, np.int64)
            start[second], start[third] = up, aside
            end = start.copy()
            end[axis] = 1
            a, b = (field[tuple((cells + corner).T)].astype(np.float64) for corner in (start, end))
            cut = (a >= level) != (b >= level)
            at = np.tile(start.astype(np.float64), (len(cells), 1))
            at[:, axis] = np.where(cut, (level - a) / np.where(cut, b - a, 1.0), 0.0)
            total += at * cut[:, None]
            crossed += cut
    quads = [_quads(inside, number, axes) for axes in _AXES]
    free = _near_broad(inside)[active]
    points = cells.astype(np.float64) + 0.5
    points[free] += total[free] / crossed[free, None] - 0.5
    return points, np.concatenate(quads), free


def _near_broad(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each cell of eight blocks whether one of them is inside and part of a square of 2 × 2 that is.

    What is broader than one block in two directions keeps its volume in nets; dots and lines lose most of it.
    """
    broad = np.zeros_like(inside)
    for _, second, third in _AXES:
        lower = tuple(slice(0, -1) if one in (second, third) else slice(None) for one in range(3))
        square = np.ones_like(inside[lower])
        corners = [
            tuple(
                slice(up, inside.shape[one] - 1 + up)
                if one == second
                else slice(aside, inside.shape[one] - 1 + aside)
                if one == third
                else slice(None)
                for one in range(3)
            )
            for up, aside in product((0, 1), repeat=2)
        ]
        for corner in corners:
            square &= inside[corner]
        for corner in corners:
            broad[corner] |= square
    near = np.zeros([size - 1 for size in inside.shape], np.bool_)
    for z, y, x in product((0, 1), repeat=3):
        near |= broad[z : z + near.shape[0], y : y + near.shape[1], x : x + near.shape[2]]
    return near


def _quads(inside: NDArray[np.bool_], number: NDArray[np.int64], axes: Three) -> NDArray[np.int64]:
    """For each edge along the first axis that is crossed, the cells round it."""
    axis, second, third = axes
    low = inside[tuple(slice(0, -1) if one == axis else slice(None) for one in range(3))]
    high = inside[tuple(slice(1, None) if one == axis else slice(None) for one in range(3))]
    at = np.argwhere(low != high)
    leaves = low[tuple(at.T)]  # from inside to outside along the axis
    round_it = []
    for up, aside in ((0, 0), (1, 0), (1, 1), (0, 1)):
        cell = at.copy()
        cell[:, second] -= 1 - up
        cell[:, third] -= 1 - aside
        round_it.append(number[tuple(cell.T)])
    quads = np.stack(round_it, axis=1)
    return np.where(leaves[:, None], quads, quads[:, ::-1])


def _smoothed(points: NDArray[np.float64], quads: NDArray[np.int64], free: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Moves those vertices alone that are `free`."""
    pairs = np.concatenate([quads[:, [corner, (corner + 1) % 4]] for corner in range(4)])
    pairs.sort(axis=1)
    packed = np.unique(pairs[:, 0] * len(points) + pairs[:, 1])
    one, other = packed // len(points), packed % len(points)
    here, there = np.concatenate([one, other]), np.concatenate([other, one])
    neighbours = np.bincount(here, minlength=len(points))[:, None]
    for step in (_SHRINK * free[:, None], _GROW * free[:, None]) * _ROUNDS:
        points = points + step * (_summed(here, points[there], len(points)) / neighbours - points)
    return points


def _summed(at: NDArray[Any], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The sums [count, 3] of the values [n, 3] that belong to each number in `at` [n]."""
    return np.stack([np.bincount(at, values[:, axis], minlength=count) for axis in range(3)], axis=1)
