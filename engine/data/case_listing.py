"""The cases of a dataset by names alone: folder, layout, who belongs to whom; no image or mask is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from engine.contract.errors import InputError, OutOfRange
from engine.data.config import DataConfig
from engine.data.patients import with_patients
from engine.data.problem import Problem
from engine.data.readers.base import Case, CaseList, Layout
from engine.data.readers.nameless import nameless
from engine.data.recognition import dataset_folder, recognised_layout


@dataclass(frozen=True)
class Listing:
    """`cases` are those to be looked at: with their patients, at most as many as asked for."""

    folder: Path
    layout_name: str
    layout: Layout
    found: CaseList
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Case]:
        return {case.case_id: case for case in self.cases}

    def case(self, case_id: str) -> Case:
        """Raises InputError for a case that is not there (any more)."""
        found = self.by_id.get(case_id)
        if found is None:
            raise InputError(f"There is no case {case_id} in {self.folder.name}.", hint="Look at the dataset again.")
        return found


def list_cases(config: DataConfig, seed: int) -> Listing:
    """Raises DatasetIncomplete, UnknownName or InputError as `dataset_folder`, layouts and patient tables do."""
    folder = dataset_folder(config)
    layout_name, layout = recognised_layout(config, folder)
    found = layout.cases(folder)
    if layout_name != "dataset_yaml":  # which has done so already, before it looks for its case ids
        found = nameless(found)
    listed, unknown = with_patients(found.cases, config.split, folder)
    cases = tuple(_wanted(case, config) for case in _limited(listed, config.max_cases, seed))
    return Listing(folder, layout_name, layout, found, cases, (*found.problems, *unknown))


_KNOWN: dict[str, Listing] = {}


def known_listing(config: DataConfig, seed: int = 0, *, renew: bool = False) -> Listing:
    """The listing made last in this process for the same settings, or a new one: many small jobs ask for it."""
    key = f"{seed} {config.model_dump_json()}"
    if renew or key not in _KNOWN:
        _KNOWN.clear()
        _KNOWN[key] = list_cases(config, seed)
    return _KNOWN[key]


def _wanted(case: Case, config: DataConfig) -> Case:
    """Of the channel that was asked for, without masks of other labels: two organs need not open a hundred files.

    Raises OutOfRange for a channel that the case does not have.
    """
    if case.channels:
        if config.channel > len(case.channels):
            raise OutOfRange(
                f"data.channel is {config.channel}, but {case.case_id} has {len(case.channels)} channels.",
                hint=f"Choose 1 to {len(case.channels)}.",
                field="data.channel",
            )
        case = replace(case, image=case.channels[config.channel - 1])
    elif config.channel > 1:
        case = replace(case, volume=config.channel)
    values = {label.value for label in config.labels}
    masks = tuple(mask for mask in case.masks if mask.value is None or mask.value in values)
    return case if not values or len(masks) == len(case.masks) else replace(case, masks=masks)


def _limited(cases: Sequence[Case], most: int, seed: int) -> Sequence[Case]:
    if not most or len(cases) <= most:
        return cases
    drawn = sorted(cases, key=lambda case: hashlib.sha256(f"{seed}:{case.case_id}".encode()).digest())[:most]
    kept = {case.case_id for case in drawn}
    return [case for case in cases if case.case_id in kept]
