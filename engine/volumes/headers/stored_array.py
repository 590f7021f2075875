"""What a header says lies on disk, checked against the file before anything is read.

SimpleITK reads a truncated NIfTI as if the rest were zeros, and damaged compressed NRRD or MetaImage data as if nothing
were wrong; so compressed data is unpacked once here, piece by piece, and its checksum compared.
"""

from __future__ import annotations

import bz2
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import psutil

from engine.contract.errors import ScanUnreadable

Packing = Literal["none", "gzip", "zlib", "bzip2", "unknown"]

_PIECE: Final = 1 << 20
_LARGEST_AXIS: Final = 65_535
_MEMORY_SHARE: Final = 0.6
# One deflated byte becomes 1032 at most, one byte of bzip2 some 45,000.
_RATIO: Final = {"gzip": 1100, "zlib": 1100, "bzip2": 50_000}
SEND_AGAIN: Final = "The file is damaged or was not copied to its end: copy or export it again."


@dataclass(frozen=True)
class StoredArray:
    """An array on disk. `sizes` in the header's order; `offset` is where its bytes begin in the (unpacked) file."""

    sizes: tuple[int, ...]
    bytes_per_value: int
    values_per_voxel: int
    data_path: Path
    offset: int
    packing: Packing

    @property
    def nbytes(self) -> int:
        return math.prod(self.sizes) * self.bytes_per_value * self.values_per_voxel


def check_stored(
    path: Path,
    stored: StoredArray,
    *,
    whole_file_packed: bool = False,
    unpacked: Callable[[bytes], None] | None = None,
) -> None:
    """Raises ScanUnreadable where the sizes are absurd, memory would not do, or the data is missing, short or damaged.

    `whole_file_packed`: the header lies within the packed stream too (.nii.gz). `unpacked` hears each piece of packed
    data on the way.
    """
    check_sizes(path, stored.sizes, stored.nbytes)
    data = stored.data_path
    if not data.is_file():
        raise ScanUnreadable(
            f"{path} is only a header; its voxels should be in {data.name}, which is not beside it.",
            hint=f"Put {data.name} into the same folder.",
        )
    begin = 0 if whole_file_packed else stored.offset
    on_disk = max(0, data.stat().st_size - begin)
    needed = stored.nbytes + (stored.offset if whole_file_packed else 0)
    if stored.packing == "none":
        if on_disk < needed:
            raise _short(path, data, needed, on_disk)
    elif stored.packing in _RATIO:
        if on_disk * _RATIO[stored.packing] < needed:
            raise _short(path, data, needed, None)
        _unpack(path, data, begin, needed, stored.packing, unpacked or _unheard)


def check_sizes(path: Path, sizes: tuple[int, ...], nbytes: int) -> None:
    """Raises ScanUnreadable where an axis is empty or absurdly long, or the voxels would not fit into memory."""
    named = " × ".join(str(n) for n in sizes)
    if not sizes or min(sizes) < 1:
        raise ScanUnreadable(f"{path} holds no voxels: its header says {named or 'no size'}.", hint=SEND_AGAIN)
    free = int(psutil.virtual_memory().available * _MEMORY_SHARE)
    if max(sizes) > _LARGEST_AXIS or nbytes > free:
        raise ScanUnreadable(
            f"{path} says that it holds {named} voxels ({nbytes / 2**30:,.1f} GiB), "
            f"more than this machine can take now ({free / 2**30:,.1f} GiB).",
            hint="If the size is right, crop the scan or close other programs; if not, the header is damaged.",
        )


def several_volumes(path: Path, sizes: tuple[int, ...]) -> ScanUnreadable:
    named = " × ".join(str(n) for n in sizes)
    return ScanUnreadable(
        f"{path} holds several volumes ({named}): a series in time or several channels.",
        hint=f"Choose one of the {math.prod(sizes[3:])} (--series 1), or split it (3D Slicer, `fslsplit`) and give one "
        "volume.",
        field="series",
    )


def damaged(path: Path, error: Exception) -> ScanUnreadable:
    return ScanUnreadable(f"{path} is damaged: it cannot be unpacked ({error}).", hint=SEND_AGAIN)


def _short(path: Path, data: Path, needed: int, found: int | None) -> ScanUnreadable:
    where = str(path) if data == path else f"{path} ({data.name})"
    has = "far fewer" if found is None else f"only {found:,}"
    return ScanUnreadable(f"{where} ends too early: {needed:,} bytes expected, {has} there.", hint=SEND_AGAIN)


def _unheard(piece: bytes) -> None:
    del piece


def _unpack(
    path: Path, data: Path, begin: int, needed: int, packing: Packing, unpacked: Callable[[bytes], None]
) -> None:
    """Unpacks without keeping anything; stops at the first byte too many, so that a bomb costs no memory."""
    makers: dict[Packing, Callable[[], zlib._Decompress | bz2.BZ2Decompressor]] = {
        "bzip2": bz2.BZ2Decompressor,
        "gzip": _gzip,
        "zlib": zlib.decompressobj,
    }
    make = makers[packing]
    unpacker = make()
    length = 0
    ended = False
    try:
        with data.open("rb") as file:
            file.seek(begin)
            piece = file.read(_PIECE)
            while piece and length <= needed:
                ended = False
                given = unpacker.decompress(piece, _PIECE)
                while True:
                    length += len(given)
                    unpacked(given)
                    if length > needed or (rest := _held_back(unpacker)) is None:
                        break
                    given = unpacker.decompress(rest, _PIECE)
                if unpacker.eof:
                    ended = True
                    piece = unpacker.unused_data or file.read(_PIECE)
                    # A gzip file may hold several members; anything else after the end is padding.
                    if packing != "gzip" or piece[:2] != b"\x1f\x8b":
                        break
                    unpacker = make()
                else:
                    piece = file.read(_PIECE)
            if not ended and length <= needed and not isinstance(unpacker, bz2.BZ2Decompressor):
                given = unpacker.flush()
                length += len(given)
                unpacked(given)
                ended = unpacker.eof
    except (zlib.error, OSError, EOFError) as error:
        raise damaged(path, error) from error
    if length < needed:
        raise _short(path, data, needed, length)
    if not ended and length <= needed:
        raise ScanUnreadable(f"{path} ends too early: its compressed data has no end mark.", hint=SEND_AGAIN)


def _gzip() -> zlib._Decompress:
    return zlib.decompressobj(31)


def _held_back(unpacker: zlib._Decompress | bz2.BZ2Decompressor) -> bytes | None:
    """Input that the unpacker has not used because its output was full; None where it wants more or has ended."""
    if unpacker.eof:
        return None
    if isinstance(unpacker, bz2.BZ2Decompressor):
        return None if unpacker.needs_input else b""
    return unpacker.unconsumed_tail or None
