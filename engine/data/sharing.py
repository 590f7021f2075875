"""Cases shared out into splits, each with the slices that it gives."""

from __future__ import annotations

from collections.abc import Sequence

from engine.data.config import DataConfig
from engine.data.findings import CaseFinding
from engine.data.labels import LabelTable
from engine.data.likeness import likeness, told_twins
from engine.data.problem import Problem
from engine.data.seen_case import SeenCase
from engine.data.slice_choice import chosen_slices, slabs
from engine.data.split import SLABS, Member, assign, learnt_from


def shared(
    seen: Sequence[SeenCase], table: LabelTable, config: DataConfig, seed: int
) -> tuple[tuple[CaseFinding, ...], list[Problem]]:
    """A finding for each case, in order, and what is to be said about the splits."""
    if not seen:
        return (), []
    alike = likeness(seen)
    members = [
        Member(
            item.case.case_id,
            item.case.patient,
            item.case.split,
            item.labels_in(table, range(len(item))) if config.split.stratify else frozenset(),
            alike.kin[item.case.case_id],
        )
        for item in seen
    ]
    assigned = assign(members, config.split, seed, sliceable=len(seen[0]) > 2)
    split_of = learnt_from(assigned.split_of, config.split.train_cases, seed)
    findings = []
    for item in seen:
        slices = _slices(item, split_of[item.case.case_id], table, config, seed)
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
                spacing_zyx=item.spacing_zyx,
                values=item.values,
                unit=alike.kin[item.case.case_id],
                chosen=len(chosen_slices(item.labelled(table), len(item), config, item.case.case_id, seed)),
                content=item.content,
            )
        )
    return tuple(findings), [*assigned.problems, *told_twins(alike, assigned.split_of)]


def _slices(item: SeenCase, split: str, table: LabelTable, config: DataConfig, seed: int) -> dict[str, tuple[int, ...]]:
    if not split:
        return {}
    labelled = item.labelled(table)
    chosen = chosen_slices(labelled, len(item), config, item.case.case_id, seed)
    if split == SLABS:
        return slabs(chosen, labelled, config.split)
    # A final score on labelled slices alone would hide what a model marks where nothing is.
    return {split: tuple(range(len(item))) if split == "test" else chosen}
