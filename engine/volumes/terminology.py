"""Codes for what a segment shows: as the user gave them, or as the DICOM standard lists a phrase; else "Tissue"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from engine.contract.errors import OutOfRange


@dataclass(frozen=True)
class Code:
    """A coded concept (PS3.3, 8.8): scheme ("SCT" is SNOMED CT), value, and its meaning in words."""

    scheme: str
    value: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.scheme} {self.value} {self.meaning}"


@dataclass(frozen=True)
class Term:
    """What a segment shows: category (CID 7150), type (CID 7151), and which side where the words say so (CID 244)."""

    category: Code
    type: Code
    modifier: Code | None = None


TISSUE: Final = Code("SCT", "85756007", "Tissue")
STRUCTURE: Final = Code("SCT", "91723000", "Anatomical Structure")
UNSPECIFIED: Final = Term(TISSUE, TISSUE)
"""What 3D Slicer too gives a segment of which nobody said what it is."""

_CATEGORIES: Final = (
    (7194, Code("SCT", "49755003", "Morphologically Abnormal Structure")),
    (7192, STRUCTURE),
    (7191, TISSUE),
    (7193, Code("SCT", "260787004", "Physical object")),
    (7197, Code("SCT", "91720002", "Body Substance")),
)
"""Context groups of PS3.16 whose members belong to a category, in the order in which a phrase is looked for."""
_SIDES: Final = {
    "left": Code("SCT", "7771000", "Left"),
    "right": Code("SCT", "24028007", "Right"),
    "bilateral": Code("SCT", "51440002", "Right and left"),
}
_LONGEST: Final = {"scheme": 16, "value": 16, "meaning": 64}


def term_of(phrase: str, snomed: str | None = None) -> Term:
    """The term for a phrase: its label's SNOMED CT code where there is one, else what the standard calls so.

    "left kidney" is a kidney with a side. A phrase that the standard does not list is UNSPECIFIED, never guessed.
    """
    words = [word for word in re.split(r"[^\w]+", phrase.casefold()) if word]
    side = next((_SIDES[word] for word in words if word in _SIDES), None)
    rest = [word for word in words if word not in (*_SIDES, "the", "a", "an")]
    found = _listed(" ".join(rest))
    if snomed:
        meaning = found.type.meaning if found is not None and found.type.value == snomed else phrase
        category = found.category if found is not None else STRUCTURE
        found = Term(category, Code("SCT", snomed[:16], meaning[:64]))
    if found is None:
        return UNSPECIFIED
    return replace(found, modifier=side)


def _listed(words: str) -> Term | None:
    """The member of PS3.16's context groups that is called exactly so (its plural, too)."""
    from pydicom.sr.codedict import codes  # some thousand codes: only where a file can hold them

    wanted = {words, words.removesuffix("s"), words.removesuffix("es")} - {""}
    for group, category in _CATEGORIES:
        for code in getattr(codes, f"cid{group}").concepts.values():
            if code.meaning.casefold() in wanted and code.scheme_designator == "SCT":
                return Term(category, Code("SCT", str(code.value), str(code.meaning)))
    return None


def parse_term(text: str) -> Term:
    """`TYPE` or `CATEGORY/TYPE` or `CATEGORY/TYPE/MODIFIER`, each SCHEME:VALUE:MEANING; raises OutOfRange."""
    parts = [_parse_code(part, text) for part in text.split("/")]
    if len(parts) == 1:
        return Term(STRUCTURE, parts[0])
    if len(parts) > 3:
        raise _not_a_code(text)
    return Term(parts[0], parts[1], parts[2] if len(parts) == 3 else None)


def _parse_code(part: str, whole: str) -> Code:
    values = [value.strip() for value in part.split(":", 2)]
    if len(values) != 3 or not all(values):
        raise _not_a_code(whole)
    for (name, most), value in zip(_LONGEST.items(), values, strict=True):
        if len(value) > most or not value.isprintable() or any(letter in value for letter in "\\~^|"):
            raise OutOfRange(
                f"codes: the {name} {value[:70]!r} cannot be stored: at most {most} letters, none of \\ ~ ^ |.",
                hint="Shorten it.",
                field="codes",
            )
    return Code(*values)


def _not_a_code(text: str) -> OutOfRange:
    return OutOfRange(
        f"codes: {text!r} is not a code.",
        hint='Give SCHEME:VALUE:MEANING, such as "SCT:10200004:Liver", or CATEGORY/TYPE, each written so.',
        field="codes",
    )
