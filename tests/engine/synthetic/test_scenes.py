"""Drawn scenes: the same for a seed, truly labelled, and without the pairs that are held out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.synthetic.scenes import MAX_OBJECTS, Scene, draw_scene
from engine.synthetic.shapes import draw_outline
from engine.synthetic.words import COLOURS, HELD_OUT_PAIRS, SHAPES, is_held_out


def pairs_of(scene: Scene) -> list[tuple[int, int]]:
    return list(zip(scene.objects.colour.tolist(), scene.objects.shape.tolist(), strict=True))


def test_a_seed_gives_the_same_pixels() -> None:
    first, again, other = (draw_scene(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.image, other.image)


def test_pictures_and_labels_fit(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.image.shape == (128, 128, 3)
        assert scene.image.dtype == np.uint8
        assert scene.labels.shape == (128, 128)
        assert 1 <= len(scene.objects) <= MAX_OBJECTS
        assert int(scene.labels.max()) <= len(scene.objects)


def test_an_object_lies_where_its_labels_are(scenes: list[Scene]) -> None:
    """The middle of a symmetric object that nothing hides or cuts is the place that phrases about position go by."""
    symmetric = {SHAPES.index(name) for name in ("disc", "square", "oval", "bar", "ring", "cross", "hexagon")}
    checked = 0
    for scene in scenes:
        last = len(scene.objects) - 1  # painted over all others
        ys, xs = np.nonzero(scene.labels == last + 1)
        if int(scene.objects.shape[last]) not in symmetric or min(*xs, *ys) < 1 or max(*xs, *ys) > 126:
            continue
        assert (xs.mean() + 0.5) / 128 == pytest.approx(scene.objects.x[last], abs=0.01)
        assert (ys.mean() + 0.5) / 128 == pytest.approx(scene.objects.y[last], abs=0.01)
        checked += 1
    assert checked > 10


def test_held_out_pairs_never_appear_unasked(scenes: list[Scene]) -> None:
    assert len(set(HELD_OUT_PAIRS)) == len(SHAPES) == len(COLOURS)
    for number in range(300):
        scene = draw_scene(np.random.default_rng((11, number)), size=32)
        assert not any(is_held_out(*pair) for pair in pairs_of(scene))


def test_a_held_out_pair_comes_first_when_asked_for() -> None:
    for number in range(40):
        scene = draw_scene(np.random.default_rng((12, number)), size=32, kind="free", at_least=3, held_out_first=True)
        first, *rest = pairs_of(scene)
        assert is_held_out(*first)
        assert len(rest) >= 2
        assert not any(is_held_out(*pair) for pair in rest)


def test_in_a_conjunction_only_both_words_name_the_first_object() -> None:
    for number in range(60):
        scene = draw_scene(np.random.default_rng((13, number)), size=32, kind="conjunction")
        first, *rest = pairs_of(scene)
        assert any(colour == first[0] for colour, _ in rest)
        assert any(shape == first[1] for _, shape in rest)
        assert first not in rest


def test_a_gray_scene_has_no_colour() -> None:
    gray = [
        scene for scene in (draw_scene(np.random.default_rng((14, n)), size=32) for n in range(60)) if scene.style.gray
    ]
    assert gray
    for scene in gray:
        assert scene.image.min(axis=2).tolist() == scene.image.max(axis=2).tolist()
        assert {COLOURS[c] for c in scene.objects.colour} <= {"white", "gray", "black"}


@pytest.mark.parametrize("shape", range(len(SHAPES)), ids=SHAPES)
def test_outlines_keep_to_their_size(shape: int) -> None:
    for seed in range(20):
        outline = draw_outline(shape, np.random.default_rng(seed))
        reach = np.hypot(*outline.outer.T).max()
        assert 0.7 < reach < 1.5, "a radius too far from 1 would make the words for size untrue"
        assert (outline.hole is not None) == (SHAPES[shape] in {"ring", "crescent"})


def test_drawing_needs_no_torch(repo_root: Path) -> None:
    code = (
        "import sys, engine.synthetic.scenes, engine.synthetic.phrases, engine.synthetic.sample_data;"
        "assert not {'torch', 'transformers', 'scipy'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repo_root, check=True)
