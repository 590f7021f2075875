"""Who is who: the patient behind each case, from a pattern of file names, a column of a table, or DICOM headers.

Of a DICOM PatientID nothing is kept: cases that share one are called after the first of them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.contract.errors import InputError, UnknownName
from engine.data.config import SplitConfig
from engine.data.matching import split_suffix
from engine.data.problem import Problem
from engine.data.readers.base import Case
from engine.data.slices import relative_to

_MOST_BYTES = 100_000_000


def with_patients(cases: Sequence[Case], config: SplitConfig, folder: Path) -> tuple[list[Case], list[Problem]]:
    """The cases with the patients that `config` says, and what was not found; unchanged where it says nothing.

    Raises InputError for a table that cannot be read, UnknownName for a column that it lacks.
    """
    if config.patient_table:
        return _by_table(cases, config, folder)
    if config.patient_pattern:
        return _by_pattern(cases, config.patient_pattern, folder)
    return _by_header(cases), []


def _by_pattern(cases: Sequence[Case], pattern: str, folder: Path) -> tuple[list[Case], list[Problem]]:
    wanted = re.compile(pattern)
    found: list[Case] = []
    missed: list[Case] = []
    for case in cases:
        match = wanted.search(relative_to(case.image, folder))
        patient = next((group for group in match.groups() if group), match.group()) if match else ""
        found.append(replace(case, patient=patient) if patient else case)
        if not patient:
            missed.append(case)
    return found, [_missed(missed, len(cases), f"the pattern {pattern!r}")] if missed else []


def _by_table(cases: Sequence[Case], config: SplitConfig, folder: Path) -> tuple[list[Case], list[Problem]]:
    path = folder / config.patient_table
    rows, columns = _rows(path)
    named = {column.casefold(): column for column in columns}
    column = named.get(config.patient_column.casefold())
    if column is None:
        raise UnknownName(
            f"{path.name} has no column {config.patient_column!r}.",
            hint=f"Its columns: {', '.join(columns)}. Set data.split.patient_column.",
            field="data.split.patient_column",
        )
    keys = {key: at for at, case in enumerate(cases) for key in _keys(case, folder)}
    others = [name for name in columns if name != column]
    # The column that names most images.
    best = max(others, key=lambda name: sum((row.get(name) or "").strip() in keys for row in rows), default=None)
    patients: dict[int, str] = {}
    for row in rows if best is not None else []:
        at, patient = keys.get((row.get(best or "") or "").strip()), (row.get(column) or "").strip()
        if at is not None and patient:
            patients[at] = patient
    missed = [case for at, case in enumerate(cases) if at not in patients]
    found = [replace(case, patient=patients[at]) if at in patients else case for at, case in enumerate(cases)]
    return found, [_missed(missed, len(cases), path.name)] if missed else []


def _rows(path: Path) -> tuple[list[dict[str, str | None]], list[str]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} is larger than 100 MB.", field="data.split.patient_table")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.",
            hint="Give the CSV file's path, absolute or within the dataset's folder.",
            field="data.split.patient_table",
        ) from error
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise InputError(
            f"{path} is no table: {error}.", hint="Save it as CSV again.", field="data.split.patient_table"
        ) from error
    return rows, [name for name in reader.fieldnames or [] if name]


def _keys(case: Case, folder: Path) -> tuple[str, ...]:
    """What a table may call a case."""
    place = relative_to(case.image, folder)
    return case.case_id, place, split_suffix(place)[0], case.image.name, split_suffix(case.image.name)[0]


def _by_header(cases: Sequence[Case]) -> list[Case]:
    """Cases whose DICOM headers name one patient become one patient's."""
    scans = [
        case for case in cases if case.image.is_dir() or case.image.suffix.casefold() in (".dcm", ".dicom", ".ima")
    ]
    if not scans:
        return list(cases)
    first: dict[str, str] = {}
    patient_of: dict[str, str] = {}
    for case in scans:
        identifier = _identifier(case.image)
        if identifier:
            patient_of[case.case_id] = first.setdefault(identifier, case.patient)
    return [replace(case, patient=patient_of.get(case.case_id, case.patient)) for case in cases]


def _identifier(path: Path) -> str:
    """The header's PatientID, only to be compared; "" where there is none."""
    import pydicom  # slow to import, and few datasets need it

    file = path if path.is_file() else next((one for one in sorted(path.iterdir()) if one.is_file()), None)
    if file is None:
        return ""
    try:
        header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["PatientID"], force=True)
        return str(header.get("PatientID", "")).strip()
    except Exception:  # noqa: BLE001 - a damaged header raises anything; reading the scan tells what is wrong with it
        return ""


def _missed(cases: Sequence[Case], total: int, where: str) -> Problem:
    shown = ", ".join(case.case_id for case in cases[:3]) + (" …" if len(cases) > 3 else "")
    return Problem(
        kind="patient_unknown",
        severity="warning",
        message=f"{len(cases)} of {total} cases have no patient in {where} ({shown}); each counts as the layout says.",
        fix="Correct data.split.patient_pattern or the table, or the same patient may be in two splits.",
        count=len(cases),
    )
