from __future__ import annotations

import pytest

from engine.insight.wordings import MOST, wordings_for


def test_templates_and_plain_forms_without_the_present_phrase() -> None:
    found = wordings_for("polyp", "polyp")
    assert found[:2] == ["the polyp", "a photo of a polyp."]
    assert "polyp" not in found


def test_a_frame_is_taken_off_before_another_is_put_on() -> None:
    found = wordings_for("tumour", "a photo of a benign tumour.")
    assert found[0] == "benign tumour"
    assert "tumour" in found
    assert "the benign tumour" in found
    assert not any("photo of a a" in text or "photo of a photo" in text for text in found)


@pytest.mark.parametrize(("name", "phrase"), [("x", "the"), ("left_lung", "a"), ("a", "an image of a"), ("é", ".")])
def test_odd_phrases_give_phrases(name: str, phrase: str) -> None:
    found = wordings_for(name, phrase)
    assert all(text.strip() for text in found)
    assert len(found) == len({text.casefold() for text in found})


def test_alternatives_come_first_and_the_number_is_bounded() -> None:
    found = wordings_for("liver", "liver", [f"liver {n}" for n in range(12)])
    assert found[0] == "liver 0"
    assert len(found) == MOST
