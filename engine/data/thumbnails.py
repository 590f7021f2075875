"""Small pictures of cases with their masks beside them, for the Data page: kept by a stamp of the files they show."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.contract.whole_file import write_bytes
from engine.data.config import DataConfig
from engine.data.grey_levels import intensity_for, preprocess_for
from engine.data.readers.base import Case
from engine.data.slices import OpenedCase, SlicedCase, open_case
from engine.volumes.preprocess import Preprocess, intensity_range, to_uint8_rgb

SIDE = 224
"""Longest side of a thumbnail in pixels: sharp also where a screen has two pixels for each of the window's."""
MOST_BYTES = 400_000_000
"""Of all thumbnails; beyond, those that were drawn first go."""
_QUALITY = 88
_VERSION = 2  # of how they are drawn


def drawn(case: Case, root: Path, config: DataConfig, shelf: Path) -> tuple[Path, Path]:
    """Paths of the picture (.jpg) and of its label values (.png, grey), drawn where `shelf` lacks them.

    Of a volume, the slice with most of the labels of `config` (of any, where it has none). Raises CaseRefused for files
    that cannot be used, DiskFull or InputError where the shelf cannot be written.
    """
    name = stamp(case, config)
    picture_file = shelf / name[:2] / f"{name}.jpg"
    mask_file = picture_file.with_suffix(".png")
    if not (picture_file.is_file() and mask_file.is_file()):
        picture, mask = draw(open_case(case, root), config)
        write_bytes(mask_file, _encoded(mask, "PNG"))
        write_bytes(picture_file, _encoded(picture, "JPEG", quality=_QUALITY))
    return picture_file, mask_file


def stamp(case: Case, config: DataConfig) -> str:
    """32 hex digits that change with the files (place, size, time) and with what is shown of them."""
    found = hashlib.sha256(f"{_VERSION} {SIDE} {config.plane} {config.intensity}".encode())
    found.update(repr((config.window_center, config.window_width, [label.value for label in config.labels])).encode())
    for path, said in [(case.image, str(case.volume)), *((mask.path, repr(mask)) for mask in case.masks)]:
        try:
            state = path.stat()
            found.update(f"{path} {state.st_size} {state.st_mtime_ns} {said}".encode("utf-8", "surrogatepass"))
        except OSError:
            found.update(f"{path} gone".encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:32]


def draw(opened: OpenedCase, config: DataConfig) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture uint8 [h, w, 3] and label values uint8 [h, w], 0 for none, of one slice; the longest side at most SIDE.

    Where labels lie over each other the last one is seen. Values above 255 are counted round: they are but colours.
    """
    sliced = opened.sliced(config.plane)
    index = _fullest(sliced.counts(), {label.value for label in config.labels}) if len(sliced) > 1 else 0
    grey = preprocess_for(Preprocess(), intensity_for(config, opened.scan))
    image = to_uint8_rgb(sliced.image(index), grey, intensity_range(sliced.scan.slices, grey))
    return _small(sliced, index, image)


def prune(shelf: Path, most: int = MOST_BYTES) -> None:
    """Takes away the oldest thumbnails until three quarters of `most` are left, where there is more than that."""
    files: list[tuple[float, int, str]] = []
    for folder, _, names in os.walk(shelf):
        for name in names:
            path = os.path.join(folder, name)
            try:
                state = os.stat(path)
            except OSError:
                continue
            files.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in files)
    if total <= most:
        return
    for _, size, path in sorted(files):
        try:
            os.unlink(path)
        except OSError:
            continue  # in use: it goes next time
        total -= size
        if total <= most * 3 // 4:
            return


def _small(sliced: SlicedCase, index: int, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small_h, small_w = max(1, round(height * scale)), max(1, round(width * scale))
    picture = np.asarray(Image.fromarray(image).resize((small_w, small_h), Image.Resampling.BILINEAR))
    rows = ((np.arange(small_h) + 0.5) * (height / small_h)).astype(np.intp)
    columns = ((np.arange(small_w) + 0.5) * (width / small_w)).astype(np.intp)
    mask = np.zeros((small_h, small_w), np.uint8)
    for layer in sliced.layers:
        values = layer[index][np.ix_(rows, columns)].astype(np.int64)
        marked = values > 0
        mask[marked] = ((values[marked] - 1) % 255 + 1).astype(np.uint8)
    return picture, mask


def _fullest(slice_counts: Sequence[Mapping[int, int]], values: Collection[int]) -> int:
    """The slice with the largest marked area; the middle one where nothing is marked."""
    areas = [sum(pixels for value, pixels in counts.items() if value in values) for counts in slice_counts]
    if not any(areas):
        areas = [sum(counts.values()) for counts in slice_counts]
    return areas.index(max(areas)) if any(areas) else len(slice_counts) // 2


def _encoded(pixels: NDArray[np.uint8], kind: str, **how: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=kind, **how)
    return buffer.getvalue()
