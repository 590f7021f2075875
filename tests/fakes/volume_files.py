"""Volume files in forms that the program reads but does not write."""

from __future__ import annotations

import bz2
import gzip
import struct
from pathlib import Path

import numpy as np


def as_nifti_2(raw: bytes, order: str, magic: bytes, offset: int) -> bytes:
    """The header of NIfTI-2 that says the same, by the fields of nifti2.h."""

    def get(code: str, at: int) -> tuple[float, ...]:
        return struct.unpack_from("<" + code, raw, at)

    wide = bytearray(540)

    def put(code: str, at: int, *values: float) -> None:
        struct.pack_into(order + code, wide, at, *values)

    put("i", 0, 540)
    wide[4:12] = magic + b"\0\r\n\x1a\n"
    put("2h", 12, *get("2h", 70))
    put("8q", 16, *get("8h", 40))
    put("8d", 104, *get("8f", 76))
    put("q", 168, offset)
    put("2d", 176, *get("2f", 112))
    put("2i", 344, *get("2h", 252))
    put("6d", 352, *get("6f", 256))
    put("12d", 400, *get("12f", 280))
    put("i", 500, raw[123])
    return bytes(wide)


def nrrd(path: Path, values: np.ndarray, *lines: str, kinds: str, packing: str = "raw") -> Path:
    """`values` with axes in the header's order (the first runs fastest)."""
    vectors = iter(("(0,0.9,0)", "(0.8,0,0)", "(0,0,-2)"))
    directions = " ".join(next(vectors) if kind == "domain" else "none" for kind in kinds.split())
    head = ["NRRD0005", "type: short", f"dimension: {values.ndim}", "space: left-posterior-superior"]
    head += [f"sizes: {' '.join(map(str, values.shape))}", f"space directions: {directions}", f"kinds: {kinds}"]
    head += ["endian: little", f"encoding: {packing}", "space origin: (5,-7,91)", *lines, "", ""]
    content = values.astype("<i2").tobytes(order="F")
    packed = {"raw": bytes, "gzip": gzip.compress, "bzip2": bz2.compress}[packing](content)
    path.write_bytes("\n".join(head).encode() + packed)
    return path
