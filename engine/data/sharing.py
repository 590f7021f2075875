"""Cases shared out into splits, each with the slices that it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.data.config import DataConfig
from engine.data.findings import CaseFinding
from engine.data.labels import LabelTable
from engine.data.problem import Problem
from engine.data.readers.base import Case
from engine.data.seen_case import SeenCase
from engine.data.slice_choice import chosen_slices, slabs
from engine.data.split import SLABS, Member, assign


def shared(
    seen: Sequence[SeenCase], table: LabelTable, config: DataConfig, seed: int
) -> tuple[tuple[CaseFinding, ...], list[Problem]]:
    """A finding for each case, in order, and what is to be said about the splits."""
    if not seen:
        return (), []
    first = _first_with(seen)
    members = [Member(item.case.case_id, first[item.digest].patient, item.case.split) for item in seen]
    assigned = assign(members, config.split, seed, sliceable=seen[0].is_volume and len(seen[0]) > 2)
    findings = []
    for item in seen:
        slices = _slices(item, assigned.split_of[item.case.case_id], table, config, seed)
        findings.append(
            CaseFinding(
                case=item.case,
                shape_zyx=item.shape_zyx,
                is_volume=item.is_volume,
                stack_length=len(item),
                counts=table.counts(item.counts()),
                slices=slices,
                labels_in={split: item.labels_in(table, chosen) for split, chosen in slices.items()},
                has_void=item.has_void,
            )
        )
    return tuple(findings), [*assigned.problems, *_doubles(seen, assigned.split_of)]


def _slices(item: SeenCase, split: str, table: LabelTable, config: DataConfig, seed: int) -> dict[str, tuple[int, ...]]:
    labelled = item.labelled(table)
    chosen = chosen_slices(labelled, len(item), config, item.case.case_id, seed)
    if split == SLABS:
        return slabs(chosen, labelled, config.split)
    # A final score on labelled slices alone would hide what a model marks where nothing is.
    return {split: tuple(range(len(item))) if split == "test" else chosen}


def _first_with(seen: Sequence[SeenCase]) -> dict[str, Case]:
    """Image content → the first case that has it: the same picture twice counts as one patient."""
    first: dict[str, Case] = {}
    for item in seen:
        first.setdefault(item.digest, item.case)
    return first


def _doubles(seen: Sequence[SeenCase], split_of: Mapping[str, str]) -> list[Problem]:
    first = _first_with(seen)
    problems: list[Problem] = []
    for item in seen:
        twin = first[item.digest]
        if twin.case_id == item.case.case_id:
            continue
        apart = split_of[twin.case_id] != split_of[item.case.case_id]
        told = "they are in different splits, so scores will look too good" if apart else "they stay in one split"
        problems.append(
            Problem(
                kind="duplicate_image",
                severity="warning",
                message=f"The same image as {twin.case_id}; {told}.",
                path=item.case.case_id,
                fix="Remove one of the two.",
            )
        )
    return problems
