from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from tunevlseg_gui.viewer.early_view import EarlyView
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.window_level import WindowLevel

BLACK = 0xFF000000


@pytest.fixture
def view(qtbot: Any) -> EarlyView:
    made = EarlyView()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    return made


def test_the_newest_slice_runs_on_to_the_middle_and_stays_there(view: EarlyView, volume: ViewedScan) -> None:
    shown = []
    for last in range(1, 7):
        view.show_grown(volume, 0, last)
        shown.append(view.panes.main.state.index)
    assert shown == [0, 1, 2, 3, 3, 3]


def test_what_is_not_read_is_black_in_every_plane(view: EarlyView, volume: ViewedScan) -> None:
    view.show_grown(volume, 2, 4)
    state = view.panes.main.state
    assert (state.picture() != BLACK).any()
    state.set_index(5)
    assert (state.picture() == BLACK).all()
    state.set_plane("coronal")
    read = (state.picture() != BLACK).any(axis=1)
    assert read.tolist() == [False, False, True, True, False, False]
    state.set_plane("sagittal")
    view.show_grown(volume, 1, 4)
    assert (state.picture() != BLACK).any(axis=1).sum() == 3


def test_a_window_follows_the_values_until_the_user_sets_one(view: EarlyView, volume: ViewedScan) -> None:
    view.show_grown(volume, 0, 1)
    brighter = replace(volume, window=WindowLevel(0, 100))
    view.show_grown(brighter, 0, 2)
    assert view.panes.shared.window == WindowLevel(0, 100)
    view.panes.shared.window = WindowLevel(7, 70)
    view.show_grown(volume, 0, 3)
    assert view.panes.shared.window == WindowLevel(7, 70)


def test_where_the_user_turned_to_is_where_the_viewer_goes_on(view: EarlyView, volume: ViewedScan, qtbot: Any) -> None:
    viewer = ScanViewer()
    qtbot.addWidget(viewer)
    view.show_grown(volume, 0, 6)
    qtbot.keyClick(view.panes.main, Qt.Key.Key_Up)
    turned = view.panes.main.state.index
    assert turned != 3
    view.show_grown(volume, 0, 6)
    assert view.panes.main.state.index == turned
    viewer.show_scan(volume)
    view.hand_over(viewer)
    assert viewer.state.index == turned
    assert viewer.panes.shared.ready is None
    assert view.scan is None


def test_the_pictures_of_a_read_scan_are_not_masked(volume: ViewedScan, qtbot: Any) -> None:
    viewer = ScanViewer()
    qtbot.addWidget(viewer)
    viewer.show_scan(volume)
    before = viewer.state.picture()
    viewer.panes.shared.ready = (0, 6)
    assert np.array_equal(viewer.state.picture(), before)
