"""What in a header says who the patient is, and whether a text gives it away."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

# Names are compared word by word, numbers as a whole.
_NAMES = (
    "PatientName",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "ResponsiblePerson",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy",
    "OperatorsName",
    "RequestingPhysician",
    "PhysiciansOfRecord",
)
_NUMBERS = (
    "PatientID",
    "OtherPatientIDs",
    "AccessionNumber",
    "StudyID",
    "PatientBirthDate",
    "PatientTelephoneNumbers",
    "PatientAddress",
    "MilitaryRank",
    "InstitutionName",
    "AdmissionID",
    "IssuerOfPatientID",
)
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
# Words that a name field holds where the name was taken out: a description may say them too.
_NOBODY = frozenset("anonymous anonymized anonymised removed unknown none patient test name no".split())
_SHORTEST_NAME = 2
_SHORTEST_NUMBER = 4


def identifiers_of(dataset: Any) -> frozenset[str]:
    """Names (word by word) and numbers of a header, folded as `gives_away` compares them; never shown."""
    found = set()
    for keyword in _NAMES:
        for text in _texts(dataset, keyword):
            for word in _words(text):
                if (len(word) >= _SHORTEST_NAME or not word.isascii()) and word not in _NOBODY and not word.isdigit():
                    found.add(word)
    for keyword in (*_NUMBERS, *_UIDS):
        for text in _texts(dataset, keyword):
            whole = "".join(_words(text))
            if len(whole) >= _SHORTEST_NUMBER and whole not in _NOBODY:
                found.add(whole)
            if keyword in _NUMBERS:
                # The digits of "PID-77120934" name the patient without the letters too.
                found.update(re.findall(r"\d{5,}", text))
    return frozenset(found)


def gives_away(text: str, identifiers: Iterable[str]) -> bool:
    """Whether a text holds one of the identifiers: as a word, or where it is long enough as a part of one."""
    words = set(_words(text))
    whole = "".join(_words(text))
    return any(
        # Chinese, Japanese and Korean texts do not part their words.
        known in words or ((len(known) >= _SHORTEST_NUMBER or not known.isascii()) and known in whole)
        for known in identifiers
    )


def short_hash(text: str) -> str:
    """Eight hexadecimal digits in place of a UID."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _texts(dataset: Any, keyword: str) -> list[str]:
    try:
        value = dataset.get(keyword)
    except Exception:  # noqa: BLE001 - a damaged element names nobody
        return []
    if value is None:
        return []
    several = not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "components")
    return [str(item) for item in value] if several else [str(value)]


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word for word in re.split(r"[\W_]+", plain) if word]
