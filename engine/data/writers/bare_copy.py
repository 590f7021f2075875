"""A file copied with its pixels byte for byte, and without the texts beside them, which may name a patient.

PNG: the PNG specification, chunks; JPEG: ITU-T T.81 annex B, markers; NIfTI: nifti1.h, fields of text and extensions.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Final

from engine.contract.errors import ScanUnreadable
from engine.volumes.headers.nifti import DATA_OFFSET, SIZE, read_nifti_header

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".nii", ".nii.gz")
"""What can be copied bare; other files are written anew from their voxels."""
_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME")
_KEPT_MARKERS: Final = (0xE0, 0xEE)  # JFIF, and Adobe's, which says what the colours are


def copy_bare(source: Path, target: Path) -> bool:
    """Whether the file was copied; False for one that cannot be told apart from its texts, of which nothing is written.

    A picture's orientation mark is a text too: such pictures are not for this.
    """
    name = source.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return _nifti(source, target)
    content = source.read_bytes()
    bare = _png(content) if name.endswith(".png") else _jpeg(content)
    if bare is None:
        return False
    target.write_bytes(bare)
    return True


def _png(content: bytes) -> bytes | None:
    found, at = bytearray(content[:8]), 8
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            return None
        if kind not in _TEXTS:
            found += content[at:end]
        if kind == b"IEND":
            return bytes(found)  # what lies behind the end is no part of the picture
        at = end
    return None


def _jpeg(content: bytes) -> bytes | None:
    if content[:2] != b"\xff\xd8":
        return None
    found, at = bytearray(content[:2]), 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        if marker == 0xDA:
            end = content.rfind(b"\xff\xd9")
            return None if end < at else bytes(found + content[at : end + 2])
        text = marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in _KEPT_MARKERS)
        if not text:
            found += content[at : at + 2 + length]
        at += 2 + length
    return None


def _nifti(source: Path, target: Path) -> bool:
    try:
        header = read_nifti_header(source)
    except ScanUnreadable:
        return False
    if header.wide or header.data_path is not None:
        return False
    content = source.read_bytes()
    raw = bytearray(gzip.decompress(content) if header.gzipped else content)
    voxels = bytes(raw[max(SIZE, int(header.vox_offset)) :])
    head = raw[:SIZE]
    head[4:32] = bytes(28)  # data_type, db_name
    head[148:252] = bytes(104)  # descrip, aux_file
    head[328:344] = bytes(16)  # intent_name
    struct.pack_into(header.order + "f", head, 108, DATA_OFFSET)
    bare = bytes(head) + bytes(4) + voxels  # four bytes that say: no extension
    if bare == bytes(raw):
        target.write_bytes(content)  # nothing was in it: byte for byte
        return True
    target.write_bytes(gzip.compress(bare, compresslevel=6, mtime=0) if target.name.endswith(".gz") else bare)
    return True
