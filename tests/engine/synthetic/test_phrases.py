"""Phrases say what is true of the objects they name, and of no object where they name none."""

from __future__ import annotations

import numpy as np
import pytest

from engine.synthetic.phrases import Asker, Description, Query, ask, matching
from engine.synthetic.scenes import Objects, Scene, draw_scene
from engine.synthetic.words import (
    COLOUR_WORDS,
    COLOURS,
    GRAY_SCENE_WORDS,
    SHAPE_WORDS,
    SHAPES,
    is_held_out,
)


def visible_in(scene: Scene) -> np.ndarray:
    return np.bincount(scene.labels.ravel(), minlength=len(scene.objects) + 1)[1 : len(scene.objects) + 1]


def queries_of(scene: Scene, seed: int, count: int = 6, conjunction: bool = False) -> list[Query]:
    style = scene.style
    return ask(
        np.random.default_rng(seed), scene.objects, visible_in(scene), count,
        gray=style.gray, faint=style.faint, conjunction=conjunction,
    )  # fmt: skip


def three_objects() -> Objects:
    """A red disc at the left, a red star at the right, a blue disc at the top."""
    red, blue = COLOURS.index("red"), COLOURS.index("blue")
    disc, star = SHAPES.index("disc"), SHAPES.index("star")
    return Objects(
        np.array([disc, star, disc], dtype=np.int8),
        np.array([red, red, blue], dtype=np.int8),
        np.zeros(3, dtype=np.int8),
        np.ones(3, dtype=np.int8),
        np.array([0.2, 0.8, 0.5], dtype=np.float32),
        np.array([0.5, 0.5, 0.2], dtype=np.float32),
    )


def test_matching_is_the_conjunction_of_what_is_named() -> None:
    objects = three_objects()
    red, disc = COLOURS.index("red"), SHAPES.index("disc")
    assert matching(objects, Description(shape=disc)).tolist() == [True, False, True]
    assert matching(objects, Description(colour=red)).tolist() == [True, True, False]
    assert matching(objects, Description(shape=disc, colour=red)).tolist() == [True, False, False]
    assert matching(objects, Description(position=1)).tolist() == [False, True, False]
    assert matching(objects, Description()).tolist() == [True, True, True]


def test_phrases_hold_the_words_of_their_description(scenes: list[Scene]) -> None:
    for number, scene in enumerate(scenes):
        for query in queries_of(scene, number):
            words = set(query.phrase.split())
            if query.description.shape is not None:
                assert words & set(SHAPE_WORDS[SHAPES[query.description.shape]]), query.phrase
            if query.description.colour is not None:
                name = COLOURS[query.description.colour]
                assert words & {*COLOUR_WORDS[name], *GRAY_SCENE_WORDS.get(name, ())}, query.phrase


def test_present_and_absent_are_what_they_say(scenes: list[Scene]) -> None:
    kinds = set()
    for number, scene in enumerate(scenes):
        for query in queries_of(scene, number):
            kinds.add(query.kind)
            assert query.matches.tolist() == matching(scene.objects, query.description).tolist()
            assert query.matches.any() == (query.kind == "present")
    assert kinds == {"present", "absent_shape", "absent_colour", "absent_pair", "absent_detail"}


def test_an_absent_pair_has_both_words_in_the_scene() -> None:
    asked = 0
    for number in range(40):
        scene = draw_scene(np.random.default_rng((21, number)), size=64, kind="conjunction")
        query = Asker(np.random.default_rng(number), scene.objects, visible_in(scene), scene.style.gray).absent(
            "absent_pair"
        )
        if query is None:
            continue
        asked += 1
        assert query.description.shape in scene.objects.shape
        assert query.description.colour in scene.objects.colour
        assert not query.matches.any()
    assert asked > 20


def test_training_phrases_never_name_a_held_out_pair() -> None:
    for number in range(150):
        scene = draw_scene(np.random.default_rng((22, number)), size=64)
        for query in queries_of(scene, number, conjunction=number % 2 == 0):
            named = query.description
            if named.shape is not None and named.colour is not None:
                assert not is_held_out(named.colour, named.shape)


def test_about_a_third_of_the_phrases_name_nothing(scenes: list[Scene]) -> None:
    queries = [query for number, scene in enumerate(scenes) for query in queries_of(scene, number)]
    assert 0.2 < np.mean([not query.matches.any() for query in queries]) < 0.45


def test_a_hidden_object_is_not_asked_for() -> None:
    objects = three_objects()
    queries = ask(np.random.default_rng(0), objects, np.array([900, 0, 900]), 60)
    assert not any(query.matches[1] and query.matches.sum() == 1 for query in queries)


def test_a_faint_scene_is_never_asked_for_a_colour() -> None:
    queries = ask(np.random.default_rng(0), three_objects(), np.array([900, 900, 900]), 60, faint=True)
    assert all(query.description.colour is None for query in queries)


@pytest.mark.parametrize("seed", range(5))
def test_an_empty_scene_still_gets_its_phrases(seed: int) -> None:
    queries = ask(np.random.default_rng(seed), three_objects(), np.zeros(3, dtype=np.int64), 4)
    assert len(queries) == 4
    assert not any(query.matches.any() for query in queries)
