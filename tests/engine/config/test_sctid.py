"""Codes of concepts are told from typing errors."""

from __future__ import annotations

import pytest

from engine.config.sctid import wrong_with

# Concepts named in DICOM PS3.16 and in the colour tables of 3D Slicer.
KNOWN = {"78961009": "Spleen", "64033007": "Kidney", "123037004": "Anatomical Structure", "24028007": "Right"}


@pytest.mark.parametrize("code", KNOWN)
def test_known_concepts_are_taken(code: str) -> None:
    assert wrong_with(code) == ""


@pytest.mark.parametrize("code", KNOWN)
def test_any_wrong_digit_and_any_exchange_of_neighbours_is_found(code: str) -> None:
    for place in range(len(code)):
        for digit in "0123456789":
            changed = code[:place] + digit + code[place + 1 :]
            assert (wrong_with(changed) == "") == (changed == code)
        swapped = code[:place] + code[place : place + 2][::-1] + code[place + 2 :]
        assert (wrong_with(swapped) == "") == (swapped == code)


def test_other_things_are_refused_with_the_reason() -> None:
    assert "digits only" in wrong_with("T-D4000")
    assert "digits only" in wrong_with("٧٨٩٦١٠٠٩")
    assert "6 to 18" in wrong_with("12345")
    assert "6 to 18" in wrong_with("078961009")
    assert "not a concept" in wrong_with("754786014")
