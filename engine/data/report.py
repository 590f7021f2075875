"""`inspect`: opens every file of a dataset and tells what is there, what is wrong and how to mend it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.contract.control import CancelToken, Emit, Ticker
from engine.data.config import DataConfig
from engine.data.findings import CaseFinding, DatasetReport, Thumbnail
from engine.data.grey_histogram import grey_statistics
from engine.data.grey_levels import differing, intensity_for_all
from engine.data.label_table import SeenValues, label_gaps, table_for
from engine.data.labels import LabelTable, name_from_folder
from engine.data.likeness import told_inverted, told_masks
from engine.data.looking import look
from engine.data.patients import with_patients
from engine.data.phrase_checks import told_phrases
from engine.data.problem import Mending, Problem, gathered
from engine.data.prompts import told_prompts
from engine.data.readers.base import Case, CaseList
from engine.data.recognition import dataset_folder, recognised_layout
from engine.data.seen_case import SeenCase, notes_of, remember
from engine.data.sharing import shared
from engine.data.slices import CaseRefused, open_case
from engine.data.statistics import statistics, told_sizes
from engine.data.thumbnails import save

__all__ = ["DatasetReport", "inspect"]


def inspect(
    config: DataConfig,
    seed: int,
    emit: Emit,
    cancel: CancelToken,
    *,
    job_id: str = "inspect",
    thumbnails: Path | None = None,
    max_thumbnails: int = 60,
) -> DatasetReport:
    """Every file is opened once; a bad one leaves its case out with a problem that says what, where and what to do.

    Returns a report even where nothing is usable (`report.usable`, `report.require_usable()`). Raises
    DatasetIncomplete for a folder that is missing, empty or of an unknown layout, UnknownName for an unknown
    `config.layout`, Cancelled, and DiskFull where thumbnails do not fit.
    """
    folder = dataset_folder(config)
    layout_name, layout = recognised_layout(config, folder)
    found = layout.cases(folder)
    given = config.labels or found.labels
    problems = list(found.problems)
    listed, unknown = with_patients(found.cases, config.split, folder)
    problems += unknown
    cases = [_wanted(case, config) for case in _limited(listed, config.max_cases, seed)]
    sketched = _spread(len(cases), max_thumbnails if thumbnails else 0)
    shown = {label.value for label in given}
    seen: list[SeenCase] = []
    ticker = Ticker(emit, job_id, len(cases), "cases", "opening files")

    def open_one(number: int, case: Case) -> tuple[SeenCase | None, list[Problem]]:
        cancel.check()
        try:
            opened = open_case(case, folder)
        except CaseRefused as error:
            told = f"{error.what} The case is left out."
            mending: Mending = "geometry" if error.repairable else "leave_out"
            refused = Problem(
                error.kind, "error", told, error.where, error.hint, cases=(case.case_id,), mending=mending
            )
            return None, [refused]
        item = remember(opened, config, with_sketch=number in sketched, shown_values=shown)
        return item, notes_of(opened, folder)

    for item, told in look(cases, open_one):
        if item is not None:
            seen.append(item)
        problems += told
        ticker.step()
    name = found.name or name_from_folder(folder)
    values = [SeenValues(item.case.case_id, item.counts(), item.cut, item.objects) for item in seen]
    table, label_problems = table_for(given, name, values, found.kind)
    findings, split_problems = shared(seen, table, config, seed)
    wishes = [item.intensity for item in seen]
    problems += [*label_problems, *split_problems, *label_gaps(table, findings), *told_masks(seen)]
    problems += [*told_sizes(findings), *told_phrases(table.labels, findings, config)]
    problems += told_prompts([item.case for item in seen], table.labels, config)
    if len(table) == 1:
        problems += told_inverted(seen)
    if differing(wishes):
        problems.append(_mixed_values())
    return DatasetReport(
        folder=folder,
        config=config,
        seed=seed,
        name=name,
        layout=layout_name,
        layout_title=layout.title,
        details=found.details,
        synthetic=found.synthetic,
        table=table,
        intensity=intensity_for_all(wishes),
        cases=findings,
        problems=gathered(problems),
        thumbnails=_draw(seen, findings, table, thumbnails, cancel) if thumbnails else (),
        splits_from=_givers(found, config),
        statistics={**statistics(findings, table), "grey": grey_statistics([item.grey for item in seen])},
        phrases_found={label.value: label.phrase for label in found.labels},
    )


def _givers(found: CaseList, config: DataConfig) -> str:
    given = config.split.given and any(case.split for case in found.cases)
    return (found.splits_from or "its sub-folders") if given else ""


def _wanted(case: Case, config: DataConfig) -> Case:
    """Without the masks of labels that were not asked for: of a hundred organs, two need not open a hundred files."""
    values = {label.value for label in config.labels}
    masks = tuple(mask for mask in case.masks if mask.value is None or mask.value in values)
    return case if not values or len(masks) == len(case.masks) else replace(case, masks=masks)


def _limited(cases: Sequence[Case], most: int, seed: int) -> Sequence[Case]:
    if not most or len(cases) <= most:
        return cases
    drawn = sorted(cases, key=lambda case: hashlib.sha256(f"{seed}:{case.case_id}".encode()).digest())[:most]
    kept = {case.case_id for case in drawn}
    return [case for case in cases if case.case_id in kept]


def _spread(count: int, most: int) -> set[int]:
    """At most `most` of `count` numbers, evenly spread."""
    if count <= most:
        return set(range(count))
    return {round(at * (count - 1) / max(1, most - 1)) for at in range(most)}


def _draw(
    seen: Sequence[SeenCase],
    findings: Sequence[CaseFinding],
    table: LabelTable,
    folder: Path,
    cancel: CancelToken,
) -> tuple[Thumbnail, ...]:
    drawn: list[Thumbnail] = []
    for number, (item, finding) in enumerate(zip(seen, findings, strict=True)):
        if item.sketch is None:
            continue
        cancel.check()
        labels = tuple(value for value, count in finding.counts.items() if count)
        drawn.append(Thumbnail(item.case.case_id, save(item.sketch, table, folder, number), finding.split, labels))
    return tuple(drawn)


def _mixed_values() -> Problem:
    return Problem(
        kind="mixed_values",
        severity="warning",
        message="The scans hold different kinds of values (pictures, CT, others); all are shown between percentiles.",
        fix="Put each kind into a dataset of its own, or set data.intensity.",
    )
