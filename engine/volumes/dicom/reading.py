"""A DICOM series as a volume; runs in the reader child."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom import grid, mosaic, pixels
from engine.volumes.dicom.early_frames import EarlyFrames, middle_first
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.header import Instance, NotAnImage
from engine.volumes.dicom.opening import in_words, quiet
from engine.volumes.dicom.series import Place, choose, entries, look, name_for_people, refuse_loose, title_of
from engine.volumes.dicom.stacks import Member, Stack
from engine.volumes.early import EarlySlices
from engine.volumes.headers.stored_array import check_sizes
from engine.volumes.volume import Volume

_TURNED = "Low values are stored as bright (MONOCHROME1); they were turned round, as viewers show them."


def list_series(path: Path) -> list[SeriesEntry]:
    """What a file or folder offers, a line each. Raises ScanUnreadable where there is nothing."""
    with quiet(), in_words(path):
        return entries(path, look(path))


def read_series(path: Path, wanted: str = "", early: EarlySlices | None = None) -> Volume:
    """The series of a file, or the one of a folder that is `wanted` (number in the list, short hash, or UID).

    The slices of a volume are put into `early` as they are decoded.
    Voxels [z, y, x] along the normal, in their unit; pictures [frames, y, x]; colours uint8 [..., 3]. Raises
    ScanUnreadable.
    """
    with quiet(), in_words(path):
        offered = look(path)
        stack = choose(path, offered, wanted)
        shown = str(path)
        notes: list[str] = []
        _tell_about(stack, offered, notes)
        title = title_of(path, offered, stack)
        if stack.kind == "volume":
            return dataclasses.replace(_volume(path, shown, stack, notes, early), title=title)
        read = _mosaic if stack.kind == "mosaic" else _picture
        return dataclasses.replace(read(path, shown, stack, notes), title=title)


def _tell_about(stack: Stack, offered: Place, notes: list[str]) -> None:
    if stack.part:
        notes.append(f"The series holds several volumes; this is {stack.part}.")
    if stack.copies:
        notes.append(f"Files that are copies of others of the series are left out: {stack.copies}.")
    if not stack.first.series and len(stack.members) > 1:
        notes.append("The series has no UID: files of one folder that fit together were taken as one.")
    unread = sum(not isinstance(fault, NotAnImage) for fault in offered.faults)
    if unread:
        notes.append(f"Damaged DICOM files beside it, which may be of this series, are left out: {unread}.")
    if any(member.instance.burned_in for member in stack.members):
        notes.append("The header says that text is burned into the pixels: it may name the patient.")


def _volume(path: Path, shown: str, stack: Stack, notes: list[str], early: EarlySlices | None) -> Volume:
    placed = grid.place(shown, [member.frame for member in stack.members])
    members = [stack.members[i] for i in placed.order]
    first = stack.first
    count = len(members)
    each = first.samples * max(1, first.bits_allocated // 8)
    # Twice: as stored and as meant.
    check_sizes(path, (first.columns, first.rows, count), 2 * first.rows * first.columns * count * each)
    frames = [member.frame for member in members]
    shown_early = None if early is None else EarlyFrames(early, frames, placed.geometry)
    stored, dataset = _stored(members, notes, shown_early)
    window = members[count // 2].frame.window
    if stored[0].ndim == 3:
        voxels: NDArray[Any] = np.stack(stored)
    else:
        if first.photometric == "MONOCHROME1":
            stored, window = [pixels.turned_round(frame, dataset) for frame in stored], None
            notes.append(_TURNED)
        voxels = pixels.scaled(stored, frames, dataset)
    notes += placed.notes
    return Volume(
        voxels,
        placed.geometry,
        path,
        "dicom",
        tuple(notes),
        header=_source(members, "volume"),
        lossy=any(pixels.loses(member.instance) for member in members),
        window=window,
    )


def _mosaic(path: Path, shown: str, stack: Stack, notes: list[str]) -> Volume:
    member = stack.members[0]
    stored, dataset = pixels.decoded(member.instance, shown, notes)
    sheet = mosaic.understand(shown, member.instance, dataset)
    voxels = pixels.scaled([stored[0]], [member.frame], dataset)
    notes.append(f"The file is a sheet of {sheet.slices} slices (Siemens mosaic) and was cut into them.")
    return Volume(
        np.ascontiguousarray(sheet.cut(voxels[0])),
        sheet.geometry,
        path,
        "dicom",
        tuple(notes),
        header=_source([member], "mosaic"),
        lossy=pixels.loses(member.instance),
        window=member.frame.window,
    )


def _picture(path: Path, shown: str, stack: Stack, notes: list[str]) -> Volume:
    refuse_loose(shown, stack)
    first = stack.first
    stored, dataset = pixels.decoded(first, shown, notes)
    window = stack.members[0].frame.window
    if first.frame_count > 1:
        notes.append(
            f"The file holds {first.frame_count} frames, which are taken as slices: it does not say where they lie."
        )
    if stored.ndim == 4:
        voxels: NDArray[Any] = stored
    else:
        if first.photometric == "MONOCHROME1":
            stored, window = pixels.turned_round(stored, dataset), None
            notes.append(_TURNED)
        voxels = pixels.scaled(list(stored), [member.frame for member in stack.members], dataset)
    if first.modality in ("CT", "MR", "PT"):
        notes.append("The header does not say where this slice lies, or how large its pixels are: it is a picture.")
    return Volume(
        voxels,
        None,
        path,
        "dicom",
        tuple(notes),
        header=_source(stack.members[:1], "picture"),
        lossy=pixels.loses(first),
        window=window,
    )


def _source(members: Sequence[Member], kind: str) -> bytes:
    """Which frame of which file each slice is, for a DICOM SEG to refer to; it stays within the program."""
    files = list(dict.fromkeys(str(member.instance.path) for member in members))
    number = {file: at for at, file in enumerate(files)}
    frames = [(number[str(member.instance.path)], member.frame.index) for member in members]
    return json.dumps({"kind": kind, "files": files, "frames": frames}).encode("utf-8", "surrogateescape")


def _stored(members: Sequence[Member], notes: list[str], early: EarlyFrames | None) -> tuple[list[NDArray[Any]], Any]:
    """The frames as stored, in order, and the last one's dataset; each file is decoded once."""
    held: dict[Path, tuple[NDArray[Any], Any]] = {}
    left: dict[Path, int] = {}
    for member in members:
        left[member.instance.path] = left.get(member.instance.path, 0) + 1
    files = list(left)
    stored: dict[int, NDArray[Any]] = {}
    last: Any = None
    for index in range(len(members)) if early is None else middle_first(len(members)):
        member = members[index]
        file = member.instance.path
        if file not in held:
            held[file] = pixels.decoded(member.instance, _file_name(member.instance, files), notes)
        frames, dataset = held[file]
        stored[index] = frames[member.frame.index]
        if index == len(members) - 1:
            last = dataset
        if early is not None:
            early.put(index, stored[index], dataset)
        left[file] -= 1
        if not left[file]:
            del held[file]
    kinds = {frame.dtype for frame in stored.values()}
    if len({kind.kind for kind in kinds}) > 1 and "f" in {kind.kind for kind in kinds}:
        raise ScanUnreadable("The slices are stored as different kinds of numbers.", hint="Export the series again.")
    return [stored[index] for index in range(len(members))], last


def _file_name(instance: Instance, files: Sequence[Path]) -> str:
    """A file of a series in a message: by its name, or by its place among the files where that names the patient."""
    plain = name_for_people(instance.path, instance.identifiers)
    if plain != "dicom" or (len(files) == 1 and instance.path.name.lower().startswith("dicom")):
        return instance.path.name
    return f"file {sorted(files).index(instance.path) + 1} of {len(files)} (by name)"
