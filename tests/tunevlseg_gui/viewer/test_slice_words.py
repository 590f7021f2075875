"""What is said of a slice and of the pixel under the mouse."""

from __future__ import annotations

import pytest

from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.slice_words import reading


@pytest.fixture
def state(volume: ViewedScan) -> SliceState:
    made = SliceState()
    made.open(volume)
    return made


def test_the_reading_names_position_voxel_value_and_phrase(state: SliceState, block: Layer) -> None:
    state.layers = [block]
    state.set_index(2)
    assert (
        reading(state, 6, 9) == "(L 19.0, A 14.0, S 13.0) mm   voxel 9, 6, 2   40 HU   liver 0.80   LPS 19.0 -14.0 13.0"
    )
    assert reading(state, 0, 0) == "(L 10.0, A 20.0, S 13.0) mm   voxel 0, 0, 2   -1000 HU   LPS 10.0 -20.0 13.0"
    assert reading(state, -2, 5) == ""


def test_the_reading_of_a_picture_has_pixels_and_colour(photo: ViewedScan) -> None:
    state = SliceState()
    state.open(photo)
    assert reading(state, 3, 7) == "pixel 7, 3   RGB 100 0 0"
