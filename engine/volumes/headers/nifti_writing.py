"""The header of a mask's NIfTI-1 file: its scan's own with another kind of voxel, or one made for a grid."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from engine.volumes.geometry import Geometry
from engine.volumes.headers.nifti import DATA_OFFSET, LPS_FROM_RAS, SIZE, NiftiHeader

_UINT8, _UINT16 = 2, 512


def mask_header(source: NiftiHeader, shape_zyx: tuple[int, int, int], *, wide: bool) -> tuple[bytes, str]:
    """A header for a mask on the source's grid, and its byte order.

    qform, sform, their codes, pixdim and the units are the source's bytes: a round trip through floats changes them.
    Fields that can hold text about a patient are emptied. `wide`: uint16 instead of uint8.
    """
    raw = bytearray(source.raw)
    order = source.order

    def put(code: str, offset: int, *values: float) -> None:
        struct.pack_into(order + code, raw, offset, *values)

    raw[4:32] = bytes(28)  # data_type, db_name
    depth, height, width = shape_zyx
    put("8h", 40, 2 if source.dimensions == 2 else 3, width, height, depth, 1, 1, 1, 1)
    put("3f", 56, 0, 0, 0)  # intent parameters
    put("4h", 68, 0, _UINT16 if wide else _UINT8, 16 if wide else 8, 0)  # intent, datatype, bitpix, slice_start
    put("3f", 108, DATA_OFFSET, 1, 0)  # vox_offset, scl_slope, scl_inter
    put("h", 120, 0)  # slice_end
    raw[122] = 0  # slice_code
    put("4f2i", 124, 0, 0, 0, 0, 0, 0)  # cal_max, cal_min, slice_duration, toffset, glmax, glmin
    raw[148:252] = bytes(104)  # descrip, aux_file
    raw[328:344] = bytes(16)  # intent_name
    raw[344:348] = b"n+1\0"
    return bytes(raw), order


def header_for(geometry: Geometry) -> NiftiHeader:
    """A header with the grid of a scan of another format, as sform and, unless it is sheared, qform; little-endian."""
    raw = bytearray(SIZE)
    ras = LPS_FROM_RAS @ geometry.matrix
    direction = ras[:3, :3] / np.array(geometry.spacing_xyz)
    qfac = -1.0 if np.linalg.det(direction) < 0 else 1.0
    struct.pack_into("<i", raw, 0, SIZE)
    raw[38] = ord("r")
    struct.pack_into("<8h", raw, 40, 3, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<8f", raw, 76, qfac, *geometry.spacing_xyz, 0, 0, 0, 0)
    raw[123] = 2  # millimetres
    rigid = geometry.shear_degrees() < 0.01
    struct.pack_into("<2h", raw, 252, 1 if rigid else 0, 1)
    if rigid:
        rotation = direction * np.array([1.0, 1.0, qfac])
        struct.pack_into("<3f", raw, 256, *_quaternion(rotation))
        struct.pack_into("<3f", raw, 268, *ras[:3, 3])
    struct.pack_into("<12f", raw, 280, *ras[:3].ravel())
    raw[344:348] = b"n+1\0"
    return NiftiHeader(bytes(raw), "<", gzipped=False)


def _quaternion(rotation: NDArray[np.float64]) -> tuple[float, float, float]:
    """b, c, d of a proper rotation, with a ≥ 0. The eigenvector form stays exact near half turns, where a is 0."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    symmetric = np.array(
        [
            [xx + yy + zz, zy - yz, xz - zx, yx - xy],
            [zy - yz, xx - yy - zz, xy + yx, xz + zx],
            [xz - zx, xy + yx, yy - xx - zz, yz + zy],
            [yx - xy, xz + zx, yz + zy, zz - xx - yy],
        ]
    )
    values, vectors = np.linalg.eigh(symmetric)
    a, b, c, d = (float(v) for v in vectors[:, int(np.argmax(values))])
    sign = -1.0 if a < 0 else 1.0
    return sign * b, sign * c, sign * d
