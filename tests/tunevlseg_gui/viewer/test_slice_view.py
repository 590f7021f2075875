from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from engine.volumes.geometry import Geometry
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.slice_view import SliceView
from tunevlseg_gui.viewer.window_level import CT_PRESETS, WindowLevel

NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def view(qtbot: Any, volume: ViewedScan, block: Layer) -> SliceView:
    state = SliceState()
    state.open(volume)
    state.layers = [block]
    made = SliceView(state)
    qtbot.addWidget(made)
    made.resize(640, 480)
    made.show()
    qtbot.waitExposed(made)
    return made


def shown(view: SliceView) -> QImage:
    return view.grab().toImage()


def colour_at(view: SliceView, row: float, column: float) -> tuple[int, int, int]:
    placed = view.placement()
    assert placed is not None
    x, y = placed.point_of(row, column)
    found = QColor(shown(view).pixel(round(x), round(y)))
    return found.red(), found.green(), found.blue()


def wheel(view: SliceView, notches: float, modifiers: Qt.KeyboardModifier = NONE, at: QPointF | None = None) -> None:
    where = at or QPointF(view.width() / 2, view.height() / 2)
    event = QWheelEvent(
        where,
        QPointF(view.mapToGlobal(where.toPoint())),
        QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def drag(view: SliceView, button: Qt.MouseButton, by: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
    start = QPoint(300, 200)
    QTest.mousePress(view, button, modifiers, start)
    QTest.mouseMove(view, start + by)
    QTest.mouseRelease(view, button, modifiers, start + by)


def test_voxels_are_shown_through_the_window(view: SliceView) -> None:
    view.state.overlay_on = False
    assert colour_at(view, 10, 15) == (128, 128, 128)  # 40 HU is the middle of 400/40
    assert colour_at(view, 2, 2) == (0, 0, 0)
    view.state.window = WindowLevel(-1000, 200)
    assert colour_at(view, 10, 15) == (255, 255, 255)
    assert colour_at(view, 2, 2) == (128, 128, 128)


def test_the_mask_is_blended_over_the_voxels(view: SliceView) -> None:
    mixed = tuple(round(128 * 0.55 + channel * 0.45) for channel in COLOURS[0])
    assert colour_at(view, 10, 15) == mixed
    view.state.set_opacity(1.0)
    assert colour_at(view, 10, 15) == COLOURS[0]


def test_an_outline_colours_the_border_only(view: SliceView) -> None:
    view.state.outline = True
    assert colour_at(view, 10, 15) == (128, 128, 128)
    assert colour_at(view, 10, 7.5) == COLOURS[0]
    assert colour_at(view, 4.5, 15) == COLOURS[0]


def test_the_proportions_are_those_of_the_body(view: SliceView) -> None:
    view.state.set_plane("coronal")  # 30 columns of 1 mm, 6 rows of 4 mm
    placed = view.placement()
    assert placed is not None
    assert placed.width / placed.height == pytest.approx(30 / 24)


@pytest.mark.parametrize(
    ("plane", "letters"), [("axial", "APRL"), ("coronal", "SIRL"), ("sagittal", "SIAP"), ("acquisition", "APRL")]
)
def test_the_letters_tell_the_patients_sides(view: SliceView, plane: Any, letters: str) -> None:
    view.state.set_plane(plane)
    assert "".join(view.state.stack.edge_letters) == letters


def test_letters_are_drawn_on_all_four_edges_of_a_volume_and_on_none_of_a_picture(
    view: SliceView, photo: ViewedScan
) -> None:
    def bright(image: QImage, x: int, y: int) -> bool:
        return any(QColor(image.pixel(x + dx, y + dy)).lightness() > 200 for dx in range(-8, 9) for dy in range(-9, 10))

    view.clearFocus()
    edges = [(320, 11), (320, 468), (11, 240), (628, 240)]
    assert all(bright(shown(view), *edge) for edge in edges)
    view.state.open(photo)
    assert not any(bright(shown(view), *edge) for edge in edges)


def test_a_patient_lying_the_other_way_is_turned_to_the_usual_view(qtbot: Any, volume: ViewedScan) -> None:
    turned = Geometry((1.0, 1.0, 4.0), (0.0, 0.0, 0.0), (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0))
    state = SliceState()
    state.open(ViewedScan(volume.path, volume.voxels, turned, volume.window, volume.value_range))
    assert "".join(state.stack.edge_letters) == "APRL"
    assert state.stack.voxel_of(0, 0, 0) == (0, 19, 29)


def test_the_wheel_turns_slices_and_with_ctrl_zooms_where_the_mouse_is(view: SliceView) -> None:
    wheel(view, 1)
    assert view.state.index == 4
    wheel(view, -2)
    assert view.state.index == 2
    at = QPointF(200, 150)
    before = view.placement().pixel_at(at.x(), at.y())  # type: ignore[union-attr]
    wheel(view, 2, CTRL, at)
    assert view.viewport.zoom > 1.3
    assert view.placement().pixel_at(at.x(), at.y()) == pytest.approx(before)  # type: ignore[union-attr]
    assert view.state.index == 2


def test_small_turns_of_a_touch_pad_are_added_up(view: SliceView) -> None:
    for _ in range(3):
        wheel(view, 0.25)
    assert view.state.index == 3
    wheel(view, 0.25)
    assert view.state.index == 4


def test_dragging_with_the_right_button_changes_the_window(view: SliceView, qtbot: Any) -> None:
    with qtbot.waitSignal(view.changed):
        drag(view, Qt.MouseButton.RightButton, QPoint(100, 0))
    assert view.state.window.width == pytest.approx(480)
    assert view.state.window.center == 40
    drag(view, Qt.MouseButton.RightButton, QPoint(0, 50))
    assert view.state.window.center == pytest.approx(80)


@pytest.mark.parametrize(
    ("button", "modifiers"), [(Qt.MouseButton.MiddleButton, NONE), (Qt.MouseButton.LeftButton, SHIFT)]
)
def test_dragging_moves_the_slice(view: SliceView, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> None:
    drag(view, button, QPoint(30, -20), modifiers)
    assert (view.viewport.right, view.viewport.down) == (30, -20)
    assert not view.state.crosshair
    QTest.keyClick(view, Qt.Key.Key_R)
    assert (view.viewport.right, view.viewport.down, view.viewport.zoom) == (0, 0, 1)


def test_a_double_click_resets_the_window_only_with_ctrl(view: SliceView) -> None:
    view.state.use_preset(2)
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, NONE, QPoint(300, 200))
    assert view.state.window == CT_PRESETS[2][1]
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, CTRL, QPoint(300, 200))
    assert view.state.window == WindowLevel(40, 400)


def test_a_click_puts_the_crosshair(view: SliceView) -> None:
    placed = view.placement()
    assert placed is not None
    x, y = placed.point_of(6, 11)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, NONE, QPoint(round(x), round(y)))
    assert view.state.cursor_pixel == (6, 11)
    assert view.state.crosshair
    QTest.keyClick(view, Qt.Key.Key_X)
    assert not view.state.crosshair


def test_keys(view: SliceView) -> None:
    state, key = view.state, Qt.Key
    for pressed, index in ((key.Key_Up, 4), (key.Key_Right, 5), (key.Key_Left, 4), (key.Key_Down, 3)):
        QTest.keyClick(view, pressed)
        assert state.index == index
    QTest.keyClick(view, key.Key_PageUp)
    assert state.index == 5
    QTest.keyClick(view, key.Key_PageDown)
    assert state.index == 0
    QTest.keyClick(view, key.Key_D)
    assert state.opacity == pytest.approx(0.55)
    QTest.keyClick(view, key.Key_A)
    QTest.keyClick(view, key.Key_A)
    assert state.opacity == pytest.approx(0.35)
    QTest.keyClick(view, key.Key_S)
    assert not state.overlay_on
    QTest.keyClick(view, key.Key_S, SHIFT)
    assert (state.overlay_on, state.outline) == (False, True)
    QTest.keyClick(view, key.Key_2)
    assert state.window == CT_PRESETS[1][1]


def test_the_slash_asks_for_the_prompt_box(view: SliceView, qtbot: Any) -> None:
    with qtbot.waitSignal(view.action_wanted) as heard:
        QTest.keyClicks(view, "/")
    assert heard.args == ["prompt"]


def test_keys_typed_into_a_text_box_are_left_alone(qtbot: Any, volume: ViewedScan) -> None:
    box = QWidget()
    column = QVBoxLayout(box)
    state = SliceState()
    state.open(volume)
    view, edit = SliceView(state), QLineEdit()
    column.addWidget(view)
    column.addWidget(edit)
    qtbot.addWidget(box)
    box.show()
    qtbot.waitExposed(box)
    edit.setFocus()
    QTest.keyClicks(edit, "sad 12/")
    assert edit.text() == "sad 12/"
    assert (state.overlay_on, state.opacity, state.window) == (True, 0.45, volume.window)


def test_the_mouse_tells_what_lies_under_it(view: SliceView, qtbot: Any) -> None:
    placed = view.placement()
    assert placed is not None
    x, y = placed.point_of(6, 9)
    with qtbot.waitSignal(view.hovered) as heard:
        QTest.mouseMove(view, QPoint(round(x), round(y)))
    assert heard.args[0].startswith("(L 19.0, A 14.0, S 17.0) mm   voxel 9, 6, 3   40 HU")


def test_an_unchanged_slice_is_not_composed_again(view: SliceView) -> None:
    shown(view)
    first = view._pixels
    shown(view)
    assert view._pixels is first
    wheel(view, 1)
    shown(view)
    assert view._pixels is not first


def test_a_slice_and_its_letters_are_the_same_from_right_to_left(
    qapp: QApplication, qtbot: Any, volume: ViewedScan, block: Layer, request: pytest.FixtureRequest
) -> None:
    """The picture is not mirrored: a letter that is would call the patient's right side left."""
    request.addfinalizer(lambda: qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight))
    pictures = []
    for direction in (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft):
        state = SliceState()
        state.open(volume)
        state.layers = [block]
        qapp.setLayoutDirection(direction)
        around = QWidget()
        view = SliceView(state)
        QVBoxLayout(around).addWidget(view)
        qtbot.addWidget(around)
        around.resize(640, 480)
        around.show()
        qtbot.waitExposed(around)
        pictures.append(shown(view))
    assert pictures[0] == pictures[1]
