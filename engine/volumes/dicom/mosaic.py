"""Siemens' mosaics: one file holds all slices of a volume as tiles of a sheet.

The header's position is that of the sheet, as if its middle were the slice's; the slices' direction is in Siemens' own
header (CSA, format SV10), as is whether they were numbered in reverse. Where either is missing, the sheet is refused.
"""

from __future__ import annotations

import contextlib
import math
import re
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.header import Instance
from engine.volumes.geometry import Geometry

_MOST_ELEMENTS: Final = 2_000
_REVERSED: Final = re.compile(r"sSliceArray\.ucImageNumb\w*\s*=\s*(0x[0-9a-fA-F]+|\d+)")
_HINT: Final = "Convert it with dcm2niix, which knows these sheets, and give the .nii.gz file."


@dataclass(frozen=True)
class Sheet:
    """How the sheet is cut: tiles a side, rows and columns of a tile, slices, and where they lie."""

    tiles: int
    rows: int
    columns: int
    slices: int
    geometry: Geometry

    def cut(self, sheet: NDArray[Any]) -> NDArray[Any]:
        """[tiles * rows, tiles * columns] → [slices, rows, columns]; the tiles left over are empty."""
        tiled = sheet.reshape(self.tiles, self.rows, self.tiles, self.columns).transpose(0, 2, 1, 3)
        return tiled.reshape(-1, self.rows, self.columns)[: self.slices]


def size_of(instance: Instance) -> tuple[int, int, int]:
    """Slices, rows and columns of the volume on a sheet; slices 0 where the header does not say."""
    if instance.mosaic <= 0:
        return 0, instance.rows, instance.columns
    tiles = math.ceil(math.sqrt(instance.mosaic))
    return instance.mosaic, instance.rows // tiles, instance.columns // tiles


def understand(name: str, instance: Instance, dataset: Any) -> Sheet:
    """Raises ScanUnreadable where the sheet cannot be cut with certainty."""
    frame = instance.frames[0]
    if instance.mosaic < 0:
        raise ScanUnreadable(
            f"{name} is a sheet of slices (Siemens mosaic), and its header does not say how many.", hint=_HINT
        )
    slices, rows, columns = size_of(instance)
    tiles = math.ceil(math.sqrt(slices))
    if rows * tiles != instance.rows or columns * tiles != instance.columns:
        raise ScanUnreadable(
            f"{name} is a sheet of {slices} slices (Siemens mosaic), but its size is no multiple of a slice's.",
            hint=_HINT,
        )
    normal = _normal(dataset)
    if normal is None or frame.position is None or frame.orientation is None or frame.pixel_mm is None:
        raise ScanUnreadable(
            f"{name} is a sheet of slices (Siemens mosaic) whose header lost where they lie (Siemens' private part).",
            hint=_HINT,
        )
    if frame.spacing_between is None or frame.spacing_between <= 0:
        raise ScanUnreadable(
            f"{name} is a sheet of slices (Siemens mosaic) whose header does not say how far apart they are.",
            hint=_HINT,
        )
    if _numbered_in_reverse(dataset):
        raise ScanUnreadable(f"{name} is a sheet of slices (Siemens mosaic) that are numbered in reverse.", hint=_HINT)
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    across = np.cross(row, column)
    if abs(abs(float(across @ normal)) - 1) > 0.01:
        raise ScanUnreadable(
            f"{name} is a sheet of slices (Siemens mosaic) whose two headers contradict each other.", hint=_HINT
        )
    along = across * np.sign(across @ normal)
    matrix = np.eye(4)
    matrix[:3, 0] = row * frame.pixel_mm[1]
    matrix[:3, 1] = column * frame.pixel_mm[0]
    matrix[:3, 2] = along * frame.spacing_between
    # The stated position is that of a slice as large as the sheet, about the same middle.
    corner = np.array([(instance.columns - columns) / 2, (instance.rows - rows) / 2])
    matrix[:3, 3] = np.array(frame.position) + matrix[:3, :2] @ corner
    return Sheet(tiles, rows, columns, slices, Geometry.from_matrix(matrix))


def _normal(dataset: Any) -> NDArray[np.float64] | None:
    content = _private(dataset, 0x10)
    if content is None:
        return None
    with contextlib.suppress(ValueError, struct.error, IndexError, UnicodeDecodeError):
        values = [float(text) for text in csa_elements(content).get("SliceNormalVector", [])]
        if len(values) == 3 and abs(math.hypot(*values) - 1) < 0.01:
            return np.array(values)
    return None


def _numbered_in_reverse(dataset: Any) -> bool:
    content = _private(dataset, 0x20)
    if content is None:
        return False
    found = _REVERSED.findall(content.decode("latin-1"))
    return any(int(text, 0) != 0 for text in found)


def _private(dataset: Any, element: int) -> bytes | None:
    with contextlib.suppress(Exception):
        value = dataset.private_block(0x0029, "SIEMENS CSA HEADER")[element].value
        return value if isinstance(value, bytes) else None
    return None


def csa_elements(content: bytes) -> dict[str, list[str]]:
    """The named values of a CSA header, format SV10. Raises ValueError or struct.error for what is none."""
    if content[:4] != b"SV10":
        raise ValueError("no CSA header")
    count = struct.unpack_from("<I", content, 8)[0]
    if count > _MOST_ELEMENTS:
        raise ValueError("too many elements")
    found: dict[str, list[str]] = {}
    at = 16
    for _ in range(count):
        name = content[at : at + 64].split(b"\0")[0].decode("latin-1")
        items = struct.unpack_from("<i", content, at + 76)[0]
        at += 84
        if not 0 <= items <= _MOST_ELEMENTS:
            raise ValueError("too many values")
        values = []
        for _ in range(items):
            length = struct.unpack_from("<4i", content, at)[1]
            at += 16
            if length < 0 or at + length > len(content):
                raise ValueError("a value beyond the end")
            text = content[at : at + length].split(b"\0")[0].decode("latin-1").strip()
            if text:
                values.append(text)
            at += (length + 3) // 4 * 4
        found[name] = values
    return found
