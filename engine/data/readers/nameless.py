"""DICOM scans whose file or folder says who the patient is get another name, before anything is said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from engine.contract.errors import ScanUnreadable
from engine.data.readers.base import CaseList
from engine.volumes.dicom.files import SUFFIXES, dicom_files
from engine.volumes.dicom.identity import gives_away, short_hash


def nameless(found: CaseList) -> CaseList:
    """The same, with case ids and patients that hold nothing of what the header calls the patient.

    Only DICOM says who its patient is. A case is then called after its series, as in `dicom-1f2e3d4c`.
    """
    if not any(_is_dicom(case.image) for case in found.cases):
        return found
    cases = []
    taken = {case.case_id for case in found.cases}
    for case in found.cases:
        identifiers, series = _header(case.image) if _is_dicom(case.image) else (frozenset[str](), "")
        own, patient = case.case_id, case.patient
        if gives_away(own, identifiers):
            own = _unlike(f"dicom-{short_hash(series or own)}", taken)
            taken.add(own)
        if gives_away(patient, identifiers):
            # Equal names stay equal: who belongs together is not lost.
            patient = f"dicom-{short_hash(patient)}"
        cases.append(replace(case, case_id=own, patient=patient))
    return replace(found, cases=tuple(cases))


def _is_dicom(image: Path) -> bool:
    return image.is_dir() or image.suffix.casefold() in SUFFIXES


def _header(image: Path) -> tuple[frozenset[str], str]:
    """What in the first file's header says who the patient is, and the series."""
    # pydicom is slow to import, and few datasets need it.
    from engine.volumes.dicom.header import read_instance

    files = dicom_files(image, deep=True) if image.is_dir() else [image]
    for file in files[:1]:
        try:
            found = read_instance(file)
        except (ScanUnreadable, OSError):
            continue
        return found.identifiers, found.series
    return frozenset(), ""


def _unlike(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    number, unique = 2, name
    while unique in known:
        unique, number = f"{name}-{number}", number + 1
    return unique
