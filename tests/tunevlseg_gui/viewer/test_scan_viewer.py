from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel


def test_slider_and_keys_show_the_same_slice(viewer: ScanViewer) -> None:
    assert viewer.number.text().startswith("4 / 6   S 17.0 mm")
    viewer.slider.setValue(1)
    assert viewer.state.index == 1
    QTest.keyClick(viewer.view, Qt.Key.Key_Up)
    assert viewer.slider.value() == 2
    assert viewer.number.text().startswith("3 / 6   S 13.0 mm")


def test_choosing_a_plane(viewer: ScanViewer) -> None:
    QTest.keyClick(viewer.plane_combo, Qt.Key.Key_Down)
    assert viewer.plane_combo.currentData() == "coronal"
    assert viewer.state.plane == "coronal"
    assert viewer.slider.maximum() == 19
    assert "A" in viewer.number.text()


def test_the_window_list_follows_keys_and_drags(viewer: ScanViewer) -> None:
    assert viewer.window_combo.currentText() == "Scan's own"
    QTest.keyClick(viewer.view, Qt.Key.Key_2)
    assert viewer.window_combo.currentText().startswith("Lung")
    viewer.state.window = WindowLevel(1, 2)
    viewer.refresh()
    assert viewer.window_combo.currentText() == "Set by hand"
    QTest.keyClick(viewer.window_combo, Qt.Key.Key_Home)
    QTest.keyClick(viewer.window_combo, Qt.Key.Key_Down)
    assert viewer.state.window == CT_PRESETS[0][1]


def test_a_picture_needs_none_of_it(viewer: ScanViewer, photo: ViewedScan) -> None:
    viewer.show_scan(photo)
    shown = (viewer.plane_combo, viewer.slider, viewer.window_combo, viewer.number)
    assert not any(widget.isVisible() for widget in shown)


def test_a_layer_on_another_grid_is_refused(viewer: ScanViewer) -> None:
    with pytest.raises(ValueError, match="grid"):
        viewer.show_layers([Layer("x", np.zeros((2, 2, 2), np.uint8), COLOURS[0])])
