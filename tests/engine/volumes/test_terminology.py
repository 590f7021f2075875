from __future__ import annotations

import pytest

from engine.contract.errors import OutOfRange
from engine.volumes.terminology import UNSPECIFIED, Code, parse_term, term_of


@pytest.mark.parametrize(
    ("phrase", "category", "code", "side"),
    [
        ("liver", "Anatomical Structure", "10200004", None),
        ("The left Kidney.", "Anatomical Structure", "64033007", "Left"),
        ("right lung", "Anatomical Structure", "39607008", "Right"),
        ("kidneys", "Anatomical Structure", "64033007", None),
        ("mass", "Morphologically Abnormal Structure", "4147007", None),
    ],
)
def test_what_the_standard_lists(phrase: str, category: str, code: str, side: str | None) -> None:
    term = term_of(phrase)
    assert term.category.meaning == category
    assert (term.type.scheme, term.type.value) == ("SCT", code)
    assert (term.modifier.meaning if term.modifier else None) == side


@pytest.mark.parametrize("phrase", ["something odd", "left", "", "潰瘍", "normal"[:0]])
def test_what_it_does_not_list_is_never_guessed(phrase: str) -> None:
    assert term_of(phrase) == UNSPECIFIED


def test_the_code_of_a_label_goes_first() -> None:
    term = term_of("my lesion", "123456")
    assert term.type == Code("SCT", "123456", "my lesion")
    known = term_of("left kidney", "64033007")
    assert known.type.meaning == "Kidney"
    assert known.modifier == Code("SCT", "7771000", "Left")


def test_codes_as_they_are_given() -> None:
    assert parse_term("SCT:10200004:Liver").type == Code("SCT", "10200004", "Liver")
    term = parse_term("SCT:49755003:Morphologically Abnormal Structure/99HERE:x1:Odd: thing/SCT:7771000:Left")
    assert term.type == Code("99HERE", "x1", "Odd: thing")
    assert term.modifier == Code("SCT", "7771000", "Left")


@pytest.mark.parametrize(
    "text",
    ["liver", "SCT:1", "SCT::x", "a:b:c/a:b:c/a:b:c/a:b:c", "x" * 17 + ":1:y", "S:1:a^b", "S:1:a\\b", "S:1:a\nb"],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(OutOfRange, match="codes") as caught:
        parse_term(text)
    assert caught.value.field == "codes"
    assert caught.value.hint
