from __future__ import annotations

import pytest

from engine.contract.errors import OutOfRange
from engine.text.phrases import TEMPLATES, clean, phrase_for, with_stop, words_of


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("a polyp", "a polyp."), ("a polyp.", "a polyp."), ("  is it?  ", "is it?"), ("a\n b", "a b.")],
)
def test_a_full_stop_ends_the_phrase_once(phrase: str, expected: str) -> None:
    assert with_stop(phrase) == expected


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("left_ventricle", "left ventricle"),
        ("leftLung", "left lung"),
        ("skin-lesion", "skin lesion"),
        ("Polyp", "polyp"),
        ("CT_bone", "CT bone"),
        ("vertebra_T12", "vertebra T12"),
    ],
)
def test_labels_become_words(label: str, words: str) -> None:
    assert words_of(label) == words


def test_templates() -> None:
    assert phrase_for("polyp") == "polyp"
    assert phrase_for("polyp", "photo") == "a photo of a polyp."
    assert phrase_for("axon", "photo") == "a photo of an axon."
    assert phrase_for("left_lung", "the {} of a patient") == "the left lung of a patient"
    for name in TEMPLATES:
        assert "polyp" in phrase_for("polyp", name)
    with pytest.raises(OutOfRange, match="no place"):
        phrase_for("polyp", "no braces")


@pytest.mark.parametrize("empty", ["", "   ", "\n\t"])
def test_empty_phrases_are_refused(empty: str) -> None:
    for call in (clean, with_stop, phrase_for):
        with pytest.raises(OutOfRange, match="empty") as caught:
            call(empty)
        assert caught.value.hint
