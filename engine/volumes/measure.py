"""Measurements of a mask on its scan: size, extent, place, components, and the grey values under it."""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.volumes.volume import Volume

HOUNSFIELD: Final = "HU"
_AIR: Final = -500.0


@dataclass(frozen=True)
class Measurement:
    """Of one mask; None where the scan does not say what it takes, or the mask is empty.

    voxels      how many belong to the mask (pixels, for a picture)
    ml          their volume: voxels × the volume of one, which is the determinant of the voxel axes (a sheared grid's
                voxels are no boxes)
    area_mm2    in the plane of the slices as stored, for a scan of one slice only
    extent_…    the smallest box along the scan's own axes x, y, z that holds the mask: in voxels, and in millimetres
                (voxels × spacing, so that one voxel is as wide as itself)
    components  parts that hang together face to face (edge to edge in a picture)
    centroid_…  the mean of the voxels' centres: in voxels x, y, z from 0, and in millimetres (LPS: left, back, up)
    mean, sd, minimum, maximum
                of the scan's values in the mask; sd with n in the denominator (IBSI 2.2: 3.3.2). None for colours
    unit        of these values: HU for CT, else empty
    """

    voxels: int
    ml: float | None
    area_mm2: float | None
    extent_voxels_xyz: tuple[int, int, int] | None
    extent_mm_xyz: tuple[float, float, float] | None
    components: int
    centroid_voxels_xyz: tuple[float, float, float] | None
    centroid_mm_lps: tuple[float, float, float] | None
    mean: float | None
    sd: float | None
    minimum: float | None
    maximum: float | None
    unit: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def columns(self) -> dict[str, Any]:
        """One value a column, for a table."""
        found: dict[str, Any] = {}
        for name, value in self.to_dict().items():
            axes = name.rpartition("_")[2]
            if axes in ("xyz", "lps"):
                parts = value or (None, None, None)
                base = name[: -len(axes) - 1]
                found.update({f"{base}_{axis}": part for axis, part in zip("xyz", parts, strict=True)})
            else:
                found[name] = value
        return found


COLUMNS: Final = tuple(
    f"{field.name[:-4]}_{axis}" if field.name.endswith(("_xyz", "_lps")) else field.name
    for field in fields(Measurement)
    for axis in ("xyz" if field.name.endswith(("_xyz", "_lps")) else "x")
)
"""The names of `Measurement.columns`, in order."""


def measure(mask: NDArray[np.bool_], scan: Volume) -> Measurement:
    """`mask` bool [z, y, x] on the grid of `scan`; raises ValueError for another shape."""
    if tuple(mask.shape) != scan.shape_zyx:
        raise ValueError(f"the mask is {mask.shape}, the scan {scan.shape_zyx}")
    geometry = scan.geometry
    count = int(np.count_nonzero(mask))
    flat = scan.shape_zyx[0] == 1
    ml = area = None
    if geometry is not None:
        ml = count * geometry.voxel_ml
        if flat:
            across = np.cross(geometry.matrix[:3, 0], geometry.matrix[:3, 1])
            area = count * float(np.linalg.norm(across))
    if not count:
        return Measurement(0, ml, area, None, None, 0, None, None, None, None, None, None, unit_of(scan))
    box = _box(mask)
    inner = mask[box]
    extent = (inner.shape[2], inner.shape[1], inner.shape[0])
    extent_mm = None
    if geometry is not None:
        x, y, z = (size * step for size, step in zip(extent, geometry.spacing_xyz, strict=True))
        extent_mm = (x, y, z)
    middle = _centroid(inner, box)
    values = None if scan.is_colour else scan.voxels[box][inner].astype(np.float64)
    return Measurement(
        voxels=count,
        ml=ml,
        area_mm2=area,
        extent_voxels_xyz=extent,
        extent_mm_xyz=extent_mm,
        components=_components(inner),
        centroid_voxels_xyz=middle,
        centroid_mm_lps=None if geometry is None else geometry.world_of((middle[2], middle[1], middle[0])),
        mean=None if values is None else float(values.mean()),
        sd=None if values is None else float(values.std()),
        minimum=None if values is None else float(values.min()),
        maximum=None if values is None else float(values.max()),
        unit=unit_of(scan),
    )


def unit_of(scan: Volume) -> str:
    """HU where the values reach as low as air does in CT: no other usual scan has such; else empty."""
    if scan.is_picture or scan.is_colour or scan.voxels.dtype.kind == "u" or not scan.voxels.size:
        return ""
    return HOUNSFIELD if float(scan.voxels.min()) < _AIR else ""


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    found = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        found.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return found[0], found[1], found[2]


def _centroid(inner: NDArray[np.bool_], box: tuple[slice, slice, slice]) -> tuple[float, float, float]:
    """Voxels x, y, z, from counts along each axis: no list of all voxels is made."""
    means = []
    for axis in (2, 1, 0):
        counts = inner.sum(axis=tuple(other for other in range(3) if other != axis), dtype=np.int64)
        means.append(float(counts @ np.arange(counts.size) / counts.sum()) + box[axis].start)
    return means[0], means[1], means[2]


def _components(inner: NDArray[np.bool_]) -> int:
    sitk: Any = importlib.import_module("SimpleITK")  # heavy: only where something is measured
    image = sitk.GetImageFromArray(inner.astype(np.uint8))
    found = sitk.ConnectedComponentImageFilter()
    found.SetFullyConnected(False)
    found.Execute(image)
    return int(found.GetObjectCount())
