"""What Pillow does not say of a TIFF: signed and unsigned numbers, white stored as 0, pages that belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.volumes.headers.stored_array import check_sizes

SUFFIXES: Final = (".tif", ".tiff")
_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PHOTOMETRIC, _BITS, _SAMPLE_FORMAT = 262, 258, 339
_UNSIGNED, _SIGNED = 1, 2
_BYTES: Final = {"RGB": 3, "RGBA": 4, "CMYK": 4, "I": 4, "F": 4, "L": 1, "P": 1, "1": 1}  # of a pixel in memory


def is_tiff(path: Path) -> bool:
    """Whether the file begins as a TIFF, of whatever kind."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def pages_of(
    path: Path, image: Image.Image, count: int, notes: list[str], decoded: Callable[[Image.Image], Image.Image]
) -> list[Image.Image]:
    """All pages where they are of one size and kind; else the first, as of a pyramid or with a preview beside it.

    Raises ScanUnreadable where they would not fit into memory, and what Pillow raises for damaged files.
    """
    size, mode = image.size, image.mode
    check_sizes(path, (*size, count), size[0] * size[1] * count * _BYTES.get(mode, 2))
    pages: list[Any] = []
    for at in range(count):
        image.seek(at)
        if image.size != size or image.mode != mode:
            notes.append(f"The file holds {count} pages that differ in size or kind; only the first is used.")
            return pages[:1]
        page = decoded(image)
        pages.append(page.copy() if page is image else page)
        pages[-1].format = image.format
        # A copy of a page does not keep what the file says of it.
        pages[-1].tag_v2 = dict(getattr(image, "tag_v2", {}))
    notes.append(f"The file holds {count} pages, which are taken as slices: it does not say where they lie.")
    return pages


def bits_of(image: Image.Image) -> int:
    """Bits of one value of a TIFF's pixel as stored; 8 where nothing is said."""
    return int(_tag(image, _BITS, 8))


def white_is_zero(image: Image.Image) -> bool:
    """Whether low values are bright; Pillow turns 8 bits round by itself, and leaves 16 as they are."""
    return bool(_tag(image, _PHOTOMETRIC, 1) == 0)


def as_meant(image: Image.Image, pixels: NDArray[Any]) -> NDArray[Any]:
    """Pillow hands over signed bytes as unsigned ones, unsigned 32 bits as signed ones: their bits, read rightly."""
    if image.format != "TIFF":
        return pixels
    kind = _tag(image, _SAMPLE_FORMAT, _UNSIGNED)
    if kind == _SIGNED and pixels.dtype == np.uint8:
        return pixels.view(np.int8).astype(np.int16)
    if kind == _UNSIGNED and pixels.dtype == np.int32 and bits_of(image) == 32:
        return np.ascontiguousarray(pixels).view(np.uint32)
    return pixels


def _tag(image: Image.Image, number: int, otherwise: int) -> Any:
    value = getattr(image, "tag_v2", {}).get(number, otherwise)
    return (max(value) if value else otherwise) if isinstance(value, tuple) else value
