"""A scan as a file of a dataset: copied bare where that can be, else written anew; no text of its header goes along."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.errors import InputError
from engine.data.writers.bare_copy import SUFFIXES, copy_bare
from engine.data.writers.base import may_be_copied, save_png
from engine.volumes.volume import Volume


def write_scan(scan: Volume, path: Path, ending: str) -> None:
    """`ending` is that of `path`: .png for a picture of one page. Raises InputError where it cannot hold the scan."""
    if not scan.is_picture:
        own = scan.path is not None and scan.path.is_file() and scan.path.name.lower().endswith(ending)
        several = any("several volumes" in note for note in scan.notes)  # of which one is used
        if not (own and not several and ending in SUFFIXES and scan.path is not None and copy_bare(scan.path, path)):
            _write_volume(scan, path)
        return
    if may_be_copied(scan, (".png",)) and scan.path is not None and copy_bare(scan.path, path):
        return
    pixels = scan.voxels[0]
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"{path.name.removesuffix('_0000.png')} has values that a PNG cannot hold ({pixels.dtype}).",
            hint="Convert the scans to NIfTI first, or to 16-bit pictures.",
        )
    save_png(pixels, path)


def _write_volume(scan: Volume, path: Path) -> None:
    sitk: Any = importlib.import_module("SimpleITK")  # slow to import
    assert scan.geometry is not None
    image = sitk.GetImageFromArray(scan.voxels, isVector=scan.is_colour)
    image.SetSpacing(scan.geometry.spacing_xyz)
    image.SetOrigin(scan.geometry.origin_xyz)
    try:
        image.SetDirection(scan.geometry.direction)
        sitk.WriteImage(image, str(path), True)
    except RuntimeError as error:
        raise InputError(
            f"{path.name} cannot be written: its grid is sheared, which this format does not hold.",
            hint="Resample the scan onto a grid with perpendicular axes first.",
        ) from error
