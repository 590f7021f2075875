"""A tool in hand: what the mouse does in the slice views instead of putting the crosshair.

How a tool plugs in: derive from `Tool`, override what it needs, and hand it to `ScanViewer.take_tool` (None puts it
down). Each slice view asks the tool first, for every press, move, release, double click, wheel notch and key. Where
the tool answers True the view does nothing more; where it answers False the view acts as without a tool, so that
wheel, right drag and middle drag keep their meaning unless the tool wants them. After a press that the tool took, all
moves and the release go to it alone. The tool changes layers or state, then calls `pointer.view.tell_changed()`, which
repaints every view whose picture changed. A tool that changes `Layer.levels` in place adds 1 to `Layer.revision`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from tunevlseg_gui.viewer.viewport import Placement

if TYPE_CHECKING:
    from tunevlseg_gui.viewer.slice_view import SliceView


@dataclass(frozen=True, slots=True)
class Pointer:
    """The mouse over a slice. `row`, `column`: pixels of the slice, pixel 0 centred at 0; they may lie outside of it.

    `view.state` tells plane, slice and layers; `view.state.stack.voxel_of(view.state.index, row, column)` the voxel.
    """

    view: SliceView
    at: QPointF  # in the widget's pixels
    row: float
    column: float
    button: Qt.MouseButton  # pressed or let go just now; NoButton for moves and the wheel
    buttons: Qt.MouseButton  # held down
    modifiers: Qt.KeyboardModifier


class Tool:
    """Does nothing: a base for tools. Each method answers whether the tool took the event."""

    cursor = Qt.CursorShape.CrossCursor
    """Shape of the mouse over a slice while the tool is in hand."""

    def press(self, pointer: Pointer) -> bool:
        return False

    def move(self, pointer: Pointer) -> bool:
        """Also without a button held, for a tool that draws under the mouse."""
        return False

    def release(self, pointer: Pointer) -> bool:
        return False

    def double_click(self, pointer: Pointer) -> bool:
        return False

    def wheel(self, pointer: Pointer, notches: int) -> bool:
        return False

    def key(self, view: SliceView, event: QKeyEvent) -> bool:
        return False

    def leave(self, view: SliceView) -> None:
        """The mouse has left the view."""

    def put_down(self) -> None:
        """Another tool, or none, is taken."""

    def paint(self, painter: QPainter, view: SliceView, placed: Placement) -> None:
        """Over the slice and its masks, below the letters."""
