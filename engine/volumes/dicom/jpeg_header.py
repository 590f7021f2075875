"""What a JPEG or JPEG-LS stream says of its own size: a decoder trusts it more than the file around it."""

from __future__ import annotations

import struct
from typing import Final

_FRAME_STARTS: Final = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""SOF0 … SOF15 without the tables between them (ITU-T T.81, table B.1), and SOF55 of JPEG-LS (T.87)."""

_BARE: Final = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""


def frame_size(stream: bytes) -> tuple[int, int, int] | None:
    """(rows, columns, samples a pixel) of a compressed frame; None where its header says nothing or makes no sense."""
    if not stream.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF or marker in _BARE:  # filling, or a marker that stands alone
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAME_STARTS:
            if at + 10 > len(stream):
                return None
            rows, columns, samples = struct.unpack_from(">HHB", stream, at + 5)
            return (rows, columns, samples) if rows and columns and samples else None
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return None
