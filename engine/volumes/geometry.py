"""Where a grid of voxels lies in the patient: spacing, origin, direction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Geometry:
    """Spacing and origin in millimetres, direction as in ITK; world LPS: x to the left, y to the back, z up.

    `direction` is a 3 × 3 matrix, row by row; its columns are the unit vectors along the voxel axes x, y, z.
    They are perpendicular, except for a sheared grid (gantry tilt). Raises ValueError for what is no grid.
    """

    spacing_xyz: Vector
    origin_xyz: Vector
    direction: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.spacing_xyz) != 3 or len(self.origin_xyz) != 3 or len(self.direction) != 9:
            raise ValueError("a geometry needs 3 spacings, 3 coordinates and 9 direction cosines")
        if not all(math.isfinite(v) for v in (*self.spacing_xyz, *self.origin_xyz, *self.direction)):
            raise ValueError("a geometry holds a value that is no number")
        if min(self.spacing_xyz) <= 0:
            raise ValueError("the distance between voxels must be greater than zero")
        if abs(float(np.linalg.det(self.direction_matrix))) < 1e-3:
            raise ValueError("the voxel axes lie in one plane")

    @classmethod
    def from_matrix(cls, matrix: NDArray[np.float64]) -> Geometry:
        """From a 4 × 4 matrix (voxel x, y, z, 1) → world LPS; raises ValueError where a column is zero."""
        columns = np.asarray(matrix, np.float64)[:3, :3]
        spacing = np.linalg.norm(columns, axis=0)
        if not np.all(np.isfinite(spacing)) or not np.all(spacing > 0):
            raise ValueError("the distance between voxels must be greater than zero")
        direction = columns / spacing
        origin = matrix[:3, 3]
        return cls(_vector(spacing), _vector(origin), tuple(float(v) for v in direction.ravel()))

    @property
    def direction_matrix(self) -> NDArray[np.float64]:
        """3 × 3; columns are the voxel axes x, y, z."""
        return np.array(self.direction, np.float64).reshape(3, 3)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """4 × 4: (voxel x, y, z, 1) → world LPS in millimetres."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.direction_matrix * np.array(self.spacing_xyz)
        matrix[:3, 3] = self.origin_xyz
        return matrix

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres; of a sheared grid's too, whose voxels are no boxes."""
        return abs(float(np.linalg.det(self.matrix[:3, :3]))) / 1000.0

    def world_of(self, index_zyx: tuple[float, float, float]) -> Vector:
        """World position of a voxel's centre."""
        z, y, x = index_zyx
        return _vector((self.matrix @ (x, y, z, 1.0))[:3])

    def index_of(self, point_xyz: Vector) -> Vector:
        """Voxel index (z, y, x), with fractions, of a world position."""
        x, y, z = (np.linalg.inv(self.matrix) @ (*point_xyz, 1.0))[:3]
        return float(z), float(y), float(x)

    def shear_degrees(self) -> float:
        """How far the voxel axes are from being perpendicular; 0 for an ordinary grid."""
        gram = np.abs(self.direction_matrix.T @ self.direction_matrix)
        worst = float(np.max(gram - np.diag(np.diag(gram))))
        return math.degrees(math.asin(min(1.0, worst)))

    def to_dict(self) -> dict[str, list[float]]:
        return {
            "spacing_xyz": list(self.spacing_xyz),
            "origin_xyz": list(self.origin_xyz),
            "direction": list(self.direction),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, list[float]]) -> Geometry:
        """Inverse of `to_dict`; floats survive JSON unchanged."""
        return cls(_vector(fields["spacing_xyz"]), _vector(fields["origin_xyz"]), tuple(fields["direction"]))


def _vector(values: NDArray[np.float64] | list[float] | tuple[float, ...]) -> Vector:
    x, y, z = (float(v) for v in values)
    return x, y, z


def max_corner_shift(a: Geometry, b: Geometry, shape_zyx: tuple[int, ...]) -> float:
    """How far the corner voxels of `a` lie from those of `b`, at most, in voxels of `a`."""
    depth, height, width = shape_zyx[:3]
    corners = np.array([(x, y, z, 1.0) for x, y, z in product((0, width - 1), (0, height - 1), (0, depth - 1))])
    back = np.linalg.inv(a.matrix) @ b.matrix @ corners.T
    return float(np.max(np.abs(back.T[:, :3] - corners[:, :3])))


def same_grid(
    a: Geometry | None,
    b: Geometry | None,
    shape_a: tuple[int, ...],
    shape_b: tuple[int, ...],
    tolerance_voxels: float = 0.05,
) -> list[str]:
    """What differs between two grids, in words; an empty list where voxel i of one is voxel i of the other.

    Shapes are (z, y, x); further axes (colour) are ignored. Where one side has no geometry only shapes are compared.
    """
    if tuple(shape_a[:3]) != tuple(shape_b[:3]):
        return [f"size {_by(shape_a)} against {_by(shape_b)} voxels (x × y × z)"]
    if a is None or b is None:
        return []
    shift = max_corner_shift(a, b, shape_a)
    if shift <= tolerance_voxels:
        return []
    differences = []
    extent = np.maximum(np.array(shape_a[2::-1], np.float64) - 1, 1)
    if np.max(np.abs(np.array(a.spacing_xyz) / np.array(b.spacing_xyz) - 1) * extent) > tolerance_voxels:
        differences.append(f"voxel size {_mm(a.spacing_xyz)} against {_mm(b.spacing_xyz)} mm")
    moved = np.array(b.origin_xyz) - np.array(a.origin_xyz)
    if np.max(np.abs(np.linalg.solve(a.matrix[:3, :3], moved))) > tolerance_voxels:
        differences.append(f"origin {_mm(a.origin_xyz)} against {_mm(b.origin_xyz)} mm")
    if np.max(np.abs(a.direction_matrix - b.direction_matrix)) * float(np.max(extent)) > tolerance_voxels:
        differences.append("orientation of the voxel axes")
    if not differences:
        differences.append("position")
    differences.append(f"a corner is moved by {shift:.3g} voxels")
    return differences


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in shape[2::-1])


def _mm(values: Vector) -> str:
    return "(" + ", ".join(f"{v:.6g}" for v in values) + ")"
