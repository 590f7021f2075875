"""Codes of SNOMED CT: whether a number can be that of a concept, so that a typing error is told and not stored.

Source: SNOMED CT Release File Specifications, chapter 6: 6 to 18 digits, the first not 0; the last is a check digit
(Verhoeff, Error detecting decimal codes, 1969), the two before it tell what is named, with a second digit of 0 for a
concept. Whether such a concept exists only SNOMED CT's own tables could tell.
"""

from __future__ import annotations

_ROTATED = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_EIGHT = 8


def wrong_with(code: str) -> str:
    """What is wrong with a code, as the end of a sentence; "" where nothing is."""
    if not code.isascii() or not code.isdigit():
        return "it is made of digits only"
    if not 6 <= len(code) <= 18 or code.startswith("0"):
        return "it has 6 to 18 digits and does not begin with 0"
    if _checked(code):
        return "its check digit does not fit: a digit is wrong, or two are exchanged"
    if code[-2] != "0":
        return "it names a description or a relation, not a concept"
    return ""


def _checked(digits: str) -> int:
    """0 where Verhoeff's check digit, the last one, fits."""
    found = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place % _EIGHT):
            value = _ROTATED[1][value]
        found = _times(found, value)
    return found


def _times(a: int, b: int) -> int:
    """The product in the dihedral group of the pentagon: 0 to 4 are its turns, 5 to 9 its mirrorings."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
    return (a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5
