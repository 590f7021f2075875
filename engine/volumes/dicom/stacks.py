"""Which files and frames make one volume: by series, then by orientation, size and what tells time points apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.volumes.dicom import grid
from engine.volumes.dicom.frames import Frame
from engine.volumes.dicom.header import Instance
from engine.volumes.dicom.identity import short_hash

_SAME_DIRECTION: Final = 1e-3


_SAME_SIZE: Final = 1e-4


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


def series_of(instance: Instance) -> str:
    """The series' UID; where it was taken out, what else the files of a series of one folder share."""
    if instance.series:
        return instance.series
    if has_place(instance.frames[0]):
        return f"{instance.path.parent}|{instance.study_and_number}"
    return f"{instance.sop}|{instance.path}"


def has_place(frame: Frame) -> bool:
    return frame.position is not None and frame.orientation is not None and frame.pixel_mm is not None


def stacks_of(instances: Sequence[Instance]) -> list[Stack]:
    by_series: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_series[series_of(instance)].append(instance)
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
        if all(has_place(frame) for frame in instance.frames):
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


def numbered(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """In the order of the list: by the scanner's series number, then by UID, then as the parts come."""
    order = sorted(range(len(stacks)), key=lambda i: (stacks[i].first.series_number, stacks[i].series, i))
    return tuple(stacks[i] for i in order)
