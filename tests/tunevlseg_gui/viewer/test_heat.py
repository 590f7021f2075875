from __future__ import annotations

import numpy as np

from tunevlseg_gui.viewer.heat import compose_heat, heat_colours
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.window_level import WindowLevel


def rgb(value: int) -> tuple[int, ...]:
    return value >> 16 & 255, value >> 8 & 255, value & 255


def test_what_has_no_probability_shows_the_scan_and_the_rest_its_colour() -> None:
    scan = np.full((2, 3), 40, np.int16)
    levels = np.array([[0, 128, 255], [0, 64, 200]], np.uint8)
    shown = compose_heat(scan, WindowLevel(40, 400), levels, 1.0)
    assert rgb(int(shown[0, 0])) == (128, 128, 128)
    assert rgb(int(shown[0, 2])) == tuple(heat_colours()[255])
    assert rgb(int(shown[1, 1])) == tuple(heat_colours()[64])


def test_a_colour_picture_is_blended_alike() -> None:
    grey = np.full((1, 3), 100, np.uint8)
    levels = np.array([[0, 30, 255]], np.uint8)
    volume = compose_heat(grey, WindowLevel(127.5, 255), levels, 0.5)
    picture = compose_heat(np.repeat(grey[..., None], 3, -1), WindowLevel(127.5, 255), levels, 0.5)
    assert all(
        abs(one - other) <= 1
        for first, second in zip(volume.ravel(), picture.ravel(), strict=True)
        for one, other in zip(rgb(int(first)), rgb(int(second)), strict=True)
    )


def test_the_heat_map_is_of_one_layer_and_needs_no_threshold(volume: ViewedScan, block: Layer) -> None:
    state = SliceState()
    state.open(volume)
    state.layers = [block]
    plain = state.look_key()
    state.shared.heat = True
    assert state.look_key() != plain
    state.set_opacity(1.0)
    shown = state.picture()
    assert rgb(int(shown[10, 10])) == tuple(heat_colours()[204])
    assert rgb(int(shown[10, 18])) == tuple(heat_colours()[153])
    state.threshold = 0.99
    assert np.array_equal(state.picture(), shown)
