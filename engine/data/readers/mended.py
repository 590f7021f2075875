"""What `dataset.yaml` says of single files: masks that are read from a mended copy, cases that are left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.problem import Problem
from engine.data.readers.base import Case, CaseList

if TYPE_CHECKING:
    from engine.data.readers.dataset_yaml import DatasetFile


def file_key(path: Path, home: Path) -> str:
    """How a mask is named in `repaired`: seen from the folder of the files, or in full where it lies elsewhere."""
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.as_posix()


def mended(found: CaseList, about: DatasetFile, home: Path, where: str) -> CaseList:
    """The cases with their mended masks, labels merged, without those that are left out. `home`: the files' folder."""
    pairs = _resolved(about.merged)
    if pairs:
        cases = tuple(_with_merged(case, pairs) for case in found.cases)
        found = replace(found, cases=cases, problems=(*found.problems, _merged(pairs, where)))
    if not about.repaired and not about.left_out:
        return found
    new = {name: home / path for name, path in about.repaired.items()}
    gone = [name for name, path in new.items() if not path.is_file()]
    usable = {name: path for name, path in new.items() if name not in gone}
    away = set(about.left_out)
    cases = tuple(_with(case, usable, home) for case in _kept(found, away))
    problems = [*found.problems, *(_gone(name, about.repaired[name]) for name in gone)]
    changed = [new.case_id for old, new in zip(_kept(found, away), cases, strict=True) if old is not new]
    if changed:
        problems.append(_mended(changed, where))
    left = [case.case_id for case in found.cases if case.case_id in away]
    if left:
        problems.append(_left_out(left, where))
    return replace(found, cases=cases, problems=tuple(problems))


def _kept(found: CaseList, away: set[str]) -> list[Case]:
    return [case for case in found.cases if case.case_id not in away]


def _with(case: Case, new: dict[str, Path], home: Path) -> Case:
    masks = tuple(
        # A mask that is no array of numbers (outlines, colours) is never mended: its code would not fit the copy.
        replace(mask, path=new.get(file_key(mask.path, home), mask.path)) if mask.code is None else mask
        for mask in case.masks
    )
    return case if masks == case.masks else replace(case, masks=masks)


def _resolved(merged: dict[int, int]) -> dict[int, int]:
    """Of 3 → 2 and 2 → 1, 3 → 1; what would turn in a circle stays as it is."""
    pairs: dict[int, int] = {}
    for value, into in merged.items():
        seen = {value}
        while into in merged and into not in seen:
            seen.add(into)
            into = merged[into]
        if into not in seen:
            pairs[value] = into
    return pairs


def _with_merged(case: Case, pairs: dict[int, int]) -> Case:
    masks = tuple(
        replace(mask, merged=tuple(pairs.items()))
        if mask.value is None
        else replace(mask, value=pairs.get(mask.value, mask.value))
        for mask in case.masks
    )
    known = case.known
    if known is not None:
        # The truth of a label is known only where that of all its parts is.
        unknown = {into for value, into in pairs.items() if value not in known}
        known = frozenset(value for value in known if value not in pairs and value not in unknown)
    prompts = tuple(row for row in case.prompts if row[0] not in pairs)
    return replace(case, masks=masks, known=known, prompts=prompts)


def _gone(name: str, path: str) -> Problem:
    return Problem(
        kind="repair_gone",
        severity="warning",
        message=f"Its mended copy, {path}, is not there; the mask is read as it was.",
        path=name,
        fix="Put the copy back, or repair the mask again.",
    )


def _merged(pairs: dict[int, int], where: str) -> Problem:
    told = ", ".join(f"{value} as {into}" for value, into in sorted(pairs.items())[:5]) + (
        " …" if len(pairs) > 5 else ""
    )
    return Problem(
        kind="merged",
        severity="note",
        message=f"Label values count as another label's, as asked for: {told}.",
        path=where,
        fix="Nothing to do. Take them out of merged in that file to have labels of their own again.",
        count=len(pairs),
    )


def _left_out(names: list[str], where: str) -> Problem:
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    return Problem(
        kind="left_out",
        severity="note",
        message=f"{_cases(names)} left out, as asked for ({shown}).",
        path=where,
        fix="Take them out of left_out to use them again.",
        count=len(names),
        cases=tuple(names),
        mending="take_back",
    )


def _mended(names: list[str], where: str) -> Problem:
    return Problem(
        kind="mended",
        severity="note",
        message=f"{_cases(names)} read from mended copies of their masks.",
        path=where,
        fix="Nothing to do. Take them out of repaired to read the originals again.",
        count=len(names),
        cases=tuple(names),
        mending="originals",
    )


def _cases(names: list[str]) -> str:
    return f"{len(names)} case{' is' if len(names) == 1 else 's are'}"
