"""A tool in hand is asked before the mouse does anything else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.tool import Pointer, Tool

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


class Pen(Tool):
    """Takes the left button, writes down what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def press(self, pointer: Pointer) -> bool:
        self.told.append(f"press {round(pointer.row)},{round(pointer.column)}")
        return pointer.button == LEFT

    def move(self, pointer: Pointer) -> bool:
        self.told.append("move")
        return True

    def release(self, pointer: Pointer) -> bool:
        self.told.append("release")
        return True

    def put_down(self) -> None:
        self.told.append("put down")


def point(viewer: ScanViewer, row: float, column: float) -> QPoint:
    placed = viewer.view.placement()
    assert placed is not None
    x, y = placed.point_of(row, column)
    return QPoint(round(x), round(y))


def test_a_tool_has_the_button_that_it_takes_and_the_rest_stays_as_it_is(viewer: ScanViewer) -> None:
    pen, view = Pen(), viewer.view
    viewer.take_tool(pen)
    QTest.mousePress(view, LEFT, NONE, point(viewer, 6, 11))
    QTest.mouseMove(view, point(viewer, 7, 12))
    QTest.mouseRelease(view, LEFT, NONE, point(viewer, 7, 12))
    assert pen.told == ["press 6,11", "move", "release"]
    assert not viewer.state.crosshair
    QTest.mousePress(view, RIGHT, NONE, QPoint(300, 200))
    QTest.mouseMove(view, QPoint(400, 200))
    QTest.mouseRelease(view, RIGHT, NONE, QPoint(400, 200))
    assert viewer.state.window.width == pytest.approx(480)
    assert pen.told[3:] == [pen.told[3]]
    viewer.take_tool(None)
    assert pen.told[-1] == "put down"
    QTest.mouseClick(view, LEFT, NONE, point(viewer, 6, 11))
    assert viewer.state.cursor_pixel == (6, 11)
