"""The tools that change a mask with the mouse: brush and eraser, and a click that picks a place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from engine.volumes.slicing import SliceStack
from tunevlseg_gui.viewer.editing.brush import Brush, Stroke
from tunevlseg_gui.viewer.editing.delta import Delta
from tunevlseg_gui.viewer.mask_overlay import Colour, Layer, outline_lines
from tunevlseg_gui.viewer.tool import Pointer, Tool
from tunevlseg_gui.viewer.viewport import Placement, outline_boxes

if TYPE_CHECKING:
    from tunevlseg_gui.viewer.slice_view import SliceView

LEFT = Qt.MouseButton.LeftButton
PREVIEW_COLOUR: Colour = (255, 255, 255)


class Hand(Protocol):
    """What tools ask of whoever holds them."""

    brush: Brush

    def target(self) -> Layer | None:
        """The layer that may be changed now; None: not now, and the user was told why."""

    def stroke_ended(self, layer: Layer, value: bool, delta: Delta) -> None: ...

    def resize(self, steps: int) -> None: ...

    def let_go(self, tool: Tool) -> None:
        """Another tool, or none, is in hand now."""

    def preview_on(self, stack: SliceStack, index: int) -> NDArray[np.bool_] | None:
        """What is proposed on a slice [h, w]; None: nothing."""


class EditingTool(Tool):
    """Shows what is proposed; the brackets change the brush, whichever tool is in hand."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand

    def put_down(self) -> None:
        self.hand.let_go(self)

    def key(self, view: SliceView, event: QKeyEvent) -> bool:
        # By what they type: they lie elsewhere on other keyboards.
        steps = {"[": -1, "]": 1}.get(event.text())
        if steps is None:
            return False
        self.hand.resize(steps)
        view.tell_changed()
        return True

    def paint(self, painter: QPainter, view: SliceView, placed: Placement) -> None:
        proposed = self.hand.preview_on(view.state.stack, view.state.index)
        if proposed is not None:
            draw_outline(painter, proposed, placed)


class BrushTool(EditingTool):
    """`value` True paints, False erases; with Ctrl held it does the other."""

    cursor = Qt.CursorShape.BlankCursor

    def __init__(self, hand: Hand, *, value: bool) -> None:
        super().__init__(hand)
        self.value = value
        self._stroke: Stroke | None = None
        self._last = (0.0, 0.0)
        self._shown: tuple[SliceView, QPointF] | None = None

    def press(self, pointer: Pointer) -> bool:
        if pointer.button != LEFT or pointer.modifiers & Qt.KeyboardModifier.ShiftModifier:
            return False
        layer = self.hand.target()
        if layer is None:
            return True
        other = bool(pointer.modifiers & Qt.KeyboardModifier.ControlModifier)
        self._stroke = Stroke(layer, pointer.view.state.stack, self.hand.brush, self.value != other)
        self._last = (pointer.row, pointer.column)
        self._go(pointer)
        return True

    def move(self, pointer: Pointer) -> bool:
        self._shown = (pointer.view, pointer.at)
        if self._stroke is None or not self._go(pointer):
            pointer.view.update()
        return True

    def release(self, pointer: Pointer) -> bool:
        self._end()
        return True

    def _end(self) -> None:
        stroke, self._stroke = self._stroke, None
        delta = stroke.end() if stroke is not None else None
        if stroke is not None and delta is not None:
            self.hand.stroke_ended(stroke.layer, stroke.value, delta)

    def leave(self, view: SliceView) -> None:
        self._shown = None
        view.update()

    def put_down(self) -> None:
        self._end()
        self._shown = None
        super().put_down()

    def paint(self, painter: QPainter, view: SliceView, placed: Placement) -> None:
        super().paint(painter, view, placed)
        if self._shown is None or self._shown[0] is not view:
            return
        stack, radius = view.state.stack, self.hand.brush.radius
        height, width = stack.slice_shape
        across = radius / stack.spacing_hw[1] * placed.width / width
        down = radius / stack.spacing_hw[0] * placed.height / height
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # Two colours: one of them is seen on any ground.
        for colour, wide in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.2)):
            pen = QPen(colour, wide, Qt.PenStyle.SolidLine if self.value else Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawEllipse(self._shown[1], across, down)
        painter.restore()

    def _go(self, pointer: Pointer) -> bool:
        here = (pointer.row, pointer.column)
        changed = self._stroke is not None and self._stroke.go(pointer.view.state.index, self._last, here)
        self._last = here
        if changed:
            pointer.view.tell_changed()
        return changed


class PickTool(EditingTool):
    """A click that says where: `picked(view, row, column)` with whole numbers within the slice."""

    def __init__(self, hand: Hand, picked: Callable[[SliceView, int, int], None]) -> None:
        super().__init__(hand)
        self._picked = picked

    def press(self, pointer: Pointer) -> bool:
        if pointer.button != LEFT or pointer.modifiers & Qt.KeyboardModifier.ShiftModifier:
            return False
        row, column = round(pointer.row), round(pointer.column)
        height, width = pointer.view.state.stack.slice_shape
        if 0 <= row < height and 0 <= column < width:
            self._picked(pointer.view, row, column)
        return True


class PreviewTool(EditingTool):
    """Shows what is proposed while no other tool is in hand; the mouse keeps its usual meanings."""


def draw_outline(painter: QPainter, mask: NDArray[np.bool_], placed: Placement) -> None:
    """Black and white side by side, so that it is told from any mask's colour."""
    lines = outline_lines(mask)
    painter.setPen(Qt.PenStyle.NoPen)
    for colour, wide in ((QColor(0, 0, 0), 4), (QColor(*PREVIEW_COLOUR), 2)):
        painter.setBrush(colour)
        painter.drawRects([QRect(*box) for box in outline_boxes(lines, placed, wide).tolist()])
    painter.setBrush(Qt.BrushStyle.NoBrush)
