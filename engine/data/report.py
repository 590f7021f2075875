"""`inspect`: opens every file of a dataset and tells what is there, what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.contract.control import CancelToken, Emit, Ticker
from engine.data.case_listing import list_cases
from engine.data.config import DataConfig
from engine.data.findings import DatasetReport
from engine.data.grey_histogram import grey_statistics
from engine.data.grey_levels import differing, intensity_for_all
from engine.data.known_cases import KnownCases
from engine.data.label_table import SeenValues, label_gaps, table_for
from engine.data.labels import name_from_folder
from engine.data.likeness import told_inverted, told_masks
from engine.data.looking import look
from engine.data.phrase_checks import told_phrases
from engine.data.problem import Mending, Problem, gathered
from engine.data.prompts import told_prompts
from engine.data.readers.base import Case, CaseList
from engine.data.recognition import told_others
from engine.data.seen_case import SeenCase, notes_of, remember
from engine.data.sharing import shared
from engine.data.slices import CaseRefused, open_case
from engine.data.statistics import statistics, told_sizes

__all__ = ["DatasetReport", "inspect"]


def inspect(
    config: DataConfig,
    seed: int,
    emit: Emit,
    cancel: CancelToken,
    *,
    job_id: str = "inspect",
    placed: Mapping[str, str] | None = None,
) -> DatasetReport:
    """Every file is opened once; one that an earlier inspection opened and that has not changed is remembered.

    A bad file leaves its case out with a problem that says what, where and what to do.

    `placed`: case id → split, as edited by hand. Returns a report even where nothing is usable (`report.usable`,
    `report.require_usable()`). Raises DatasetIncomplete for a folder that is missing, empty or of an unknown layout,
    UnknownName for an unknown `config.layout`, and Cancelled.
    """
    listing = list_cases(config, seed)
    folder, found = listing.folder, listing.found
    given = config.labels or found.labels
    problems = list(listing.problems)
    if config.layout == "auto" and listing.layout_name != "dataset_yaml":
        problems += told_others(folder, listing.layout_name, found)
    cases = listing.cases
    if placed:
        cases = tuple(replace(case, split=placed.get(case.case_id, case.split)) for case in cases)
    seen: list[SeenCase] = []
    ticker = Ticker(emit, job_id, len(cases), "cases", "opening files")
    known = KnownCases(folder, config)

    def open_one(number: int, case: Case) -> tuple[SeenCase | None, list[Problem]]:
        cancel.check()
        stamp = known.stamp(case)
        before = known.find(case, stamp)
        if before is not None:
            return before
        try:
            opened = open_case(case, folder)
        except CaseRefused as error:
            told = f"{error.what} The case is left out."
            mending: Mending = "geometry" if error.repairable else "leave_out"
            refused = Problem(
                error.kind, "error", told, error.where, error.hint, cases=(case.case_id,), mending=mending
            )
            return None, [refused]
        item, notes = remember(opened, config), notes_of(opened, folder)
        known.keep(stamp, item, notes)
        return item, notes

    for item, told in look(cases, open_one):
        if item is not None:
            seen.append(item)
        problems += told
        ticker.step()
    known.save()
    name = found.name or name_from_folder(folder)
    values = [SeenValues(item.case.case_id, item.counts(), item.cut, item.objects) for item in seen]
    table, label_problems = table_for(given, name, values, found.kind)
    findings, split_problems = shared(seen, table, config, seed)
    wishes = [item.intensity for item in seen]
    problems += [*label_problems, *split_problems, *label_gaps(table, findings), *told_masks(seen)]
    marked = {value for finding in findings for value, pixels in finding.counts.items() if pixels}
    problems += [*told_sizes(findings), *told_phrases(table.labels, marked, config, name_from_folder(folder))]
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
        layout=listing.layout_name,
        layout_title=listing.layout.title,
        details=found.details,
        synthetic=found.synthetic,
        table=table,
        intensity=intensity_for_all(wishes),
        cases=findings,
        problems=gathered(problems),
        splits_from=_givers(found, config),
        statistics={**statistics(findings, table), "grey": grey_statistics([item.grey for item in seen])},
        phrases_found={label.value: label.phrase for label in found.labels},
    )


def _givers(found: CaseList, config: DataConfig) -> str:
    given = config.split.given and any(case.split for case in found.cases)
    return (found.splits_from or "its sub-folders") if given else ""


def _mixed_values() -> Problem:
    return Problem(
        kind="mixed_values",
        severity="warning",
        message="The scans hold different kinds of values (pictures, CT, others); all are shown between percentiles.",
        fix="Put each kind into a dataset of its own, or set data.intensity.",
    )
