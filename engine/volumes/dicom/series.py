"""Which files and frames make one volume: by series, then by orientation, size and what tells time points apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom import grid, mosaic
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import SUFFIXES, dicom_files, is_dicom_directory, stamp
from engine.volumes.dicom.frames import Frame
from engine.volumes.dicom.header import Instance, read_instance
from engine.volumes.dicom.identity import gives_away, short_hash

_SAME_DIRECTION: Final = 1e-3
_SAME_SIZE: Final = 1e-4
_KEPT_FOLDERS: Final = 4
# Objects whose frames are slices, not pictures of a film: without positions they cannot be put together.
_SLICED: Final = frozenset(("CT", "MR", "PT", "NM", "RTDOSE"))


@dataclass(frozen=True)
class Member:
    """One frame of one file."""

    instance: Instance
    frame: Frame


@dataclass(frozen=True)
class Stack:
    """What becomes one volume or picture. `members` in no particular order."""

    series: str
    members: tuple[Member, ...]
    kind: str  # volume | picture | mosaic
    part: str = ""
    copies: int = 0  # files left out because they are copies of others

    @property
    def first(self) -> Instance:
        return self.members[0].instance

    @property
    def id(self) -> str:
        """A short hash of the series and of the part."""
        return short_hash(f"{self.series}|{self.part}" if self.part else self.series)


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
        return Place(_numbered(_stacks(instances)), tuple(faults))
    own = read_instance(path)
    instances, faults = [own], []
    if _is_one_of_many(own):
        beside, faults = _headers(path.parent, deep=False)
        instances += [
            found
            for found in beside
            if _is_one_of_many(found) and _series_of(found) == _series_of(own) and found.path.name != path.name
        ]
    stacks = _stacks(instances)
    mine = [s for s in stacks if any(member.instance is own for member in s.members)]
    return Place(_numbered(mine), tuple(faults))


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
    return own.frame_count == 1 and own.mosaic == 0 and _has_place(own.frames[0])


def _series_of(instance: Instance) -> str:
    """The series' UID; where it was taken out, what else the files of a series of one folder share."""
    if instance.series:
        return instance.series
    if _has_place(instance.frames[0]):
        return f"{instance.path.parent}|{instance.study_and_number}"
    return f"{instance.sop}|{instance.path}"


def _has_place(frame: Frame) -> bool:
    return frame.position is not None and frame.orientation is not None and frame.pixel_mm is not None


# stacks


def _stacks(instances: Sequence[Instance]) -> list[Stack]:
    by_series: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_series[_series_of(instance)].append(instance)
    stacks: list[Stack] = []
    for series, members in by_series.items():
        stacks += _of_series(series, members)
    return stacks


def _of_series(series: str, instances: list[Instance]) -> list[Stack]:
    kept, copies = _without_copies(instances)
    sheets = [found for found in kept if found.mosaic != 0]
    placed, loose = [], []
    for instance in kept:
        if instance.mosaic != 0:
            continue
        members = [Member(instance, frame) for frame in instance.frames]
        if all(_has_place(frame) for frame in instance.frames):
            placed += members
        else:
            loose.append(instance)
    stacks = [Stack(series, (Member(sheet, sheet.frames[0]),), "mosaic") for sheet in _by_number(sheets)]
    for cluster in _clusters(placed):
        stacks += _volumes(series, cluster)
    for instance in _by_number(loose):
        stacks.append(Stack(series, tuple(Member(instance, frame) for frame in instance.frames), "picture"))
    if len(stacks) > 1:
        stacks = [replace(stack, part=_part(stack, i, len(stacks))) for i, stack in enumerate(stacks, 1)]
    return [replace(stack, copies=copies) for stack in stacks]


def _part(stack: Stack, number: int, count: int) -> str:
    what = {"mosaic": "volume", "picture": "picture"}.get(stack.kind, "part")
    return f"{stack.part}, part {number} of {count}" if stack.part else f"{what} {number} of {count}"


def _by_number(instances: Iterable[Instance]) -> list[Instance]:
    return sorted(instances, key=lambda found: (found.instance_number, found.path.name))


def _without_copies(instances: Sequence[Instance]) -> tuple[list[Instance], int]:
    """One file of each object: a second with the same UID and the same place is a copy, whatever its compression."""
    kept: dict[tuple[object, ...], Instance] = {}
    for instance in instances:
        key = (instance.sop or str(instance.path), instance.rows, instance.columns, instance.frames[0].position)
        kept.setdefault(key, instance)
    return list(kept.values()), len(instances) - len(kept)


def _clusters(members: Sequence[Member]) -> list[list[Member]]:
    """Frames of one orientation, size, pixel spacing and number of colours."""
    clusters: list[list[Member]] = []
    for member in members:
        for cluster in clusters:
            if _alike(cluster[0], member):
                cluster.append(member)
                break
        else:
            clusters.append([member])
    return clusters


def _alike(a: Member, b: Member) -> bool:
    size = (a.instance.rows, a.instance.columns, a.instance.samples)
    if size != (b.instance.rows, b.instance.columns, b.instance.samples):
        return False
    assert a.frame.orientation is not None
    assert b.frame.orientation is not None
    assert a.frame.pixel_mm is not None
    assert b.frame.pixel_mm is not None
    turned = max(abs(x - y) for x, y in zip(a.frame.orientation, b.frame.orientation, strict=True))
    scaled = max(abs(x / y - 1) for x, y in zip(a.frame.pixel_mm, b.frame.pixel_mm, strict=True))
    return turned <= _SAME_DIRECTION and scaled <= _SAME_SIZE


def _volumes(series: str, cluster: list[Member]) -> list[Stack]:
    """One stack where every frame has a place of its own; else one for each time point, echo, …, if that parts them.

    Where nothing parts them the whole is one stack, which the grid refuses with the reason.
    """
    whole = [Stack(series, tuple(cluster), "volume")]
    if not grid.shared_places([member.frame for member in cluster]):
        return whole
    names = dict.fromkeys(name for member in cluster for name, _ in member.frame.told_apart_by)
    ways: list[tuple[str, Callable[[Member], str]]] = [(name, _mark(name)) for name in names]
    ways.append(("file", lambda member: str(member.instance.path)))
    for name, value_of in ways:
        groups: dict[str, list[Member]] = defaultdict(list)
        for member in cluster:
            groups[value_of(member)].append(member)
        sizes = {len(group) for group in groups.values()}
        if len(groups) < 2 or len(sizes) > 1 or sizes == {1}:
            continue
        if any(grid.shared_places([member.frame for member in group]) for group in groups.values()):
            continue
        ordered = sorted(groups.items(), key=lambda item: _sortable(item[0]))
        return [
            Stack(series, tuple(group), "volume", f"{name} {i} of {len(ordered)}")
            for i, (_, group) in enumerate(ordered, 1)
        ]
    return whole


def _mark(name: str) -> Callable[[Member], str]:
    return lambda member: dict(member.frame.told_apart_by).get(name, "")


def _sortable(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return float("inf"), text


def _numbered(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """In the order of the list: by the scanner's series number, then by UID, then as the parts come."""
    order = sorted(range(len(stacks)), key=lambda i: (stacks[i].first.series_number, stacks[i].series, i))
    return tuple(stacks[i] for i in order)


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
