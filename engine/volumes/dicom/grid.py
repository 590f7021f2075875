"""Where the slices of a series lie: sorted along their normal, and one regular grid or the reason why they are none.

Sorted by image position · normal, as the DICOM standard defines it (PS3.3 C.7.6.2), never by file name or number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.frames import Frame, normal_of
from engine.volumes.geometry import Geometry

SAME_PLACE_MM: Final = 1e-3
_SILENT: Final = 0.02  # of the distance between slices: rounding in the header
_TOLERATED: Final = 0.1
SHEAR_DEGREES: Final = 0.1  # as for NIfTI: below it, over 500 voxels, less than one voxel is at stake


@dataclass(frozen=True)
class Placed:
    """`order`: the frames from one end to the other, along their normal; `geometry` in LPS; notes for a person."""

    order: tuple[int, ...]
    geometry: Geometry
    notes: tuple[str, ...]


def along_normal(frames: list[Frame]) -> NDArray[np.float64]:
    """Millimetres of each frame's corner along the normal of the first; all must have a position."""
    first = frames[0].orientation
    assert first is not None
    along: NDArray[np.float64] = np.array([frame.position for frame in frames], np.float64) @ np.array(normal_of(first))
    return along


def place(name: str, frames: list[Frame]) -> Placed:
    """The grid of frames that have one orientation and one pixel size. `name` is how messages call the series.

    A slant that is the same from slice to slice (gantry tilt) is kept as a sheared grid and told. Raises
    ScanUnreadable where slices share a place, are missing, or do not lie at even distances.
    """
    first = frames[0]
    assert first.orientation is not None
    assert first.pixel_mm is not None
    distance = along_normal(frames)
    order = np.argsort(distance, kind="stable")
    positions = np.array([frames[i].position for i in order], np.float64)
    notes: list[str] = []
    if len(frames) == 1:
        step = np.array(normal_of(first.orientation)) * _lone_thickness(first, notes)
    else:
        step = _step(name, positions, distance[order], np.array(normal_of(first.orientation)), notes)
        _compare_with_header(first, step, notes)
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    matrix = np.eye(4)
    # A column number grows along the first direction: its step is the second number of the pixel spacing.
    matrix[:3, 0] = row * first.pixel_mm[1]
    matrix[:3, 1] = column * first.pixel_mm[0]
    matrix[:3, 2] = step
    matrix[:3, 3] = positions[0]
    try:
        geometry = Geometry.from_matrix(matrix)
    except ValueError as error:
        raise ScanUnreadable(
            f"{name} does not say where its slices lie: {error}.", hint="Export the series again."
        ) from None
    return Placed(tuple(int(i) for i in order), geometry, tuple(notes))


def shared_places(frames: list[Frame]) -> int:
    """How many frames lie where another one lies."""
    points = sorted(frame.position for frame in frames if frame.position is not None)
    taken: set[tuple[int, int, int]] = set()
    for x, y, z in points:
        taken.add((round(x / SAME_PLACE_MM), round(y / SAME_PLACE_MM), round(z / SAME_PLACE_MM)))
    return len(points) - len(taken)


def _lone_thickness(frame: Frame, notes: list[str]) -> float:
    for known in (frame.spacing_between, frame.thickness):
        if known is not None and abs(known) > 0:
            return abs(known)
    notes.append("The header does not say how thick the slice is; 1 mm is written into masks.")
    return 1.0


def _step(
    name: str,
    positions: NDArray[np.float64],
    distance: NDArray[np.float64],
    normal: NDArray[np.float64],
    notes: list[str],
) -> NDArray[np.float64]:
    """From one slice to the next, in millimetres; positions [n, 3] are sorted."""
    gaps = np.diff(distance)
    if gaps.min() <= SAME_PLACE_MM:
        same = int(np.count_nonzero(gaps <= SAME_PLACE_MM))
        raise ScanUnreadable(
            f"{name}: {same} of {len(positions)} slices lie at the place of another one (a series in time, several "
            "echoes, or slices exported twice), and the header does not say what tells them apart.",
            hint="Export one volume of it, or split it (dcm2niix does) and give one file.",
        )
    mean: NDArray[np.float64] = (positions[-1] - positions[0]) / (len(positions) - 1)
    spacing = float(mean @ normal)
    off = positions - (positions[0] + np.arange(len(positions))[:, None] * mean)
    uneven = float(np.max(np.abs(off @ normal))) / spacing
    sideways = float(np.max(np.linalg.norm(off - np.outer(off @ normal, normal), axis=1)))
    tilt = float(np.degrees(np.arctan2(np.linalg.norm(mean - spacing * normal), spacing)))
    slanted = f" Its slices are slanted too, by {tilt:.1f} degrees (gantry tilt)." if tilt > SHEAR_DEGREES else ""
    if uneven > _TOLERATED:
        raise _uneven(name, gaps, slanted)
    if sideways > _TOLERATED * spacing:
        raise ScanUnreadable(
            f"{name}: its slices are shifted sideways against each other, by up to {sideways:.2f} mm, "
            "so they form no grid.",
            hint="Resample it to a regular volume (3D Slicer, dcm2niix) and give that.",
        )
    if uneven > _SILENT:
        notes.append(
            f"The slices are {gaps.min():.3f} to {gaps.max():.3f} mm apart; {spacing:.3f} mm is used for all of them."
        )
    if tilt > SHEAR_DEGREES:
        notes.append(
            f"The slices are slanted by {tilt:.1f} degrees (as from a tilted gantry): "
            "the grid is sheared, slices are shown as stored."
        )
    return mean


def _uneven(name: str, gaps: NDArray[np.float64], slanted: str) -> ScanUnreadable:
    usual = float(np.median(gaps))
    times = gaps / usual
    whole = np.rint(times)
    if len(gaps) > 1 and np.all(np.abs(times - whole) < _TOLERATED) and np.all(whole >= 1):
        missing = int(np.sum(whole - 1))
    else:
        missing = 0
    if 0 < missing <= 2 * len(gaps):
        places = ", ".join(f"{i + 1} and {i + 2}" for i in np.flatnonzero(whole > 1)[:5])
        return ScanUnreadable(
            f"{name}: {missing} slice{'s are' if missing != 1 else ' is'} missing (after sorting, between {places}); "
            f"the others are {usual:.2f} mm apart.{slanted}",
            hint="Copy or export the whole series again. If they were never made, resample it (3D Slicer, dcm2niix).",
        )
    return ScanUnreadable(
        f"{name}: its slices are unevenly spaced, {gaps.min():.2f} to {gaps.max():.2f} mm apart, "
        f"so they form no regular grid.{slanted}",
        hint="Resample it to a regular volume (3D Slicer, or dcm2niix) and give that.",
    )


def _compare_with_header(frame: Frame, step: NDArray[np.float64], notes: list[str]) -> None:
    said = abs(frame.spacing_between or 0.0)
    found = float(np.linalg.norm(step))
    # Some makers write the gap instead of the distance: told, and the positions are believed.
    if said > 0 and abs(said - found) > 0.1 * found:
        notes.append(
            f"The header says that slices are {said:.2f} mm apart, their positions say {found:.2f} mm: "
            "the positions are used. Every second slice may be missing if they differ by a whole factor."
        )
