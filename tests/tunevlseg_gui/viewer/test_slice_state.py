from __future__ import annotations

import numpy as np
import pytest

from engine.volumes.geometry import Geometry
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer, count_levels
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_state import MOST_LINES, SliceState
from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel


@pytest.fixture
def state(volume: ViewedScan) -> SliceState:
    made = SliceState()
    made.open(volume)
    return made


def test_a_scan_opens_at_its_middle_with_its_own_window(state: SliceState, volume: ViewedScan) -> None:
    assert (state.index, state.slices, state.window) == (3, 6, volume.window)


def test_steps_stay_within_the_scan(state: SliceState) -> None:
    state.step(10)
    assert state.index == 5
    state.step(-100)
    assert state.index == 0


def test_another_plane_shows_the_same_place(state: SliceState, geometry: Geometry) -> None:
    state.put_cursor(4, 17)
    there = geometry.world_of(state.cursor_zyx)
    state.set_plane("coronal")
    assert state.slices == 20
    height, column = state.cursor_pixel
    assert state.stack.world_of(state.index, height, column) == pytest.approx(there)
    state.step(2)
    state.set_plane("axial")
    assert state.index == 3
    assert state.stack.world_of(3, *state.cursor_pixel) == pytest.approx((there[0], there[1] + 2, there[2]))


def test_the_threshold_cuts_the_probabilities_of_this_slice(state: SliceState, block: Layer) -> None:
    state.layers = [block]
    assert np.count_nonzero(state.mask_of(block)) == 10 * 14
    state.threshold = 0.7
    assert np.count_nonzero(state.mask_of(block)) == 10 * 7
    state.threshold = 0.9
    assert not state.mask_of(block).any()


def test_a_mask_lies_over_its_voxels_in_every_plane(state: SliceState, block: Layer, volume: ViewedScan) -> None:
    state.layers = [block]
    for plane in ("axial", "coronal", "sagittal", "acquisition"):
        state.set_plane(plane)
        for index in range(state.slices):
            state.set_index(index)
            assert np.array_equal(state.mask_of(block), state.stack[index] == 40)


def test_the_look_changes_with_whatever_is_visible(state: SliceState, block: Layer) -> None:
    state.layers = [block]
    seen = {state.look_key()}

    def changed() -> bool:
        before = len(seen)
        seen.add(state.look_key())
        return len(seen) > before

    for change in (
        lambda: state.step(1),
        lambda: state.use_preset(1),
        lambda: state.set_opacity(0.8),
        lambda: setattr(state, "threshold", 0.7),
        lambda: setattr(state, "outline", True),
        lambda: setattr(block, "visible", False),
        lambda: state.set_plane("sagittal"),
    ):
        change()
        assert changed()
    state.crosshair = True
    assert not changed()  # it is drawn over the slice


def test_presets_need_hounsfield_units(state: SliceState, photo: ViewedScan) -> None:
    state.use_preset(1)
    assert state.window == CT_PRESETS[1][1]
    state.reset_window()
    assert state.window == WindowLevel(40, 400)
    state.open(photo)
    state.use_preset(1)
    assert state.window == photo.window
    assert not state.has_window


def test_hidden_layers_are_not_drawn(state: SliceState, block: Layer) -> None:
    plain = state.picture()
    state.layers = [block]
    assert not np.array_equal(state.picture(), plain)
    state.overlay_on = False
    assert np.array_equal(state.picture(), plain)
    state.overlay_on = True
    block.visible = False
    assert np.array_equal(state.picture(), plain)


def test_an_outline_leaves_the_inside_as_it_is(state: SliceState, block: Layer) -> None:
    plain = state.picture()
    state.layers, state.outline = [block], True
    ((layer, lines),) = state.outlines()
    assert np.array_equal(state.picture([layer]), plain)
    assert layer is block
    assert len(lines) == 4


def test_thousands_of_specks_are_filled_rather_than_outlined(geometry: Geometry) -> None:
    side = 200
    specks = np.zeros((1, side, side), np.uint8)
    specks[0, ::2, ::2] = 255
    scan = ViewedScan(None, np.zeros_like(specks), geometry, WindowLevel(128, 256), (0.0, 0.0))  # type: ignore[arg-type]
    state = SliceState()
    state.open(scan)
    state.layers = [Layer("noise", specks, COLOURS[0], counts=count_levels(specks))]
    state.outline = True
    assert 4 * np.count_nonzero(specks) > MOST_LINES
    assert state.outlines() == []
    assert np.count_nonzero(state.picture() != 0xFF000000) == np.count_nonzero(specks)


def test_nothing_of_the_volume_is_copied(state: SliceState) -> None:
    assert state.scan is not None
    for plane in ("axial", "coronal", "sagittal"):
        state.set_plane(plane)
        assert np.shares_memory(state.stack[state.index], state.scan.voxels)
