"""NRRD as ITK does not read it: bzip2, and axes that run through several volumes (time, a list, layers of segments).

One volume of such a file becomes an NRRD of its own, three axes and plain bytes, which ITK then reads.
"""

from __future__ import annotations

import bz2
import gzip
import math
import re
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.volumes.formats.through_itk import read_through_itk
from engine.volumes.geometry import Geometry
from engine.volumes.headers.text_header import TextHeader

_IN_SPACE: Final = ("domain", "space")
_ACROSS: Final = ("list", "time", "scalar", "none", "???")
_PER_AXIS: Final = ("kinds", "spacings", "thicknesses", "centers", "centerings", "units", "labels", "space directions")
_DROPPED: Final = ("data file", "datafile", "encoding", "endian", "content", "block size", "axis mins", "axis maxs")


def along_several(header: TextHeader) -> list[int]:
    """The axes of more than one value that run through volumes, not through space or a voxel's colours."""
    fields, count = header.fields, len(_words(header.fields["sizes"]))
    kinds = fields.get("kinds", "").split()
    directions = re.findall(r"none|\([^)]*\)", fields.get("space directions", ""))
    sizes = [int(word) for word in _words(fields["sizes"])]
    if count <= 3 and len(directions) != count and len(kinds) != count:
        return []
    if len(directions) == count and "none" in directions:
        others = [at for at, text in enumerate(directions) if text == "none"]
    elif len(kinds) == count:
        others = [at for at, kind in enumerate(kinds) if kind not in _IN_SPACE]
    else:
        return []
    # An axis within the voxel (colours, vectors) comes first, and is ITK's.
    inner = {at for at in others if (kinds[at] not in _ACROSS if len(kinds) == count else at == 0)}
    found = [at for at in others if at not in inner and sizes[at] > 1]
    return found if count - len(others) == 3 else []


def sizes_in_order(header: TextHeader) -> tuple[int, ...]:
    """Sizes of the axes in space, x first, then of those that count volumes."""
    sizes = [int(word) for word in _words(header.fields["sizes"])]
    several = along_several(header)
    space = [sizes[at] for at in _spatial(header)]
    return (*space, *(sizes[at] for at in several))


def needs_unpacking(header: TextHeader) -> bool:
    return header.fields["encoding"].lower() in ("bz2", "bzip2") or bool(along_several(header))


def read_one(path: Path, header: TextHeader, number: int) -> tuple[NDArray[Any], Geometry, int]:
    """Volume `number`, from 1, as `read_through_itk` gives it. The file's length was checked. Raises ScanUnreadable."""
    values = _stored(header)
    several = along_several(header)
    keep = list(range(values.ndim))
    if several:
        shape = [values.shape[at] for at in several]
        where = np.unravel_index(number - 1, shape, order="F")
        index: list[Any] = [slice(None)] * values.ndim
        for at, place in zip(several, where, strict=True):
            index[at] = int(place)
        others = [at for at in keep if at not in several and at not in _spatial(header)]
        for at in others:
            index[at] = 0  # of one value: nothing is lost
        values = values[tuple(index)]
        keep = _spatial(header)
    with tempfile.TemporaryDirectory(prefix="tunevlseg-nrrd-") as folder:
        file = Path(folder) / path.name
        file.write_bytes(_written(header, values, keep))
        return read_through_itk(file, "NrrdImageIO")


def _spatial(header: TextHeader) -> list[int]:
    count = len(_words(header.fields["sizes"]))
    directions = re.findall(r"none|\([^)]*\)", header.fields.get("space directions", ""))
    if len(directions) == count:
        return [at for at, text in enumerate(directions) if text != "none"]
    kinds = header.fields.get("kinds", "").split()
    if len(kinds) == count:
        return [at for at, kind in enumerate(kinds) if kind in _IN_SPACE]
    return list(range(count))


def _stored(header: TextHeader) -> NDArray[Any]:
    """All values, axes in the header's order."""
    stored = header.stored
    assert stored is not None  # `check_stored` has seen to it
    with stored.data_path.open("rb") as file:
        file.seek(stored.offset)
        content = file.read()
    if stored.packing == "bzip2":
        content = bz2.decompress(content)
    elif stored.packing == "gzip":
        content = gzip.decompress(content)
    kind = np.dtype((np.void, stored.bytes_per_value))
    flat = np.frombuffer(content, kind, count=math.prod(stored.sizes))
    return flat.reshape(stored.sizes, order="F")


def _written(header: TextHeader, values: NDArray[Any], keep: list[int]) -> bytes:
    fields = {name: value for name, value in header.fields.items() if name not in _DROPPED and ":=" not in name}
    count = len(_words(header.fields["sizes"]))
    for name in _PER_AXIS:
        if name in fields and len(keep) < count:
            words = _words(fields[name])
            if len(words) == count:
                fields[name] = " ".join(words[at] for at in keep)
            else:
                del fields[name]
    fields["dimension"] = str(values.ndim)
    fields["sizes"] = " ".join(str(size) for size in values.shape)
    fields["encoding"] = "raw"
    if "endian" in header.fields:
        fields["endian"] = header.fields["endian"]
    first = [name for name in ("type", "dimension", "space", "space dimension") if name in fields]
    order = [*first, *(name for name in fields if name not in first)]
    lines = ["NRRD0005", *(f"{name}: {fields[name]}" for name in order), "", ""]
    return "\n".join(lines).encode("utf-8") + values.tobytes(order="F")


def _words(text: str) -> list[str]:
    """Words, of which a vector in parentheses or a text in quotes is one."""
    return re.findall(r"\([^)]*\)|\"[^\"]*\"|\S+", text)
