from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.volumes.geometry import Geometry
from tunevlseg_gui.viewer.measurement import Measurement, area_of, length_of, values_inside
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.window_level import WindowLevel

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier


def scan_of(geometry: Geometry | None) -> ViewedScan:
    return ViewedScan(Path("x"), np.zeros((6, 20, 30), np.int16), geometry, WindowLevel(0, 1), (0.0, 0.0))


def test_lengths_and_areas_are_millimetres_also_on_a_turned_grid() -> None:
    cos, sin = np.cos(0.3), np.sin(0.3)
    turned = Geometry((0.5, 2.0, 4.0), (7.0, 8.0, 9.0), (cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0))
    scan = scan_of(turned)
    assert length_of(scan, [(1, 2, 2), (1, 5, 10)]) == pytest.approx(np.hypot(3 * 2.0, 8 * 0.5))
    square = [(1.0, 2.0, 2.0), (1.0, 2.0, 6.0), (1.0, 5.0, 6.0), (1.0, 5.0, 2.0)]
    assert area_of(scan, square) == pytest.approx(4 * 0.5 * 3 * 2.0)
    assert area_of(scan, square[::-1]) == pytest.approx(12)


def test_a_picture_is_measured_in_pixels() -> None:
    scan = scan_of(None)
    measured = Measurement("ruler", "axial", [(0, 0, 0), (0, 3, 4)])
    from tunevlseg_gui.viewer.slice_state import SliceState

    state = SliceState()
    state.open(scan)
    assert measured.tell(scan, state.stack) == "5.0 pixels"


def test_values_inside_are_those_whose_centres_are() -> None:
    values = np.arange(100, dtype=np.int16).reshape(10, 10)
    square = np.array([[1.6, 2.6], [1.6, 5.4], [4.4, 5.4], [4.4, 2.6]])
    assert sorted(values_inside(values, square)) == sorted(values[2:5, 3:6].ravel())
    outside = np.array([[-3, -3], [-3, 1.4], [1.4, 1.4], [1.4, -3.0]])
    assert sorted(values_inside(values, outside)) == [0, 1, 10, 11]


@pytest.fixture
def viewer(qtbot: Any, volume: ViewedScan) -> ScanViewer:
    made = ScanViewer()
    qtbot.addWidget(made)
    made.resize(800, 700)
    made.show()
    qtbot.waitExposed(made)
    made.show_scan(volume)
    return made


def at(viewer: ScanViewer, row: float, column: float) -> QPoint:
    placed = viewer.view.placement()
    assert placed is not None
    return QPoint(*(round(value) for value in placed.point_of(row, column)))


def test_a_ruler_is_drawn_shown_on_its_slice_and_removed_by_a_right_click(viewer: ScanViewer) -> None:
    view, kept = viewer.view, viewer.panes.shared.measurements
    QTest.keyClick(view, Qt.Key.Key_L)
    QTest.mousePress(view, LEFT, NONE, at(viewer, 5, 5))
    QTest.mouseMove(view, at(viewer, 8, 9))
    QTest.mouseRelease(view, LEFT, NONE, at(viewer, 8, 9))
    (ruler,) = kept
    assert float(ruler.words.removesuffix(" mm")) == pytest.approx(5, abs=0.1)
    assert ruler.on_slice(viewer.state.stack, 3) is not None
    assert ruler.on_slice(viewer.state.stack, 2) is None
    assert not viewer.state.crosshair
    QTest.keyClick(view, Qt.Key.Key_L)  # put down: what was measured stays
    assert view.mouse.tool is None
    assert kept == [ruler]
    QTest.keyClick(view, Qt.Key.Key_L)
    QTest.mouseClick(view, RIGHT, NONE, at(viewer, 15, 25))
    assert kept == [ruler]
    QTest.mouseClick(view, RIGHT, NONE, at(viewer, 6.5, 7))
    assert kept == []


def test_an_area_tells_size_and_values(viewer: ScanViewer) -> None:
    view, kept = viewer.view, viewer.panes.shared.measurements
    QTest.keyClick(view, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    corners = [(7.0, 10.0), (7.0, 20.0), (13.0, 20.0), (13.0, 10.0)]
    QTest.mousePress(view, LEFT, NONE, at(viewer, *corners[0]))
    for corner in corners[1:]:
        QTest.mouseMove(view, at(viewer, *corner))
    QTest.mouseRelease(view, LEFT, NONE, at(viewer, *corners[-1]))
    size, mean, spread = kept[0].words.splitlines()
    assert float(size.removesuffix(" mm²")) == pytest.approx(60, abs=1)
    assert (mean, spread) == ("mean 40.0 ± 0.0 HU", "40 to 40 HU")
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert kept == []


def test_another_scan_has_no_measurements(viewer: ScanViewer, photo: ViewedScan) -> None:
    viewer.panes.shared.measurements.append(Measurement("ruler", "axial", [(0, 0, 0), (0, 1, 1)]))
    viewer.show_scan(photo)
    assert viewer.panes.shared.measurements == []
