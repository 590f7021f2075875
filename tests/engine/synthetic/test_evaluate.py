"""The figures mean what they say: known answers get known scores, and questions come from scenes never trained on."""

from __future__ import annotations

import numpy as np
import pytest

from engine.synthetic.evaluate import Question, questions, score
from engine.synthetic.words import COLOURS, HELD_OUT_PAIRS, SHAPE_WORDS, SHAPES


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    return list(questions(scenes=15, seed=2))


def test_the_right_answers_score_full_marks(asked: list[Question]) -> None:
    for values in score(asked, [question.target for question in asked]).values():
        assert values.get("dice", 1.0) == 1.0
        assert values.get("others_marked", 0.0) == 0.0
        assert values.get("empty_strict", 1.0) == 1.0


def test_marking_everything_scores_as_the_phrase_blind_guess(asked: list[Question]) -> None:
    figures = score(asked, [question.target | question.others for question in asked])
    for values in figures.values():
        assert values.get("dice") == values.get("dice_phrase_blind")
        assert values.get("others_marked", 1.0) == 1.0
        assert values.get("empty", 0.0) == 0.0
        assert values.get("false_share", 1.0) == 1.0


def test_a_few_stray_pixels_still_count_as_an_empty_answer(asked: list[Question]) -> None:
    answers = []
    for question in asked:
        mask = np.zeros_like(question.target)
        mask.flat[:40] = True  # of 16384: under 0.3 %
        answers.append(mask)
    absent = score(asked, answers)["absent_thing"]
    assert (absent["empty"], absent["empty_strict"]) == (1.0, 0.0)


def test_every_group_is_asked(asked: list[Question]) -> None:
    named = {question.group for question in asked if question.target.any()}
    unnamed = {question.group for question in asked if not question.target.any()}
    assert named == {
        "scenes", "held_out_pairs", "conjunctions", "other_code_scenes", "other_code_conjunctions",
    }  # fmt: skip
    assert unnamed == {
        "absent_shape", "absent_colour", "conjunctions_absent",
        "other_code_scenes_absent", "other_code_conjunctions_absent",
    }  # fmt: skip


def test_held_out_questions_name_held_out_pairs(asked: list[Question]) -> None:
    pairs = [(COLOURS[colour], SHAPE_WORDS[SHAPES[shape]]) for colour, shape in HELD_OUT_PAIRS]
    pairs += [("grey", words) for colour, words in pairs if colour == "gray"]
    pairs += [("violet", words) for colour, words in pairs if colour == "purple"]
    for question in asked:
        if question.group == "held_out_pairs":
            words = question.phrase.split()
            assert any(colour in words and set(nouns) & set(words) for colour, nouns in pairs), question.phrase


def test_another_seed_asks_about_other_scenes(asked: list[Question]) -> None:
    other = next(questions(scenes=1, seed=3))
    assert not np.array_equal(asked[0].image, other.image)
