"""The 348 bytes of a NIfTI-1 header: what they say.

The 540 bytes of NIfTI-2 say the same in wider numbers; they are turned into those of NIfTI-1, which masks are written
in.
Sources: nifti1.h and nifti2.h of the standard (https://nifti.nimh.nih.gov).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.volumes.headers.stored_array import SEND_AGAIN, Packing, StoredArray, damaged, several_volumes

SIZE: Final = 348
_SIZE_2: Final = 540  # of NIfTI-2
DATA_OFFSET: Final = 352  # header, then four bytes that say: no extension
_BITS: Final = {2: 8, 4: 16, 8: 32, 16: 32, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}
_PLAIN: Final = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
_COMPLEX: Final = {32, 1792, 2048}
_COLOUR: Final = {128: 3, 2304: 4}
LPS_FROM_RAS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])
_SCALE_TO_MM: Final = {1: 1e3, 2: 1.0, 3: 1e-3}


@dataclass(frozen=True)
class NiftiHeader:
    """The fields that matter here; `raw` is the header as stored."""

    raw: bytes
    order: str
    """Byte order for struct: "<" or ">"."""
    gzipped: bool
    wide: bool = False
    """NIfTI-2, of which `raw` says the same as NIfTI-1."""
    data_path: Path | None = None
    """The file of the voxels where the header is one of its own (.hdr beside .img)."""

    def _get(self, code: str, offset: int) -> tuple[Any, ...]:
        return struct.unpack_from(self.order + code, self.raw, offset)

    @property
    def sizes(self) -> tuple[int, ...]:
        """x, y, z, … without axes of one voxel at the end (but at least two)."""
        count = int(self._get("h", 40)[0])
        sizes = list(self._get("7h", 42)[:count])
        while len(sizes) > 2 and sizes[-1] in (0, 1):
            sizes.pop()
        return tuple(int(n) for n in sizes)

    @property
    def dimensions(self) -> int:
        return int(self._get("h", 40)[0])

    @property
    def datatype(self) -> int:
        return int(self._get("h", 70)[0])

    @property
    def vox_offset(self) -> float:
        return float(self._get("f", 108)[0])

    @property
    def scale(self) -> tuple[float, float] | None:
        """Slope and intercept; None where the standard has the stored numbers stand: a slope of 0, or that is none."""
        slope, intercept = (float(value) for value in self._get("2f", 112))
        return (slope, intercept) if math.isfinite(slope) and slope != 0 else None

    @property
    def codes(self) -> tuple[int, int]:
        """qform_code and sform_code; 0 means absent."""
        qform, sform = self._get("2h", 252)
        return int(qform), int(sform)

    @property
    def pixdim(self) -> tuple[float, ...]:
        """qfac, then the distances between voxels along x, y, z."""
        return tuple(float(v) for v in self._get("4f", 76))

    @property
    def _to_mm(self) -> float:
        return _SCALE_TO_MM.get(self.raw[123] & 7, 1.0)

    def sform(self) -> NDArray[np.float64] | None:
        """4 × 4 (voxel x, y, z, 1) → world LPS in millimetres; None where the header has none."""
        if self.codes[1] <= 0:
            return None
        matrix = np.eye(4)
        matrix[:3] = np.array(self._get("12f", 280), np.float64).reshape(3, 4) * self._to_mm
        result: NDArray[np.float64] = LPS_FROM_RAS @ matrix
        return result

    def qform(self) -> NDArray[np.float64] | None:
        """The same from the quaternion; None where the header has none."""
        if self.codes[0] <= 0:
            return None
        b, c, d, *offset = (float(v) for v in self._get("6f", 256))
        a = math.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
        rotation = np.array(
            [
                [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
            ]
        )
        qfac, *spacing = self.pixdim
        matrix = np.eye(4)
        matrix[:3, :3] = rotation * np.array([spacing[0], spacing[1], spacing[2] * (-1.0 if qfac < 0 else 1.0)])
        matrix[:3, 3] = offset
        matrix[:3] *= self._to_mm
        result: NDArray[np.float64] = LPS_FROM_RAS @ matrix
        return result


def read_nifti_header(path: Path) -> NiftiHeader:
    """The header of a .nii, .nii.gz or .hdr file; raises ScanUnreadable for anything that is not NIfTI."""
    with path.open("rb") as file:
        start = file.read(64 << 10)
    gzipped = start[:2] == b"\x1f\x8b"
    if gzipped:
        try:
            start = zlib.decompressobj(31).decompress(start, _SIZE_2 + 4)
        except zlib.error as error:
            raise damaged(path, error) from error
    if len(start) < SIZE:
        raise ScanUnreadable(f"{path} ends within its header.", hint=SEND_AGAIN)
    raw = start[:SIZE]
    length = {order: struct.unpack_from(order + "i", raw)[0] for order in "<>"}
    order = next((order for order, value in length.items() if value in (SIZE, _SIZE_2)), None)
    if order is None:
        raise ScanUnreadable(f"{path} is not a NIfTI file, whatever its name says.", hint=SEND_AGAIN)
    wide = length[order] == _SIZE_2
    if wide:
        if len(start) < _SIZE_2:
            raise ScanUnreadable(f"{path} ends within its header.", hint=SEND_AGAIN)
        raw = _as_nifti_1(path, start, order)
    magic = raw[344:347]
    if magic == b"n+1":
        return NiftiHeader(raw, order, gzipped, wide)
    if magic != b"ni1":
        raise ScanUnreadable(
            f"{path} is an Analyze file, which does not say which side is left.",
            hint="Convert it where it was made, and save it as NIfTI (.nii.gz).",
        )
    return NiftiHeader(raw, order, gzipped, wide, _voxels_of(path))


def _voxels_of(header: Path) -> Path:
    """The .img file of a .hdr file, plain or gzipped, whatever the case of its letters."""
    stem = header.name[: -len(".hdr")] if header.name.lower().endswith(".hdr") else header.name
    places = [header.with_name(stem + ending) for ending in (".img", ".IMG", ".img.gz")]
    return next((place for place in places if place.is_file()), places[0])


def _as_nifti_1(path: Path, start: bytes, order: str) -> bytes:
    """The header of NIfTI-2 in the bytes of NIfTI-1; raises ScanUnreadable where its sizes do not fit into these."""

    def get(code: str, offset: int) -> tuple[Any, ...]:
        return struct.unpack_from(order + code, start, offset)

    dims, pixdim = get("8q", 16), get("8d", 104)
    count = dims[0] if 1 <= dims[0] <= 7 else 0
    if any(not -32_768 <= size < 32_768 for size in dims[: count + 1]) or not count:
        raise ScanUnreadable(
            f"{path} is a NIfTI-2 file with sizes that no scan has ({' × '.join(map(str, dims[1 : count + 1]))}).",
            hint="Tables (connectivity, surfaces) are not read here; give a scan or a mask.",
        )
    raw = bytearray(SIZE)
    try:
        struct.pack_into(order + "i", raw, 0, SIZE)
        struct.pack_into(order + "8h", raw, 40, *dims[: count + 1], *(1,) * (7 - count))
        struct.pack_into(order + "2h", raw, 70, *get("2h", 12))  # datatype, bitpix
        struct.pack_into(order + "8f", raw, 76, *pixdim)
        struct.pack_into(order + "3f", raw, 108, *get("q", 168), *get("2d", 176))  # vox_offset, scl_slope, scl_inter
        raw[123] = get("i", 500)[0] & 0xFF  # units
        struct.pack_into(order + "2h", raw, 252, *get("2i", 344))  # qform_code, sform_code
        struct.pack_into(order + "6f", raw, 256, *get("6d", 352))  # quaternion, offset
        struct.pack_into(order + "12f", raw, 280, *get("12d", 400))
    except (struct.error, OverflowError) as error:
        raise ScanUnreadable(f"{path} has a damaged header.", hint=SEND_AGAIN) from error
    raw[344:348] = {b"n+2": b"n+1\0", b"ni2": b"ni1\0"}.get(start[4:7], bytes(4))
    return bytes(raw)


def nifti_stored(path: Path, header: NiftiHeader, *, several: bool = False) -> StoredArray:
    """What the header says lies in the file; raises ScanUnreadable for what no scan or mask can be.

    `several`: more than one volume is what was asked for.
    """
    if not 1 <= header.dimensions <= 7:
        raise ScanUnreadable(f"{path} has a damaged header: {header.dimensions} dimensions.", hint=SEND_AGAIN)
    sizes = header.sizes
    if min(sizes) < 1:
        raise ScanUnreadable(f"{path} holds no voxels: its header says {sizes}.", hint=SEND_AGAIN)
    if len(sizes) > 3 and sizes[:3] == (1, 1, 1):
        raise ScanUnreadable(
            f"{path} holds a table of {' × '.join(str(n) for n in sizes if n > 1)} values, not a scan (CIFTI?).",
            hint="Give a scan or a mask.",
        )
    if len(sizes) > 3 and not several:
        raise several_volumes(path, sizes)
    if header.datatype in _COMPLEX:
        raise ScanUnreadable(f"{path} holds complex numbers.", hint="Give the magnitude image instead.")
    if header.datatype not in _BITS and header.datatype not in _COLOUR:
        raise ScanUnreadable(
            f"{path} holds numbers of a kind that is not read here (NIfTI data type {header.datatype}).",
            hint="Save it again with whole or 32-bit floating-point numbers.",
        )
    if not (math.isfinite(header.vox_offset) and 0 <= header.vox_offset < 2**31):
        raise ScanUnreadable(f"{path} has a damaged header: voxels at byte {header.vox_offset}.", hint=SEND_AGAIN)
    if header.scale is not None and not math.isfinite(header.scale[1]):
        raise ScanUnreadable(f"{path} has a damaged header: its intercept is no number.", hint=SEND_AGAIN)
    colours = _COLOUR.get(header.datatype, 1)
    width = 1 if colours > 1 else _BITS[header.datatype] // 8
    if header.data_path is not None:
        beside: Packing = "gzip" if header.data_path.name.lower().endswith(".gz") else "none"
        return StoredArray(sizes, width, colours, header.data_path, int(header.vox_offset), beside)
    packing: Packing = "gzip" if header.gzipped else "none"
    return StoredArray(sizes, width, colours, path, max(SIZE, int(header.vox_offset)), packing)


def plain_kind(header: NiftiHeader) -> np.dtype[Any] | None:
    """The stored numbers, with their byte order; None for colours and complex numbers."""
    kind = _PLAIN.get(header.datatype)
    return None if kind is None else np.dtype(header.order + kind)


def plain_voxels(header: NiftiHeader, stored: StoredArray, number: int = 1) -> NDArray[Any] | None:
    """Voxels [z, y, x] of a volume (`number`, from 1), scaled, by numpy alone; None for colours.

    `check_stored` has seen to the file's length.
    """
    kind = plain_kind(header)
    if kind is None:
        return None
    sizes = (*stored.sizes, 1, 1)[:3]
    nbytes = math.prod(sizes) * stored.bytes_per_value
    with gzip.open(stored.data_path) if stored.packing == "gzip" else stored.data_path.open("rb") as file:
        file.seek(stored.offset + (number - 1) * nbytes)
        content = file.read(nbytes)
    voxels: NDArray[Any] = np.frombuffer(content, kind).reshape(sizes[::-1])
    voxels = voxels.astype(voxels.dtype.newbyteorder("="))
    scale = header.scale
    if scale is None or scale == (1.0, 0.0):
        return voxels
    slope, intercept = scale
    scaled: NDArray[np.float64] = voxels.astype(np.float64) * slope + intercept
    return scaled
