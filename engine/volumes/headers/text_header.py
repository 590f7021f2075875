"""Headers of NRRD and MetaImage files: lines of text before the voxels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any, Final

import numpy as np

from engine.contract.errors import ScanUnreadable
from engine.volumes.headers.stored_array import SEND_AGAIN, Packing, StoredArray

_LONGEST: Final = 1 << 20

_NRRD_BYTES: Final = {
    **dict.fromkeys(("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), 2),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t"), 4),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), 8),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), 8),
    "float": 4,
    "double": 8,
}
_META_BYTES: Final = {
    "MET_CHAR": 1,
    "MET_UCHAR": 1,
    "MET_SHORT": 2,
    "MET_USHORT": 2,
    "MET_INT": 4,
    "MET_UINT": 4,
    "MET_LONG": 4,
    "MET_ULONG": 4,
    "MET_LONG_LONG": 8,
    "MET_ULONG_LONG": 8,
    "MET_FLOAT": 4,
    "MET_DOUBLE": 8,
}
_NRRD_PACKING: Final[dict[str, Packing]] = {
    "raw": "none",
    "gz": "gzip",
    "gzip": "gzip",
    "bz2": "bzip2",
    "bzip2": "bzip2",
}


@dataclass(frozen=True)
class TextHeader:
    """`fields` as written (NRRD names in lower case); `length` in bytes, up to where voxels may begin."""

    fields: dict[str, str]
    length: int
    stored: StoredArray | None
    """None where the layout is one that cannot be checked beforehand (text encodings, a list of files)."""
    spatial: tuple[int, ...] = field(default=())
    """Sizes of the axes in space, x first."""
    pairs: dict[str, str] = field(default_factory=dict)
    """NRRD's key/value pairs, which other programs' readers pass over."""
    kind: np.dtype[Any] | None = None
    """The stored numbers, with their byte order; None where `stored` is, or a voxel has several values."""


def read_nrrd_header(path: Path) -> TextHeader:
    """Of a .nrrd or .nhdr file; raises ScanUnreadable for another kind of file, a missing field, an impossible size."""
    start = _start(path)
    if not start.startswith(b"NRRD000"):
        raise ScanUnreadable(f"{path} is not an NRRD file, whatever its name says.", hint=SEND_AGAIN)
    blank = re.search(rb"\r?\n\r?\n", start)
    length = blank.end() if blank else len(start)
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    # Only line feeds end a line: a key's value may hold other characters that count as line ends elsewhere.
    for line in start[: blank.start() if blank else None].decode("utf-8", "replace").split("\n")[1:]:
        name, separator, value = line.rstrip("\r").partition(":")
        if not separator or line.startswith("#"):
            continue
        if value.startswith("="):
            pairs[name] = _unescaped(value[1:])
        else:
            fields[name.strip().lower()] = value.strip()
    detached = fields.get("data file", fields.get("datafile"))
    if blank is None and detached is None:
        raise ScanUnreadable(f"{path} ends within its header.", hint=SEND_AGAIN)
    for needed in ("type", "dimension", "sizes", "encoding"):
        if needed not in fields:
            raise ScanUnreadable(f"{path} has a damaged header: it lacks {needed!r}.", hint=SEND_AGAIN)
    sizes = _integers(path, "sizes", fields["sizes"])
    colour = [index for index, axis in enumerate(_nrrd_kinds(fields, len(sizes))) if axis]
    spatial = tuple(size for index, size in enumerate(sizes) if index not in colour)
    _check_nrrd_spacing(path, fields)
    width = _NRRD_BYTES.get(fields["type"].lower())
    packing = _NRRD_PACKING.get(fields["encoding"].lower())
    skips = any(fields.get(name, "0") not in ("0", "") for name in ("line skip", "lineskip", "byte skip", "byteskip"))
    several = detached is not None and (detached.startswith("LIST") or "%" in detached)
    for named in (fields.get("data file"), fields.get("datafile")):
        if named is not None:
            _check_beside(path, named, start[start.find(b"LIST") :])
    if width is None or packing is None or skips or several:
        return TextHeader(fields, length, None, spatial, pairs)
    data = path if detached is None else path.parent / detached
    stored = StoredArray(sizes, width, 1, data, length if detached is None else 0, packing)
    kind = None if colour else _kind(fields["type"].lower(), width, big=fields.get("endian", "").lower() == "big")
    return TextHeader(fields, length, stored, spatial, pairs, kind)


def _kind(name: str, width: int, *, big: bool) -> np.dtype[Any]:
    """Both formats call their numbers by C's names: what is neither a fraction nor unsigned is signed."""
    letter = "f" if name.endswith(("float", "double")) else "u" if name.startswith("u") else "i"
    return np.dtype(f"{'>' if big else '<'}{letter}{width}")


def pair_line(key: str, value: str) -> str:
    """A key/value line of an NRRD header; what would end the line is escaped."""
    return f"{key}:=" + value.replace("\\", "\\\\").replace("\n", "\\n")


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def _nrrd_kinds(fields: dict[str, str], count: int) -> list[bool]:
    """For each axis whether it runs through the values of one voxel instead of through space."""
    kinds = fields.get("kinds", "").split()
    directions = re.findall(r"none|\([^)]*\)", fields.get("space directions", ""))
    if len(directions) == count:
        return [text == "none" for text in directions]
    if len(kinds) == count:
        return [kind not in ("domain", "space", "time", "none", "???") for kind in kinds]
    return [False] * count


def _check_nrrd_spacing(path: Path, fields: dict[str, str]) -> None:
    lengths = []
    for text in re.findall(r"\(([^)]*)\)", fields.get("space directions", "")):
        lengths.append(math.hypot(*_floats(text.split(","))))
    # `spacings` may be nan for axes that have none.
    lengths += [value for value in _floats(fields.get("spacings", "").split()) if not math.isnan(value)]
    if any(not value > 0 and not value < 0 for value in lengths):
        raise zero_spacing(path)


def read_meta_header(path: Path) -> TextHeader:
    """Of an .mha or .mhd file; raises ScanUnreadable as for NRRD."""
    start = _start(path)
    if b"\0" in start[:64] or b"=" not in start[:256]:
        raise ScanUnreadable(f"{path} is not a MetaImage file, whatever its name says.", hint=SEND_AGAIN)
    # Its readers take a colon for an equals sign.
    end = re.search(rb"^[ \t]*ElementDataFile[ \t]*[=:][^\n]*(\n|\Z)", start, re.MULTILINE)
    if end is None:
        raise ScanUnreadable(
            f"{path} has a damaged header: it does not say where its voxels are (ElementDataFile).", hint=SEND_AGAIN
        )
    fields: dict[str, str] = {}
    for line in start[: end.end()].decode("utf-8", "replace").splitlines():
        parts = re.split("[=:]", line, maxsplit=1)
        if len(parts) == 2:
            fields[parts[0].strip()] = parts[1].strip()
    for needed in ("NDims", "DimSize", "ElementType"):
        if needed not in fields:
            raise ScanUnreadable(f"{path} has a damaged header: it lacks {needed!r}.", hint=SEND_AGAIN)
    sizes = _integers(path, "DimSize", fields["DimSize"])
    spacings = fields.get("ElementSpacing", fields.get("ElementSize", ""))
    if any(not value > 0 and not value < 0 for value in _floats(spacings.split())):
        raise zero_spacing(path)
    where = fields["ElementDataFile"]
    width = _META_BYTES.get(fields["ElementType"].removesuffix("_ARRAY"))
    is_text = fields.get("BinaryData", "True").lower().startswith("f")
    skips = fields.get("HeaderSize", "0") not in ("0", "")
    several = where.startswith("LIST") or "%" in where
    _check_beside(path, where, start[end.start() :])
    if width is None or is_text or skips or several:
        return TextHeader(fields, end.end(), None, sizes)
    channels = _integers(path, "ElementNumberOfChannels", fields.get("ElementNumberOfChannels", "1"))
    packed = fields.get("CompressedData", "False").lower().startswith("t")
    local = where.upper() == "LOCAL"
    stored = StoredArray(
        sizes,
        width,
        max(1, channels[0]),
        path if local else path.parent / where,
        end.end() if local else 0,
        "zlib" if packed else "none",
    )
    named = fields["ElementType"].removesuffix("_ARRAY").removeprefix("MET_").lower()
    order = fields.get("ElementByteOrderMSB", fields.get("BinaryDataByteOrderMSB", "False"))
    kind = None if channels[0] > 1 else _kind(named, width, big=order.lower().startswith("t"))
    return TextHeader(fields, end.end(), stored, sizes, kind=kind)


def _check_beside(path: Path, named: str, listing: bytes) -> None:
    """Raises ScanUnreadable where voxels are said to lie anywhere but in the header's folder or below it.

    `named` is what the header says; after LIST the files follow, one a line, in `listing`. A header that came from
    elsewhere could otherwise have any file of this machine read and shown as voxels.
    """
    names = [named]
    if named.startswith("LIST"):
        names = [line.strip() for line in listing.decode("utf-8", "replace").splitlines()[1:] if line.strip()]
    for name in names:
        place = PureWindowsPath(name)  # knows both kinds of separators, and drives
        if place.anchor or name.startswith("~") or ".." in place.parts:
            raise ScanUnreadable(
                f"{path} says that its voxels are in {name!r}, outside its own folder; such files are not followed.",
                hint="Put the file beside the header and write its name alone into it.",
            )


def zero_spacing(path: Path) -> ScanUnreadable:
    return ScanUnreadable(
        f"{path} says that its voxels lie 0 mm apart along an axis.",
        hint="Set the voxel size (in 3D Slicer: Volumes, Volume Information) and save it again.",
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LONGEST)


def _integers(path: Path, name: str, text: str) -> tuple[int, ...]:
    try:
        values = tuple(int(word) for word in text.split())
    except ValueError:
        values = ()
    if not values:
        raise ScanUnreadable(f"{path} has a damaged header: {name} is {text[:60]!r}.", hint=SEND_AGAIN)
    return values


def _floats(words: list[str]) -> list[float]:
    found = []
    for word in words:
        try:
            found.append(float(word))
        except ValueError:
            found.append(math.nan)
    return found
