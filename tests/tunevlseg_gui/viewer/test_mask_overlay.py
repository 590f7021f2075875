from __future__ import annotations

import numpy as np
import pytest

from tunevlseg_gui.viewer.mask_overlay import (
    COLOURS,
    MOST_LAYERS,
    Layer,
    bits_of,
    blend_table,
    compose,
    count_levels,
    outline_lines,
)
from tunevlseg_gui.viewer.window_level import WindowLevel

WINDOW = WindowLevel.between(0, 255)


def channels(packed: np.ndarray) -> np.ndarray:
    return np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=-1).astype(int)


def test_without_layers_a_slice_is_grey_and_opaque() -> None:
    shown = compose(np.array([[0, 100, 255]], np.uint8), WINDOW)
    assert channels(shown).tolist() == [[[0, 0, 0], [100, 100, 100], [255, 255, 255]]]
    assert (shown >> 24 == 255).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_the_colour_is_blended_by_the_opacity(dtype: type) -> None:
    values = np.array([[100, 100]], dtype)
    shown = compose(values, WINDOW, np.array([[1, 0]], np.uint8), (COLOURS[0],), 0.45)
    mixed = [round(100 * 0.55 + channel * 0.45) for channel in COLOURS[0]]
    assert channels(shown).tolist() == [[mixed, [100, 100, 100]]]


def test_a_colour_picture_is_blended_too_and_not_changed() -> None:
    picture = np.full((2, 2, 3), (10, 20, 30), np.uint8)
    shown = compose(picture, WINDOW, np.array([[1, 0], [0, 0]], np.uint8), (COLOURS[1],), 0.5)
    assert channels(shown)[0, 0].tolist() == [
        round((c + own) / 2) for c, own in zip(COLOURS[1], (10, 20, 30), strict=True)
    ]
    assert channels(shown)[0, 1].tolist() == [10, 20, 30]
    assert (picture == (10, 20, 30)).all()


def test_where_layers_overlap_both_colours_show() -> None:
    both = channels(blend_table((COLOURS[0], COLOURS[1]), 0.5))[3 * 256 + 100]
    first = np.array([100, 100, 100]) * 0.5 + np.array(COLOURS[0]) * 0.5
    assert both.tolist() == np.rint(first * 0.5 + np.array(COLOURS[1]) * 0.5).astype(int).tolist()


def test_eight_layers_fit_into_a_byte() -> None:
    slices = [np.full((1, 1), 200 if number % 2 else 0, np.uint8) for number in range(MOST_LAYERS)]
    bits = bits_of(slices, 128)
    assert bits.dtype == np.uint8
    assert bits[0, 0] == 0b10101010
    assert len(set(COLOURS)) == MOST_LAYERS


def test_the_outline_of_a_rectangle_is_four_lines() -> None:
    mask = np.zeros((6, 8), bool)
    mask[1:4, 2:7] = True
    lines = {tuple(line) for line in outline_lines(mask).tolist()}
    assert lines == {(2, 1, 7, 1), (2, 4, 7, 4), (2, 1, 2, 4), (7, 1, 7, 4)}


def test_the_outline_follows_the_edge_of_the_picture_and_holes() -> None:
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    length = np.abs(np.diff(outline_lines(mask).reshape(-1, 2, 2), axis=1)).sum()
    assert length == 12 + 4


def test_an_empty_mask_has_no_outline() -> None:
    assert outline_lines(np.zeros((4, 4), bool)).shape == (0, 4)


def test_voxels_at_any_threshold_are_known_from_the_counts() -> None:
    levels = np.random.default_rng(2).integers(0, 256, (3, 5, 7), dtype=np.uint8)
    layer = Layer("x", levels, COLOURS[0], counts=count_levels(levels))
    for threshold in (0.01, 0.2, 0.5, 0.77, 0.99):
        assert layer.voxels(threshold) == int(np.count_nonzero(levels >= np.ceil(round(threshold * 255, 9))))
    assert layer.highest == levels.max() / 255
