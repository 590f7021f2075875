"""Image and mask on one grid, or a table of what differs and the repairs that their headers allow.

A repair gives the mask on the grid of its scan; nothing is guessed: where the headers place the two apart, none is
offered. Tolerances are in voxels of the scan.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import permutations, product
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import GridMismatch
from engine.volumes.geometry import Geometry, max_corner_shift, same_grid
from engine.volumes.volume import Volume

Repair = Literal["copy-header", "reorient", "orthonormalise", "resample"]
REPAIRS: Final[tuple[Repair, ...]] = get_args(Repair)

SAME: Final = 0.05
"""Up to here two grids are one (`geometry.same_grid`)."""
TOLERANCE: Final = 0.5
"""Up to here the same voxel is meant: headers that were rounded, or written by programs that keep fewer digits."""
_MOST_SHEAR: Final = 1.0  # degrees: beyond it, the axes are not perpendicular on purpose (gantry tilt)
_SMALLEST_SHEAR: Final = 1e-4
_OTHER_SPACING: Final = 0.05
_LOST_HEADER: Final = (
    "; the two have as many voxels, of other sizes: if the mask's header was lost when it was saved, this misplaces it"
)
_INSIDE: Final = 0.5  # share of the marked voxels that must lie within the scan


@dataclass(frozen=True)
class Difference:
    """A row of the table: what, and what each file says."""

    what: str
    scan: str
    mask: str


@dataclass(frozen=True)
class Offer:
    """A repair that the headers allow, and what it would do."""

    repair: Repair
    does: str


@dataclass(frozen=True)
class Preflight:
    """`same`: nothing need be done. Otherwise `differences`, the `offers` (best first), and `refused` where none is."""

    same: bool
    differences: tuple[Difference, ...]
    offers: tuple[Offer, ...]
    refused: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def offer(self, repair: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.repair == repair), None)


def preflight(scan: Volume, mask: Volume) -> Preflight:
    """Compares the grids of a scan and its mask."""
    a, b = scan.geometry, mask.geometry
    if not same_grid(a, b, scan.shape_zyx, mask.shape_zyx, SAME):
        return Preflight(True, (), ())
    differences = _table(scan, mask)
    if a is None or b is None:
        what = "the scan" if a is None else "the mask"
        return Preflight(
            False, differences, (), f"{what} does not say where it lies, and the sizes differ: nothing can be inferred."
        )
    offers: list[Offer] = []
    if scan.shape_zyx == mask.shape_zyx:
        shift = max_corner_shift(a, b, scan.shape_zyx)
        if shift <= TOLERANCE:
            offers.append(Offer("copy-header", f"writes the scan's header: corners move by {shift:.3g} voxels"))
    turned = _turned(scan, mask)
    if turned is not None and turned[0] != ((0, 1, 2), (False, False, False)):
        offers.append(Offer("reorient", "stores the same voxels in the axis order of the scan; none changes its place"))
    straight = _straight(b)
    if straight is not None and _is_ordinary(a):
        offers.append(
            Offer(
                "orthonormalise", f"makes the mask's axes perpendicular ({b.shear_degrees():.2g}° off), then resamples"
            )
        )
    inside = _share_inside(a, b, scan.shape_zyx, mask.voxels)
    if inside >= _INSIDE:
        lost = "" if inside > 0.9999 else f"; {100 * (1 - inside):.1f} % of it lies outside the scan and is cut off"
        doubt = _LOST_HEADER if _same_size_other_spacing(scan, mask) else ""
        offers.append(Offer("resample", f"takes the nearest voxel of the mask for each of the scan{lost}{doubt}"))
    if offers:
        return Preflight(False, differences, tuple(offers))
    return Preflight(
        False,
        differences,
        (),
        f"by its header only {100 * inside:.0f} % of the mask lies within the scan: they do not belong together, "
        "or one of the headers is wrong.",
    )


def _same_size_other_spacing(scan: Volume, mask: Volume) -> bool:
    if scan.geometry is None or mask.geometry is None or scan.shape_zyx != mask.shape_zyx:
        return False
    ratios = np.array(mask.geometry.spacing_xyz) / np.array(scan.geometry.spacing_xyz)
    return bool(np.max(np.abs(ratios - 1)) > _OTHER_SPACING)


def repaired(scan: Volume, mask: Volume, repair: str) -> NDArray[Any]:
    """Label numbers on the grid of the scan, [z, y, x]; raises GridMismatch for a repair that is not offered."""
    found = preflight(scan, mask)
    offer = found.offer(repair)
    if offer is None:
        offered = ", ".join(offer.repair for offer in found.offers) or "none"
        raise GridMismatch(
            f"The repair {repair!r} does not fit: {found.refused or 'the headers do not allow it'}".rstrip(".") + ".",
            hint="Nothing need be repaired." if found.same else f"Repairs that do: {offered}.",
            field="how",
        )
    assert scan.geometry is not None
    assert mask.geometry is not None
    match offer.repair:
        case "copy-header":
            return mask.voxels
        case "reorient":
            turned = _turned(scan, mask)
            assert turned is not None
            return np.ascontiguousarray(_arranged(mask.voxels, *turned[0]))
        case "orthonormalise":
            straight = _straight(mask.geometry)
            assert straight is not None
            return _nearest(scan.geometry, straight, scan.shape_zyx, mask.voxels)
        case "resample":
            return _nearest(scan.geometry, mask.geometry, scan.shape_zyx, mask.voxels)


def _table(scan: Volume, mask: Volume) -> tuple[Difference, ...]:
    """Every property in which the two differ."""
    rows = [("size", _by(scan.shape_zyx), _by(mask.shape_zyx))]
    a, b = scan.geometry, mask.geometry
    if a is None or b is None:
        rows.append(("place in the patient", "no" if a is None else "yes", "no" if b is None else "yes"))
    else:
        rows += [
            ("voxel size (mm)", _mm(a.spacing_xyz), _mm(b.spacing_xyz)),
            ("origin (mm, LPS)", _mm(a.origin_xyz), _mm(b.origin_xyz)),
            ("axes run to", letters(a), letters(b)),
            ("direction", _mm(a.direction), _mm(b.direction)),
            ("shear (degrees)", f"{a.shear_degrees():.3g}", f"{b.shear_degrees():.3g}"),
        ]
        if scan.shape_zyx == mask.shape_zyx:
            shift = max_corner_shift(a, b, scan.shape_zyx)
            rows.append(("largest shift of a corner (voxels)", "0", f"{shift:.3g}"))
    return tuple(Difference(*row) for row in rows if row[1] != row[2])


def letters(geometry: Geometry) -> str:
    """Where the axes x, y, z run to, such as "LPS"; the nearest side of the patient each."""
    words = ""
    for column in geometry.direction_matrix.T:
        axis = int(np.argmax(np.abs(column)))
        words += ("LPS" if column[axis] > 0 else "RAI")[axis]
    return words


Order = tuple[tuple[int, int, int], tuple[bool, bool, bool]]


def _turned(scan: Volume, mask: Volume) -> tuple[Order, float] | None:
    """The axis order and flips of the mask's array that put it onto the scan's grid, and how well; None: none does."""
    a, b = scan.geometry, mask.geometry
    assert a is not None
    assert b is not None
    best: tuple[Order, float] | None = None
    for axes in permutations(range(3)):
        shape = tuple(mask.shape_zyx[axis] for axis in axes)
        if shape != scan.shape_zyx:
            continue
        for flips in product((False, True), repeat=3):
            order: Order = ((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))
            shift = max_corner_shift(a, _arranged_geometry(b, mask.shape_zyx, order), scan.shape_zyx)
            if shift <= TOLERANCE and (best is None or shift < best[1]):
                best = (order, shift)
    return best


def _arranged(voxels: NDArray[Any], axes: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> NDArray[Any]:
    turned = voxels.transpose(axes)
    return turned[tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)]


def _arranged_geometry(geometry: Geometry, shape_zyx: tuple[int, int, int], order: Order) -> Geometry:
    """The geometry of `_arranged(voxels, *order)`."""
    axes, flips = order
    old = geometry.matrix
    matrix = np.eye(4)
    origin = old[:3, 3].copy()
    for new, (axis, flip) in enumerate(zip(axes, flips, strict=True)):
        # Array axis 0 is z: column 2 of the matrix.
        column = old[:3, 2 - axis]
        if flip:
            origin += column * (shape_zyx[axis] - 1)
            column = -column
        matrix[:3, 2 - new] = column
    matrix[:3, 3] = origin
    return Geometry.from_matrix(matrix)


def _straight(geometry: Geometry) -> Geometry | None:
    """The nearest geometry with perpendicular axes; None where they are already, or too far from it."""
    if not _SMALLEST_SHEAR < geometry.shear_degrees() <= _MOST_SHEAR:
        return None
    left, _, right = np.linalg.svd(geometry.direction_matrix)
    return Geometry(geometry.spacing_xyz, geometry.origin_xyz, tuple(float(v) for v in (left @ right).ravel()))


def _is_ordinary(geometry: Geometry) -> bool:
    return geometry.shear_degrees() <= _SMALLEST_SHEAR


def _share_inside(a: Geometry, b: Geometry, shape_zyx: tuple[int, int, int], labels: NDArray[Any]) -> float:
    """How much of the marked voxels of the mask (of all, where none is marked) lies within the scan."""
    marked = np.argwhere(labels) if labels.any() else np.argwhere(np.ones((2, 2, 2))) * (np.array(labels.shape) - 1)
    marked = marked[:: max(1, len(marked) // 100_000)]
    to_scan = np.linalg.inv(a.matrix) @ b.matrix
    points = to_scan[:3, :3] @ marked[:, ::-1].T + to_scan[:3, 3:]
    limits = np.array(shape_zyx[::-1])[:, None] - 0.5
    return float(np.mean(np.all((points >= -0.5) & (points < limits), axis=0)))


def _nearest(a: Geometry, b: Geometry, shape_zyx: tuple[int, int, int], labels: NDArray[Any]) -> NDArray[Any]:
    """The mask's nearest voxel for each voxel of the scan, 0 beyond its edge; slice by slice, so that memory stays."""
    to_mask = np.linalg.inv(b.matrix) @ a.matrix
    depth, height, width = shape_zyx
    rows, columns = np.mgrid[:height, :width]
    result = np.zeros(shape_zyx, labels.dtype)
    sizes = np.array(labels.shape[::-1])[:, None]
    for z in range(depth):
        voxels = np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, z)])
        x, y, k = found = np.floor(to_mask[:3, :3] @ voxels + to_mask[:3, 3:] + 0.5 + 1e-9).astype(np.int64)
        inside = np.all((found >= 0) & (found < sizes), axis=0)
        plane = result[z].reshape(-1)
        plane[inside] = labels[k[inside], y[inside], x[inside]]
    return result


def _by(shape_zyx: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in shape_zyx[::-1])


def _mm(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.6g}" for value in values)
