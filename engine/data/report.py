"""`inspect`: opens every file of a dataset and tells what is there, what is wrong and how to mend it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import DatasetIncomplete
from engine.data.config import DataConfig
from engine.data.findings import CaseFinding, DatasetReport, Thumbnail
from engine.data.grey_levels import Intensity, differing, intensity_for, intensity_for_all, preprocess_for
from engine.data.label_table import SeenValues, label_gaps, table_for
from engine.data.labels import LabelTable, name_from_folder
from engine.data.matching import split_suffix
from engine.data.problem import Problem, gathered
from engine.data.readers import LAYOUTS
from engine.data.readers.base import Case, Layout
from engine.data.slices import CaseRefused, OpenedCase, chosen_slices, open_case, relative_to
from engine.data.split import SLABS, Member, assign, shared_out
from engine.data.thumbnails import Sketch, save, sketch
from engine.volumes.formats.base import known_suffixes
from engine.volumes.preprocess import Preprocess, intensity_range, to_uint8_rgb

__all__ = ["DatasetReport", "inspect"]


@dataclass(frozen=True)
class _Opened:
    """What is remembered of a case once its voxels are let go."""

    case: Case
    shape_zyx: tuple[int, int, int]
    is_volume: bool
    stack_length: int
    labelled: tuple[int, ...]
    counts: dict[int, int]  # stored value → voxels; masks of one label under that label's value
    cut: bool
    objects: bool
    digest: str
    intensity: Intensity
    sketch: Sketch | None


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
    folder = _folder(config)
    layout_name, layout = _layout(config, folder)
    found = layout.cases(folder)
    cases = _limited(found.cases, config.max_cases, seed)
    wanted = _spread(len(cases), max_thumbnails if thumbnails else 0)
    problems = list(found.problems)
    opened: list[_Opened] = []
    ticker = Ticker(emit, job_id, len(cases), "cases", "opening files")
    for number, case in enumerate(cases):
        cancel.check()
        try:
            with_voxels = open_case(case, folder)
        except CaseRefused as error:
            told = f"{error.what} The case is left out."
            problems.append(Problem(error.kind, "error", told, error.where, error.hint))
        else:
            opened.append(_remembered(with_voxels, config, with_sketch=number in wanted))
            problems += _notes(with_voxels, folder)
        ticker.step()
    name = found.name or name_from_folder(folder)
    seen = [SeenValues(item.case.case_id, item.counts, item.cut, item.objects) for item in opened]
    table, label_problems = table_for(config.labels or found.labels, name, seen)
    problems += label_problems
    findings, split_problems = _findings(opened, table, config, seed)
    problems += split_problems
    wishes = [item.intensity for item in opened]
    if differing(wishes):
        problems.append(_mixed_values())
    problems += label_gaps(table, [(finding.counts, tuple(finding.slices)) for finding in findings])
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
        thumbnails=_draw(opened, findings, table, thumbnails, cancel) if thumbnails else (),
    )


def _folder(config: DataConfig) -> Path:
    folder = Path(config.folder).expanduser()
    hint = "Choose a folder that has images/ and masks/ in it."
    if not config.folder:
        raise DatasetIncomplete("No dataset folder was given.", hint=hint, field="data.folder")
    if not folder.exists():
        raise DatasetIncomplete(f"{folder} does not exist.", hint="Check the path of the dataset.", field="data.folder")
    if not folder.is_dir():
        raise DatasetIncomplete(f"{folder} is a file, not a dataset folder.", hint=hint, field="data.folder")
    try:
        empty = next(folder.iterdir(), None) is None
    except OSError as error:
        raise DatasetIncomplete(
            f"{folder} cannot be opened: {error.strerror}.", hint="Check that you may read it.", field="data.folder"
        ) from error
    if empty:
        raise DatasetIncomplete(f"{folder} is empty.", hint=hint, field="data.folder")
    return folder


def _layout(config: DataConfig, folder: Path) -> tuple[str, Layout]:
    if config.layout != "auto":
        return config.layout, LAYOUTS.get(config.layout, field="data.layout")()
    best, score = "", 0.0
    for name, cls in LAYOUTS:
        found = cls().recognises(folder)
        if found > score:
            best, score = name, found
    if not best and not any(split_suffix(path.name)[1] in known_suffixes() for path in folder.rglob("*")):
        raise DatasetIncomplete(
            f"{folder} holds no images or scans that can be read.",
            hint=f"These kinds are read: {', '.join(known_suffixes())}. Put them into images/ and masks/.",
            field="data.folder",
        )
    if not best:
        raise DatasetIncomplete(
            f"The layout of {folder} is not recognised: no images with masks of the same names were found in it.",
            hint="Put the images into a sub-folder images/ and their masks, under the same names, into masks/.",
            field="data.folder",
        )
    return best, LAYOUTS.get(best)()


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


def _remembered(opened: OpenedCase, config: DataConfig, *, with_sketch: bool) -> _Opened:
    sliced = opened.sliced(config.plane)
    labelled = sliced.labelled()
    counts: Counter[int] = Counter()
    for values, label in opened.masks:
        counts.update({label: sum(values.counts.values())} if label is not None else values.counts)
    intensity = intensity_for(config, opened.scan)
    shown: Sketch | None = None
    if with_sketch:
        index = sliced.fullest()
        grey = preprocess_for(Preprocess(), intensity)
        levels = intensity_range(sliced.scan.slices, grey)
        shown = sketch(sliced, index, to_uint8_rgb(sliced.image(index), grey, levels))
    return _Opened(
        case=opened.case,
        shape_zyx=opened.shape_zyx,
        is_volume=opened.is_volume,
        stack_length=len(sliced),
        labelled=labelled,
        counts=dict(counts),
        cut=any(values.cut for values, _ in opened.masks),
        objects=any(values.looks_like_objects for values, _ in opened.masks),
        digest=hashlib.blake2b(np.ascontiguousarray(opened.scan.voxels).data, digest_size=16).hexdigest(),
        intensity=intensity,
        sketch=shown,
    )


def _notes(opened: OpenedCase, folder: Path) -> list[Problem]:
    image = relative_to(opened.case.image, folder)
    fix = "Nothing to do, if that is right."
    notes = [Problem("scan_note", "note", note, image, fix) for note in opened.scan.notes]
    for mask, (values, _) in zip(opened.case.masks, opened.masks, strict=True):
        where = relative_to(mask.path, folder)
        for note in values.notes:
            if values.cut and note is values.notes[-1]:
                notes.append(
                    Problem("mask_cut", "note", note, where, "Save masks as PNG to keep their values exactly.")
                )
            else:
                notes.append(Problem("mask_note", "note", note, where, fix))
    return notes


def _findings(
    opened: Sequence[_Opened], table: LabelTable, config: DataConfig, seed: int
) -> tuple[tuple[CaseFinding, ...], list[Problem]]:
    if not opened:
        return (), []
    first_of = _twins(opened)
    members = [Member(item.case.case_id, first_of[item.digest].patient, item.case.split) for item in opened]
    sliceable = opened[0].is_volume and opened[0].stack_length > 2
    assigned = assign(members, config.split, seed, sliceable=sliceable)
    findings = tuple(
        CaseFinding(
            case=item.case,
            shape_zyx=item.shape_zyx,
            is_volume=item.is_volume,
            stack_length=item.stack_length,
            counts=table.counts(item.counts),
            slices=_slices(item, assigned.split_of[item.case.case_id], config, seed),
        )
        for item in opened
    )
    return findings, [*assigned.problems, *_doubles(opened, assigned.split_of)]


def _slices(item: _Opened, split: str, config: DataConfig, seed: int) -> dict[str, tuple[int, ...]]:
    chosen = chosen_slices(item.labelled, item.stack_length, config, item.case.case_id, seed)
    if split == SLABS:
        slabs: dict[str, tuple[int, ...]] = {}
        start = 0
        for name, count in shared_out(len(chosen), config.split).items():
            slabs[name] = chosen[start : start + count]
            start += count
        return slabs
    # A final score on labelled slices alone would hide what a model marks where nothing is.
    return {split: tuple(range(item.stack_length)) if split == "test" else chosen}


def _twins(opened: Sequence[_Opened]) -> dict[str, Case]:
    """Image content → the first case that has it: the same picture twice counts as one patient."""
    first: dict[str, Case] = {}
    for item in opened:
        first.setdefault(item.digest, item.case)
    return first


def _doubles(opened: Sequence[_Opened], split_of: Mapping[str, str]) -> list[Problem]:
    first = _twins(opened)
    problems: list[Problem] = []
    for item in opened:
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


def _draw(
    opened: Sequence[_Opened],
    findings: Sequence[CaseFinding],
    table: LabelTable,
    folder: Path,
    cancel: CancelToken,
) -> tuple[Thumbnail, ...]:
    drawn: list[Thumbnail] = []
    for number, (item, finding) in enumerate(zip(opened, findings, strict=True)):
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
