"""What the mouse does in a slice view: the tool in hand is asked first, then the usual meanings of a reading room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QSinglePointEvent, QWheelEvent

from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.tool import Pointer, Tool
from tunevlseg_gui.viewer.viewport import zoom_at

if TYPE_CHECKING:
    from tunevlseg_gui.viewer.slice_view import SliceView

NOTCH = 120
"""Wheel angle of one step, in eighths of a degree."""
ZOOM_STEP = 1.2

SMALLEST_BOX = 4
"""Pixels; a smaller box is a click."""

Drag = Callable[[QPointF, QPointF], None]  # (moved since the press, moved since the last event), in pixels

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Mouse:
    """The mouse of one view. All that the buttons and the wheel mean is decided here."""

    def __init__(self, view: SliceView) -> None:
        self._view = view
        self.tool: Tool | None = None
        self._held_by_tool = False
        self._drag: Drag | None = None
        self.box: QRectF | None = None
        """Drawn by a drag with Ctrl: the region that the window is taken from."""
        self._start = QPointF()
        self._last = QPointF()
        self._wheel = 0

    def take(self, tool: Tool | None) -> None:
        self.tool, self._held_by_tool, self._drag = tool, False, None
        self.show_cursor()

    def show_cursor(self) -> None:
        self._view.setCursor(Qt.CursorShape.CrossCursor if self.tool is None else self.tool.cursor)

    def pointer(self, event: QSinglePointEvent, button: Qt.MouseButton = Qt.MouseButton.NoButton) -> Pointer:
        placed = self._view.placement()
        at = event.position()
        row, column = (-1.0, -1.0) if placed is None else placed.pixel_at(at.x(), at.y())
        return Pointer(self._view, at, row, column, button, event.buttons(), event.modifiers())

    # events of the view

    def press(self, event: QMouseEvent) -> None:
        self._start = self._last = event.position()
        if self.tool is not None and self.tool.press(self.pointer(event, event.button())):
            self._held_by_tool = True
            return
        self._drag = self._meaning(event.button(), event.modifiers())

    def move(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._held_by_tool or (self._drag is None and self.tool is not None):
            if self.tool is not None:
                self.tool.move(self.pointer(event))
        elif self._drag is not None:
            self._drag(at - self._start, at - self._last)
        elif event.modifiers() & SHIFT and not event.buttons():
            self._put_crosshair_at(at)
        self._last = at

    def release(self, event: QMouseEvent) -> None:
        if self.tool is not None and self._held_by_tool:
            self.tool.release(self.pointer(event, event.button()))
        self._held_by_tool, self._drag = bool(event.buttons()) and self._held_by_tool, None
        self._window_from_box()
        self.show_cursor()

    def double_click(self, event: QMouseEvent) -> None:
        if self.tool is not None and self.tool.double_click(self.pointer(event, event.button())):
            return
        if event.button() != LEFT:
            return
        if event.modifiers() & CTRL:
            self._view.state.reset_window()
            self._view.tell_changed()
        elif not event.modifiers():
            # The window is left alone: resetting it by accident is a known nuisance.
            self._view.do("maximise")

    def wheel(self, event: QWheelEvent) -> None:
        # Touch pads send many small angles: they are added up to whole notches.
        self._wheel += event.angleDelta().y()
        notches = int(self._wheel / NOTCH)
        if not notches:
            return
        self._wheel -= notches * NOTCH
        if self.tool is not None and self.tool.wheel(self.pointer(event), notches):
            return
        if event.modifiers() & CTRL:
            self._zoom(ZOOM_STEP**notches, event.position())
        else:
            self._view.step(notches)

    def leave(self) -> None:
        if self.tool is not None:
            self.tool.leave(self._view)

    # what a press without a tool begins

    def _meaning(self, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> Drag | None:
        if button == MIDDLE or (button == LEFT and modifiers & SHIFT):
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
            return self._pan
        if button == RIGHT and habits().settings.right_drag == "zoom":
            return self._zoom_drag()
        if button == RIGHT and self._view.state.has_window:
            return self._window_drag()
        if button == LEFT and modifiers & CTRL and self._view.state.has_window:
            return self._draw_box
        if button == LEFT and not modifiers:
            self._put_crosshair(QPointF(), QPointF())
            return self._put_crosshair
        return None

    def _pan(self, moved: QPointF, step: QPointF) -> None:
        self._view.viewport.move(step.x(), step.y())
        self._view.update()

    def _window_drag(self) -> Drag:
        state = self._view.state
        start = state.window

        def drag(moved: QPointF, step: QPointF) -> None:
            state.drag_window(start, moved.x(), moved.y())
            self._view.tell_changed()

        return drag

    def _zoom_drag(self) -> Drag:
        middle = QPointF(self._start)

        def drag(moved: QPointF, step: QPointF) -> None:
            self._zoom(2 ** (-step.y() / 100), middle)

        return drag

    def _draw_box(self, moved: QPointF, step: QPointF) -> None:
        self.box = QRectF(self._start, self._start + moved).normalized()
        self._view.update()

    def _window_from_box(self) -> None:
        box, self.box = self.box, None
        placed = self._view.placement()
        if box is None or placed is None:
            return
        if min(box.width(), box.height()) >= SMALLEST_BOX:
            top_left, bottom_right = box.topLeft(), box.bottomRight()
            self._view.state.window_from(
                *placed.pixel_at(top_left.x(), top_left.y()), *placed.pixel_at(bottom_right.x(), bottom_right.y())
            )
        self._view.tell_changed()

    def _put_crosshair(self, moved: QPointF, step: QPointF) -> None:
        self._put_crosshair_at(self._start + moved)

    def _put_crosshair_at(self, at: QPointF) -> None:
        placed = self._view.placement()
        if placed is not None:
            self._view.state.put_cursor(*placed.pixel_at(at.x(), at.y()))
            self._view.tell_changed()

    def _zoom(self, factor: float, at: QPointF) -> None:
        view = self._view
        zoom_at(view.viewport, factor, at.x(), at.y(), (view.width(), view.height()))
        view.update()
