from __future__ import annotations

import math

import numpy as np
import pytest

from tunevlseg_gui.viewer.comparison import AGREEMENT, COLOURS, FALSE_NEGATIVE, FALSE_POSITIVE, Comparison
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.slice_words import comparison_words, legend


@pytest.fixture
def truth() -> np.ndarray:
    """Label 2 in rows 5-14, columns 15-24; the block of probabilities has columns 8-21. Label 1 in a corner."""
    made = np.zeros((6, 20, 30), np.uint8)
    made[:, 5:15, 15:25] = 2
    made[:, 0, 0] = 1
    return made


@pytest.fixture
def state(volume: ViewedScan, block: Layer, truth: np.ndarray) -> SliceState:
    made = SliceState()
    made.open(volume)
    made.layers = [block]
    made.shared.comparison = Comparison(block, truth, 2)
    made.set_opacity(1.0)
    return made


def colour(state: SliceState, row: int, column: int) -> tuple[int, ...]:
    value = int(state.picture()[row, column])
    return value >> 16 & 255, value >> 8 & 255, value & 255


def test_agreement_and_both_errors_have_colours_of_their_own(state: SliceState) -> None:
    assert colour(state, 10, 18) == AGREEMENT
    assert colour(state, 10, 10) == FALSE_POSITIVE
    assert colour(state, 10, 23) == FALSE_NEGATIVE
    assert colour(state, 0, 0) == (0, 0, 0)  # another label
    assert [entry[0] for entry in legend(state)] == list(COLOURS)


def test_dice_of_the_slice_and_of_the_whole(state: SliceState, block: Layer, truth: np.ndarray) -> None:
    comparison = state.comparison
    assert comparison is not None
    both, one, other = 10 * 7, 10 * 14, 10 * 10
    expected = 2 * both / (one + other)
    assert comparison.dice_of(block.levels, truth, 128) == pytest.approx(expected)
    assert comparison_words(state) == f"Dice: slice {expected:.3f}, whole …"
    comparison.whole = 0.5
    assert comparison_words(state) == f"Dice: slice {expected:.3f}, whole 0.500"


def test_two_empty_masks_have_no_dice(state: SliceState, block: Layer, truth: np.ndarray) -> None:
    state.threshold = 0.95
    comparison = state.comparison
    assert comparison is not None
    comparison.value = 9
    assert math.isnan(comparison.dice_of(block.levels, truth, 250))
    assert "slice both empty" in comparison_words(state)


def test_every_label_counts_where_none_is_named(block: Layer, truth: np.ndarray) -> None:
    assert np.count_nonzero(Comparison(block, truth).true_of(truth[0])) == 101


def test_another_label_or_a_removed_layer_changes_the_picture(state: SliceState) -> None:
    key = state.look_key()
    comparison = state.comparison
    assert comparison is not None
    comparison.value = 1
    assert state.look_key() != key
    state.layers = []
    assert state.comparison is None
