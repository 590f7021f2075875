from __future__ import annotations

import numpy as np

from engine.insight.energy import Distance
from engine.insight.phrase_distance import KnownPhrases, PhrasePlace
from engine.insight.shift import advice, level, words


def test_a_known_phrase_lies_at_nothing_and_a_strange_one_beyond_new_wordings() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 20))
    known = KnownPhrases.of(tuple(f"phrase {n}" for n in range(300)), features, rng.normal(size=(100, 20)))
    same, new, strange = known.place(["a", "b", "c"], np.stack([features[7], rng.normal(size=20), np.full(20, 9.0)]))
    assert (round(same.value, 6), same.beyond, same.nearest) == (0, 0, "phrase 7")
    assert 0.5 < new.value < 2
    assert strange.beyond == 1
    assert strange.value > 3


def place(phrase: str, value: float) -> PhrasePlace:
    return PhrasePlace(phrase, value, 0.5, "thing")


def test_advice_follows_the_pictures_then_the_words() -> None:
    assert [level(Distance(value)) for value in (1.0, 1.5, 3.0)] == ["low", "medium", "high"]
    assert advice(Distance(3.0), [], image_prompts=True)[0] == "image"
    assert "no image prompts" in advice(Distance(3.0), [], image_prompts=False)[1]
    assert advice(Distance(1.5), [], image_prompts=True)[0] == ""
    what, said = advice(Distance(1.0), [place("polyp", 2.5), place("disc", 0.2)], image_prompts=True)
    assert what == "words"
    assert "polyp" in said
    assert "disc" not in said


def test_few_patients_and_wide_intervals_are_told() -> None:
    assert words(Distance(3.0, 2.8, 3.2), 40) == "These pictures are far from what this model knows."
    assert "uncertain (2.8 to 3.2)" in words(Distance(3.0, 2.8, 3.2), 4)
    assert "uncertain (1.1 to 2.6)" in words(Distance(1.9, 1.1, 2.6), 40)
    assert "one patient" in words(Distance(3.0), 1)
