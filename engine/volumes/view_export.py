"""A scan handed to the window: voxels it maps into memory and a description from which it makes its slices.

The window reads both with numpy and json alone: `Geometry.from_dict`, then `SliceStack(np.load(…, mmap_mode="r"), …)`.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import InputError
from engine.contract.whole_file import told, write_text, write_whole
from engine.volumes.early import Grown
from engine.volumes.geometry import Geometry
from engine.volumes.guarded_reader import ShownWhileRead
from engine.volumes.preprocess import Preprocess, Window, intensity_range, suggest_intensity
from engine.volumes.reading import read_scan
from engine.volumes.slicing import PLANES, SliceStack
from engine.volumes.volume import Volume

VOXELS: Final = "voxels.npy"
DESCRIPTION: Final = "scan.json"


def open_for_view(
    path: Path, out: Path, series: str = "", early: Callable[[dict[str, Any]], None] = lambda _first: None
) -> dict[str, Any]:
    """Reads a scan and exports it into the folder `out`; raises ScanUnreadable, DiskFull, InputError.

    Meanwhile `early` may be told, several times, what there is to look at: what the result holds as far as it is known
    (`voxels`, `geometry`, `value_range`, `display_range`), and `first`, `last` and `slices`: slices first to last - 1
    of so many are there, the others are zeros. What it raises ends the reading.
    """
    there = out.exists()
    with told(out):
        out.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:8]
    shown = ShownWhileRead(
        out / f".reading-{mark}.npy", out / f".early-{mark}.npy", lambda grown: early(_first_look(grown))
    )
    done = False
    try:
        description = export_for_view(read_scan(path, series, shown=shown), out)
        done = True
        return description
    finally:
        for file in (shown.early, shown.voxels):  # the latter was renamed, unless the system does not let it
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            if not done and not there:
                out.rmdir()


def _first_look(grown: Grown) -> dict[str, Any]:
    voxels = np.load(grown.file, mmap_mode="r", allow_pickle=False)
    # A few thousand values say enough of how bright it should be.
    every = max((grown.last - grown.first) // 16, 1)
    sample = np.ascontiguousarray(voxels[grown.first : grown.last : every, ::8, ::8])
    sample = np.nan_to_num(sample, nan=0.0, posinf=0.0, neginf=0.0)
    value_range = (float(sample.min()), float(sample.max()))
    rough = Volume(sample, grown.geometry, window=grown.window)
    asked = _window_of_header(rough, value_range)
    preprocess = Preprocess(**suggest_intensity(rough))
    return {
        "voxels": grown.file.name,
        "geometry": grown.geometry.to_dict() if grown.geometry is not None else None,
        "value_range": list(value_range),
        "display_range": list(asked.limits if asked is not None else intensity_range(sample, preprocess)),
        "first": grown.first,
        "last": grown.last,
        "slices": grown.slices,
    }


def export_for_view(volume: Volume, out: Path) -> dict[str, Any]:
    """Writes `voxels.npy` (storage order, [z, y, x] or [z, y, x, 3]) and then `scan.json` into the folder `out`.

    Returns what `scan.json` holds: geometry (null for a picture), shape, dtype, value_range (lowest, highest),
    display_range (what should be black and white at first: the window of the file's header, where it has one), window
    or null, planes with their slices, notes, format, title (for the screen, where the file's name may name a patient).
    """
    out.mkdir(parents=True, exist_ok=True)
    file, voxels = out / VOXELS, volume.voxels
    if not _is_moved(voxels, file):
        voxels = np.ascontiguousarray(voxels)

        def save(beside: Path) -> None:
            with beside.open("wb") as stream:
                np.save(stream, voxels, allow_pickle=False)

        write_whole(file, save)
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


def geometry_of_view(view: Path) -> Geometry | None:
    """Of the scan that was exported into the folder `view`; None for a picture. Raises InputError."""
    try:
        known = json.loads((view / DESCRIPTION).read_text(encoding="utf-8"))["geometry"]
        return None if known is None else Geometry.from_dict(known)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("The opened scan is no longer there.", hint="Open the scan again.") from error


def _is_moved(voxels: NDArray[Any], file: Path) -> bool:
    """Voxels mapped from a file in the same folder need no copy. Windows does not rename what is mapped."""
    if not isinstance(voxels, np.memmap) or voxels.filename is None or Path(voxels.filename).parent != file.parent:
        return False
    try:
        os.replace(voxels.filename, file)
    except PermissionError:
        return False
    return True


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
