"""A scan handed to the window: voxels it maps into memory and a description from which it makes its slices.

The window reads both with numpy and json alone: `Geometry.from_dict`, then `SliceStack(np.load(…, mmap_mode="r"), …)`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.contract.whole_file import write_text, write_whole
from engine.volumes.preprocess import Preprocess, Window, intensity_range, suggest_intensity
from engine.volumes.reading import read_scan
from engine.volumes.slicing import PLANES, SliceStack
from engine.volumes.volume import Volume

VOXELS: Final = "voxels.npy"
DESCRIPTION: Final = "scan.json"


def open_for_view(path: Path, out: Path) -> dict[str, Any]:
    """Reads a scan and exports it into the folder `out`; raises ScanUnreadable, DiskFull."""
    return export_for_view(read_scan(path), out)


def export_for_view(volume: Volume, out: Path) -> dict[str, Any]:
    """Writes `voxels.npy` (storage order, [z, y, x] or [z, y, x, 3]) and then `scan.json` into the folder `out`.

    Returns what `scan.json` holds: geometry (null for a picture), shape, dtype, value_range (lowest, highest),
    display_range (what should be black and white at first: the window of the file's header, where it has one), window
    or null, planes with their slices, notes, format, title (for the screen, where the file's name may name a patient).
    """
    out.mkdir(parents=True, exist_ok=True)
    voxels = np.ascontiguousarray(volume.voxels)

    def save(beside: Path) -> None:
        with beside.open("wb") as file:
            np.save(file, voxels, allow_pickle=False)

    file = write_whole(out / VOXELS, save)
    preprocess = Preprocess(**suggest_intensity(volume))
    value_range = (float(voxels.min()), float(voxels.max()))
    asked = _window_of_header(volume, value_range)
    window = asked or preprocess.window
    description: dict[str, Any] = {
        "voxels": file.name,
        "shape": list(voxels.shape),
        "dtype": voxels.dtype.str,
        "geometry": volume.geometry.to_dict() if volume.geometry is not None else None,
        "format": volume.format,
        "notes": list(volume.notes),
        "title": volume.title,
        "value_range": list(value_range),
        "display_range": list(asked.limits if asked is not None else intensity_range(voxels, preprocess)),
        "window": window.model_dump() if window is not None else None,
        "planes": {plane: _plane(SliceStack(voxels, volume.geometry, plane)) for plane in PLANES},
    }
    write_text(out / DESCRIPTION, json.dumps(description, indent=1) + "\n")
    return description


def _window_of_header(volume: Volume, value_range: tuple[float, float]) -> Window | None:
    """The window that the file asks for, unless all of the scan would be black or white in it."""
    if volume.window is None or volume.is_colour:
        return None
    window = Window(center=volume.window[0], width=volume.window[1])
    low, high = window.limits
    return window if low < value_range[1] and high > value_range[0] else None


def _plane(stack: SliceStack) -> dict[str, Any]:
    return {
        "slices": len(stack),
        "height": stack.slice_shape[0],
        "width": stack.slice_shape[1],
        "spacing_hw": list(stack.spacing_hw),
        "slice_spacing": stack.slice_spacing,
        "edges": list(stack.edge_letters),
        "shown_as": stack.display_plane,
    }
