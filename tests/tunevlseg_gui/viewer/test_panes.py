"""Three linked planes: one cursor, one window; a pane alone and back; only what changed is painted again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tunevlseg_gui.settings.model import ViewerSettings
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.slice_view import SliceView
from tunevlseg_gui.viewer.slice_words import legend, reading
from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture
def viewer(qtbot: Any, volume: ViewedScan, block: Layer) -> Iterator[ScanViewer]:
    habits().use(ViewerSettings(three_planes=True))
    made = ScanViewer()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    qtbot.waitExposed(made)
    made.show_scan(volume)
    made.show_layers([block])
    qtbot.waitUntil(lambda: all(view._painted is not None for view in made.panes.views))
    yield made
    habits().use(ViewerSettings())


def click(view: SliceView, row: float, column: float, how: str = "click", modifiers: Any = NONE) -> None:
    placed = view.placement()
    assert placed is not None
    point = QPoint(*(round(value) for value in placed.point_of(row, column)))
    if how == "click":
        QTest.mouseClick(view, LEFT, modifiers, point)
    else:
        QTest.mouseDClick(view, LEFT, modifiers, point)


def test_three_planes_show_the_place_that_is_clicked_in_one(viewer: ScanViewer) -> None:
    axial, coronal, sagittal = viewer.panes.views
    assert [view.state.plane for view in viewer.panes.views] == ["axial", "coronal", "sagittal"]
    click(axial, 6, 11)
    assert (coronal.state.index, sagittal.state.index) == (6, 11)
    click(coronal, 1, 20)  # the second row from the head: slice 4 of 6
    assert (axial.state.index, sagittal.state.index) == (4, 20)
    assert axial.state.cursor_pixel == (6, 20)


def test_the_choice_of_a_plane_moves_the_others_aside(viewer: ScanViewer) -> None:
    QTest.keyClick(viewer.plane_combo, Qt.Key.Key_Down)
    assert [view.state.plane for view in viewer.panes.views] == ["coronal", "axial", "sagittal"]


def test_shift_and_a_move_take_the_crosshair_along(viewer: ScanViewer) -> None:
    view = viewer.panes.views[0]
    placed = view.placement()
    assert placed is not None
    point = QPoint(*(round(value) for value in placed.point_of(12, 9)))
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    none = Qt.MouseButton.NoButton
    moved = QMouseEvent(QEvent.Type.MouseMove, QPointF(point), view.mapToGlobal(QPointF(point)), none, none, SHIFT)
    QApplication.sendEvent(view, moved)
    assert view.state.cursor_pixel == (12, 9)
    assert viewer.panes.views[1].state.index == 12


def test_a_double_click_shows_one_plane_alone_and_leaves_the_window(viewer: ScanViewer) -> None:
    viewer.state.use_preset(2)
    coronal = viewer.panes.views[1]
    click(coronal, 2, 12, "double")
    assert [view.isVisible() for view in viewer.panes.views] == [True, False, False]
    assert viewer.state.plane == "coronal"
    assert viewer.state.window == CT_PRESETS[2][1]
    click(viewer.view, 2, 12, "double")
    assert [view.state.plane for view in viewer.panes.views] == ["axial", "coronal", "sagittal"]
    assert all(view.isVisible() for view in viewer.panes.views)


def test_the_button_and_the_key_change_between_one_plane_and_three(viewer: ScanViewer) -> None:
    QTest.mouseClick(viewer.three_button, LEFT)
    assert not viewer.panes.three
    assert not habits().settings.three_planes
    QTest.keyClick(viewer.view, Qt.Key.Key_T)
    assert viewer.panes.three
    assert viewer.three_button.isChecked()


def test_the_slider_is_that_of_the_plane_with_the_focus(viewer: ScanViewer) -> None:
    assert viewer.slider.maximum() == 5
    click(viewer.panes.views[2], 2, 10)
    assert viewer.slider.maximum() == 29
    viewer.slider.setValue(3)
    assert viewer.panes.views[2].state.index == 3


def test_only_planes_that_changed_are_composed_again(viewer: ScanViewer, qtbot: Any) -> None:
    pixels = [view._pixels for view in viewer.panes.views]
    QTest.keyClick(viewer.panes.views[0], Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: viewer.panes.views[0]._pixels is not pixels[0])
    assert [view._pixels is old for view, old in zip(viewer.panes.views, pixels, strict=True)] == [False, True, True]


def test_neurological_puts_the_right_side_on_the_right(viewer: ScanViewer) -> None:
    axial, _, sagittal = viewer.panes.views
    click(axial, 6, 11)
    before, place = axial.state.stack[3].copy(), axial.state.cursor_zyx
    assert axial.state.stack.edge_letters == ("A", "P", "R", "L")
    habits().set_neurological(True)
    assert axial.state.stack.edge_letters == ("A", "P", "L", "R")
    assert sagittal.state.stack.edge_letters == ("S", "I", "A", "P")
    assert np.array_equal(axial.state.stack[3], before[:, ::-1])
    assert axial.state.cursor_zyx == place
    assert axial.state.cursor_pixel == (6, 29 - 11)


def test_a_picture_has_one_plane(viewer: ScanViewer, photo: ViewedScan) -> None:
    viewer.show_scan(photo)
    assert not viewer.panes.three
    QTest.keyClick(viewer.view, Qt.Key.Key_T)
    assert not viewer.panes.three


def test_a_box_drawn_with_ctrl_gives_the_window_of_its_region(viewer: ScanViewer) -> None:
    view = viewer.view
    assert viewer.state.scan is not None
    placed = view.placement()
    assert placed is not None
    ends = [QPoint(*(round(value) for value in placed.point_of(*at))) for at in ((2, 12), (9, 18))]
    QTest.mousePress(view, LEFT, CTRL, ends[0])
    QTest.mouseMove(view, ends[1])
    QTest.mouseRelease(view, LEFT, CTRL, ends[1])
    assert viewer.state.window.limits == (-1000, 40)
    assert viewer.panes.views[0].state.cursor_pixel != (2, 12)  # the crosshair stays


def test_the_right_button_zooms_where_that_is_the_habit(viewer: ScanViewer) -> None:
    habits().set_right_drag("zoom")
    window = viewer.state.window
    QTest.mousePress(viewer.view, Qt.MouseButton.RightButton, NONE, QPoint(200, 200))
    QTest.mouseMove(viewer.view, QPoint(200, 100))
    QTest.mouseRelease(viewer.view, Qt.MouseButton.RightButton, NONE, QPoint(200, 100))
    assert viewer.view.viewport.zoom == pytest.approx(2)
    assert viewer.state.window == window


def test_the_layer_under_the_mouse_is_lit_and_can_be_shown_alone(viewer: ScanViewer, block: Layer) -> None:
    other = Layer("spleen", np.zeros_like(block.levels), (0, 158, 115))
    other.levels[:, 0:4, 0:4] = 255
    viewer.show_layers([block, other])
    view, state = viewer.view, viewer.state
    placed = view.placement()
    assert placed is not None
    QTest.mouseMove(view, QPoint(*(round(value) for value in placed.point_of(2, 2))))
    assert state.shared.highlighted is other
    assert [entry[2] for entry in legend(state)] == [False, True]
    assert np.array_equal(np.unique(state.highlight_lines()), [0, 4])
    QTest.keyClick(view, Qt.Key.Key_H)
    assert state.shown_layers == [other]
    QTest.keyClick(view, Qt.Key.Key_H)
    assert state.shown_layers == [block, other]
    QTest.mouseMove(view, QPoint(*(round(value) for value in placed.point_of(18, 28))))
    assert state.shared.highlighted is None


def test_a_key_shows_probabilities_as_a_heat_map(viewer: ScanViewer) -> None:
    QTest.keyClick(viewer.view, Qt.Key.Key_P, SHIFT)
    assert viewer.state.shared.heat
    QTest.keyClick(viewer.view, Qt.Key.Key_P, SHIFT)
    assert not viewer.state.shared.heat


def test_the_view_menu_reaches_what_keys_do(viewer: ScanViewer) -> None:
    titles = {action.text().replace("&", ""): action for action in viewer.menu.actions()}
    titles["Probabilities as a heat map, and back"].trigger()
    assert viewer.state.shared.heat
    titles["Ruler: left drag; right click on it removes it"].trigger()
    assert viewer.view.mouse.tool is not None
    titles["Neurological: patient's right on the right"].trigger()
    assert habits().settings.neurological
    titles["Right drag: zoom"].trigger()
    assert habits().settings.right_drag == "zoom"


def test_all_planes_are_painted_again_one_after_another(viewer: ScanViewer, qtbot: Any) -> None:
    order = []
    for view in viewer.panes.views:
        view.refresh = lambda view=view: order.append(view)  # type: ignore[method-assign]
    viewer.panes._focused(viewer.panes.views[1])
    viewer.refresh()
    assert order == [viewer.panes.views[1]]  # the one that the user is in, at once
    viewer.refresh()
    qtbot.waitUntil(lambda: len(order) == 4)
    assert order[2:] == [viewer.panes.views[0], viewer.panes.views[2]]
    assert not viewer.panes._next.isActive()


def test_a_window_of_ones_own_is_kept_chosen_again_and_forgotten(viewer: ScanViewer, monkeypatch: Any) -> None:
    monkeypatch.setattr(viewer.window_combo, "ask_name", lambda: "Thymus")
    viewer.state.window = WindowLevel(33, 222)
    viewer.refresh()
    assert viewer.window_combo.currentText() == "Set by hand"
    viewer.menu.entries["keep_window"].trigger()
    assert habits().settings.windows == {"Thymus": (33, 222)}
    assert viewer.window_combo.currentText() == "Thymus  222 / 33"
    QTest.keyClicks(viewer.view, "2")
    assert viewer.window_combo.currentText().startswith("Lung")
    viewer.window_combo.activated.emit(viewer.window_combo.findText("Thymus  222 / 33"))
    assert viewer.state.window == WindowLevel(33, 222)
    viewer.menu.entries["forget_window"].trigger()
    assert habits().settings.windows == {}
    assert viewer.window_combo.currentText() == "Set by hand"


def test_places_are_told_in_lps_or_ras(viewer: ScanViewer) -> None:
    assert reading(viewer.state, 2, 3).endswith("LPS 13.0 -18.0 17.0")
    titles = {action.text().replace("&", ""): action for action in viewer.menu.actions()}
    titles["Places in RAS, as NIfTI and 3D Slicer"].trigger()
    assert reading(viewer.state, 2, 3).endswith("RAS -13.0 18.0 17.0")
