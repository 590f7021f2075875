"""What a DICOM file or folder offers: its series in the order of a list, and the one that is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom import grid, mosaic
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import SUFFIXES, dicom_files, is_dicom_directory, stamp
from engine.volumes.dicom.header import Instance, read_instance
from engine.volumes.dicom.identity import gives_away
from engine.volumes.dicom.stacks import Stack, has_place, numbered, series_of, stacks_of

_KEPT_FOLDERS: Final = 4
# Objects whose frames are slices, not pictures of a film: without positions they cannot be put together.
_SLICED: Final = frozenset(("CT", "MR", "PT", "NM", "RTDOSE"))


@dataclass(frozen=True)
class Place:
    """What lies in a folder: its stacks in the order of the list, and files that could not be used."""

    stacks: tuple[Stack, ...]
    faults: tuple[ScanUnreadable, ...]


def name_for_people(path: Path, identifiers: Iterable[str]) -> str:
    """The file's or folder's name without a DICOM suffix; "dicom" where it names the patient or is a UID."""
    name = path.name
    suffix = next((s for s in SUFFIXES if name.lower().endswith(s)), "")
    name = name[: len(name) - len(suffix)]
    if not name or re.search(r"\d+(\.\d+){4,}", name) or gives_away(name, identifiers):
        return "dicom"
    return name


def title_of(path: Path, place: Place, stack: Stack) -> str:
    """A name for the screen and for files, of one series among those of a folder."""
    name = name_for_people(path, stack.first.identifiers)
    return f"{name}-{stack.id}" if name == "dicom" or len(place.stacks) > 1 else name


def look(path: Path) -> Place:
    """The stacks that `path` offers: those of a folder, or the one or more of a file's own series.

    Raises ScanUnreadable where a file is none, or a folder holds nothing that can be opened.
    """
    if path.is_dir() or is_dicom_directory(path):
        folder = path if path.is_dir() else path.parent
        instances, faults = _headers(folder, deep=True)
        if not instances:
            if faults:
                raise _only_faults(path, faults)
            raise ScanUnreadable(f"{path} holds no DICOM files.", hint="Give the folder that the series lies in.")
        return Place(numbered(stacks_of(instances)), tuple(faults))
    own = read_instance(path)
    instances, faults = [own], []
    if _is_one_of_many(own):
        beside, faults = _headers(path.parent, deep=False)
        instances += [
            found
            for found in beside
            if _is_one_of_many(found) and series_of(found) == series_of(own) and found.path.name != path.name
        ]
    stacks = stacks_of(instances)
    mine = [s for s in stacks if any(member.instance is own for member in s.members)]
    return Place(numbered(mine), tuple(faults))


def entries(path: Path, place: Place) -> list[SeriesEntry]:
    """A line for each stack."""
    return [_entry(path, place, stack, number) for number, stack in enumerate(place.stacks, 1)]


def choose(path: Path, place: Place, wanted: str) -> Stack:
    """The stack called `wanted`: its number in the list, its short hash, or its SeriesInstanceUID.

    With one stack nothing need be wanted. Raises ScanUnreadable with the list of what there is.
    """
    stacks = place.stacks
    if not wanted:
        if len(stacks) == 1:
            return stacks[0]
        raise ScanUnreadable(
            f"{path} holds {len(stacks)} series or volumes:\n{_listed(path, place)}",
            hint="Choose one by its number: --series 1 (or by its UID); --series all segments each.",
        )
    fitting = [
        stack for number, stack in enumerate(stacks, 1) if wanted in (str(number), stack.id) or wanted == stack.series
    ]
    if len(fitting) == 1:
        return fitting[0]
    what = "There is no such series" if not fitting else "This series has several volumes"
    raise ScanUnreadable(
        f"{what} in {path}. It holds:\n{_listed(path, place)}", hint="Choose one by its number: --series 1."
    )


def _listed(path: Path, place: Place) -> str:
    lines = []
    for entry in entries(path, place)[:40]:
        lines.append(f"  {entry.number}  {entry.in_words()}" + ("  (cannot be opened)" if entry.problem else ""))
    return "\n".join(lines + (["  …"] if len(place.stacks) > 40 else []))


# headers


_known: dict[tuple[str, bool], tuple[str, list[Instance], list[ScanUnreadable]]] = {}


def _headers(folder: Path, *, deep: bool) -> tuple[list[Instance], list[ScanUnreadable]]:
    """All headers of a folder; kept until a file in it changes, since each file of a series asks for them."""
    key, state = (str(folder), deep), stamp(folder)
    if key in _known and _known[key][0] == state:
        return _known[key][1], _known[key][2]
    instances, faults = [], []
    for file in dicom_files(folder, deep=deep):
        try:
            instances.append(read_instance(file))
        except ScanUnreadable as fault:
            faults.append(fault)
    while len(_known) >= _KEPT_FOLDERS:
        _known.pop(next(iter(_known)))
    _known[key] = (state, instances, faults)
    return instances, faults


def _only_faults(path: Path, faults: Sequence[ScanUnreadable]) -> ScanUnreadable:
    if len(faults) == 1:
        return faults[0]
    return ScanUnreadable(
        f"{path} holds {len(faults)} DICOM files, none of which is a scan that can be opened. "
        f"The first: {faults[0].message}",
        hint=faults[0].hint,
    )


def _is_one_of_many(own: Instance) -> bool:
    """Whether other files of the folder may hold further slices of the same volume."""
    return own.frame_count == 1 and own.mosaic == 0 and has_place(own.frames[0])


# stacks


# the list


def _entry(path: Path, place: Place, stack: Stack, number: int) -> SeriesEntry:
    first = stack.first
    identifiers = first.identifiers
    title = title_of(path, place, stack)
    slices, rows, columns = len(stack.members), first.rows, first.columns
    spacing, problem, sheared = None, "", False
    try:
        if stack.kind == "mosaic":
            slices, rows, columns = mosaic.size_of(first)
            pixel, apart = stack.members[0].frame.pixel_mm, stack.members[0].frame.spacing_between
            if pixel is not None and apart is not None:
                spacing = (pixel[1], pixel[0], apart)
        elif stack.kind == "volume":
            placed = grid.place(title, [member.frame for member in stack.members])
            spacing = placed.geometry.spacing_xyz
            sheared = placed.geometry.shear_degrees() > grid.SHEAR_DEGREES
        else:
            refuse_loose(title, stack)
    except ScanUnreadable as fault:
        problem = str(fault)
    return SeriesEntry(
        number=number,
        id=stack.id,
        modality=first.modality,
        description="" if gives_away(first.description, identifiers) else first.description,
        part=stack.part,
        kind="picture" if stack.kind == "picture" else "volume",
        slices=slices,
        width=columns,
        height=rows,
        spacing_xyz=spacing,
        title=title,
        sheared=sheared,
        problem=problem,
    )


def refuse_loose(name: str, stack: Stack) -> None:
    """Raises ScanUnreadable for several slices of which the header does not say where they lie."""
    if stack.first.frame_count > 1 and stack.first.modality in _SLICED:
        raise ScanUnreadable(
            f"{name} holds {stack.first.frame_count} slices, and its header does not say where they lie.",
            hint="Export it again with the position and orientation of each frame, or convert it where it was made.",
        )
