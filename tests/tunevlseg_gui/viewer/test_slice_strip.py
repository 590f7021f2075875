from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer, count_levels
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.slice_profile import profile_of
from tunevlseg_gui.viewer.slice_state import SliceState


def dice(one: np.ndarray, other: np.ndarray) -> float:
    sizes = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / sizes if sizes else float("nan")


@pytest.mark.parametrize("neurological", [False, True])
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "acquisition"])
def test_areas_and_dice_are_those_of_the_shown_slices(volume: ViewedScan, plane: Any, neurological: bool) -> None:
    levels = np.random.default_rng(3).integers(0, 256, (6, 20, 30)).astype(np.uint8)
    levels[2] = 0
    levels[:, 3:5] = 0
    state = SliceState(plane=plane)
    state.shared.neurological = neurological
    state.open(volume)
    state.plane = plane
    masks = np.asarray(state.stack.like(levels)) >= 128
    profile = profile_of(levels, 128)
    assert profile is not None
    areas, neighbours = profile.along(state.stack)
    assert areas.tolist() == [int(one.sum()) for one in masks]
    expected = [dice(one, other) for one, other in itertools.pairwise(masks)]
    assert np.allclose(neighbours, expected, equal_nan=True)


def test_nobody_waits_any_more() -> None:
    assert profile_of(np.zeros((2, 2, 2), np.uint8), 1, lambda: True) is None


@pytest.fixture
def viewer(qtbot: Any, volume: ViewedScan, block: Layer) -> ScanViewer:
    made = ScanViewer()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    made.show_scan(volume)
    made.show_layers([block])
    qtbot.waitUntil(lambda: made.strip.profile is not None)
    return made


def test_a_click_goes_to_the_slice(viewer: ScanViewer) -> None:
    strip = viewer.strip
    assert strip.isVisible()
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.width() * 5.5 / 6), 20))
    assert viewer.state.index == 5
    assert strip.words_at(5) == "Slice 6: 140 mm²"
    assert strip.words_at(4) == "Slice 5: 140 mm², Dice with the next slice 1.00"


def test_the_strip_follows_threshold_and_layers(viewer: ScanViewer, qtbot: Any) -> None:
    viewer.state.threshold = 0.7
    viewer.refresh()
    qtbot.waitUntil(lambda: viewer.strip.words_at(5) == "Slice 6: 70 mm²")
    levels = np.zeros((6, 20, 30), np.uint8)
    levels[3, 0, 0] = 255
    viewer.show_layers([Layer("speck", levels, COLOURS[1], counts=count_levels(levels))])
    qtbot.waitUntil(lambda: viewer.strip.words_at(3) == "Slice 4: 1 mm², Dice with the next slice 0.00")
    viewer.show_layers([])
    assert not viewer.strip.isVisible()
