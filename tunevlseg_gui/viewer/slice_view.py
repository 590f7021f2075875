"""One slice on the screen, with its masks; the mouse and the keys of a reading room."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.key_map import pressed
from tunevlseg_gui.viewer.marks import (
    INK,
    draw_box,
    draw_colour_bar,
    draw_corner_texts,
    draw_crosshair,
    draw_edge_letters,
    draw_legend,
    draw_note,
)
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.measurement_marks import draw_measurements
from tunevlseg_gui.viewer.mouse import Mouse
from tunevlseg_gui.viewer.slice_state import OPACITY_STEP, SliceState
from tunevlseg_gui.viewer.slice_words import comparison_words, legend, reading
from tunevlseg_gui.viewer.tool import Tool
from tunevlseg_gui.viewer.viewport import Placement, Viewport, outline_boxes, place

OUTLINE_WIDTH = 2
MARGIN = 22
"""Room for the letters at the edges."""
SHARP_FROM = 16.0
"""From this many screen pixels a voxel on, voxels are drawn with sharp edges."""


class SliceView(QWidget):
    """Paints what a SliceState says; changes it by wheel, mouse and keys, and tells `changed`."""

    changed = Signal()  # slice, window, overlay or crosshair were changed here
    hovered = Signal(str)  # what lies under the mouse, in words
    focused = Signal()
    highlight_changed = Signal()  # another layer is under the mouse
    action_wanted = Signal(str)  # id of a ViewAction that concerns more than this view

    def __init__(self, state: SliceState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sliceView")
        self.setAccessibleName(self.tr("Slice"))
        self.setMinimumSize(150, 130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.state = state
        self._pixels: NDArray[np.uint32] | None = None  # what the QImage reads from: it must outlive it
        self._image = QImage()
        self._lines: list[tuple[Layer, NDArray[np.int64]]] = []
        self._key: Hashable = None  # of the picture that was composed
        self._painted: Hashable = None  # of all that was painted
        self._lit: NDArray[np.int64] | None = None
        self._lit_key: Hashable = None
        self.mouse = Mouse(self)
        look().changed.connect(self.update)

    # painting

    @property
    def viewport(self) -> Viewport:
        return self.state.shared.viewport(self.state.plane)

    def refresh(self) -> None:
        """After the state was changed from outside."""
        self.update()

    def refresh_if_changed(self) -> None:
        """After another plane was changed: paints again only where this one looks different now."""
        if self._look() != self._painted:
            self.update()

    def _look(self) -> Hashable:
        if self.state.scan is None:
            return None
        view, crosshair = self.viewport, self.state.cursor_pixel if self.state.crosshair else None
        whole = None if self.state.comparison is None else self.state.comparison.whole
        return (
            self.state.look_key(),
            whole,
            id(self.state.shared.highlighted),
            crosshair,
            view.zoom,
            view.right,
            view.down,
        )

    def placement(self) -> Placement | None:
        """Where the slice lies on the widget; None without a scan."""
        if self.state.scan is None:
            return None
        stack = self.state.stack
        margin = 0 if self.state.scan.is_picture else MARGIN
        return place(self.viewport, (self.width(), self.height()), stack.slice_shape, stack.spacing_hw, margin)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._painted = self._look()
        painter = QPainter(self)
        # Slices are not mirrored in languages that are written from right to left, and neither may their letters be:
        # Qt would write L where the patient's right side is.
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        painter.fillRect(self.rect(), look().colour("stage"))
        placed = self.placement()
        if placed is not None:
            self._renew()
            target = QRectF(placed.left, placed.top, placed.width, placed.height)
            sharp = placed.width / max(placed.shape_hw[1], 1) >= SHARP_FROM
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not sharp)
            painter.drawImage(target, self._image)
            self._draw_outlines(painter, placed)
            self._draw_highlight(painter, placed)
            if self.state.crosshair:
                draw_crosshair(painter, self.rect(), placed.point_of(*self.state.cursor_pixel))
            draw_measurements(painter, self.state, placed)
            if self.mouse.tool is not None:
                self.mouse.tool.paint(painter, self, placed)
            if self.mouse.box is not None:
                draw_box(painter, self.mouse.box)
            draw_edge_letters(painter, self.rect(), self.state.stack.edge_letters)
            taken = draw_corner_texts(painter, self.rect(), self.state)
            draw_legend(painter, self.rect(), legend(self.state), taken)
            if self.state.shared.heat and self.state.comparison is None and self.state.chosen_layer is not None:
                draw_colour_bar(painter, self.rect(), self.state.threshold)
            if note := comparison_words(self.state):
                draw_note(painter, self.rect(), note)
        if self.hasFocus() and placed is not None:
            painter.setPen(QPen(look().colour("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _renew(self) -> None:
        """Composes the slice again only where something visible has changed."""
        key = self.state.look_key()
        if key == self._key:
            return
        self._lines = self.state.outlines()
        self._pixels = self.state.picture([layer for layer, _ in self._lines])
        height, width = self._pixels.shape
        self._image = QImage(self._pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        self._key = key

    def _draw_highlight(self, painter: QPainter, placed: Placement) -> None:
        """A thin light border round the layer under the mouse."""
        if self.mouse.tool is not None or self.state.shared.highlighted is None:
            return
        key = (self.state.look_key(), id(self.state.shared.highlighted))
        if key != self._lit_key:
            self._lit, self._lit_key = self.state.highlight_lines(), key
        if self._lit is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(INK)
            painter.drawRects([QRect(*box) for box in outline_boxes(self._lit, placed, 1).tolist()])
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_outlines(self, painter: QPainter, placed: Placement) -> None:
        """Equally wide at any zoom. Lines run along pixel edges: as rectangles they are drawn many times faster."""
        painter.setPen(Qt.PenStyle.NoPen)
        for layer, lines in self._lines:
            painter.setBrush(QColor(*layer.colour))
            painter.drawRects([QRect(*box) for box in outline_boxes(lines, placed, OUTLINE_WIDTH).tolist()])
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # the mouse

    def take_tool(self, tool: Tool | None) -> None:
        """The tool that the mouse is asked for first; None: the usual meanings alone."""
        self.mouse.take(tool)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.state.scan is not None:
            self.mouse.wheel(event)
            self._tell_reading(event.position())
            event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.state.scan is not None:
            self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.state.scan is not None:
            self.mouse.move(event)
            self._tell_reading(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.state.scan is not None:
            self.mouse.double_click(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def leaveEvent(self, event: object) -> None:
        self.mouse.leave()
        self._highlight(None)
        self.hovered.emit("")

    def _tell_reading(self, at: QPointF) -> None:
        placed = self.placement()
        if placed is None:
            self.hovered.emit("")
            return
        pixel = placed.pixel_at(at.x(), at.y())
        self.hovered.emit(reading(self.state, *pixel))
        self._highlight(self.state.layer_at(*pixel))

    def _highlight(self, layer: Layer | None) -> None:
        if layer is not self.state.shared.highlighted:
            self.state.shared.highlighted = layer
            self.highlight_changed.emit()

    # the keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state.scan is None:
            super().keyPressEvent(event)
            return
        if self.mouse.tool is not None and self.mouse.tool.key(self, event):
            return
        action = habits().key_map.get(pressed(event))
        if action is None:
            super().keyPressEvent(event)
        else:
            self.do(action)

    def do(self, action: str) -> None:
        """What a key is for; actions that concern more than this view are passed on by `action_wanted`."""
        state = self.state
        steps = {"next": 1, "previous": -1, "ten_on": 10, "ten_back": -10}
        if action in steps:
            self.step(steps[action])
            return
        match action:
            case "first":
                state.set_index(0)
            case "last":
                state.set_index(state.slices)
            case "outline":
                state.outline = not state.outline
            case "overlay":
                state.overlay_on = not state.overlay_on
            case "fainter":
                state.set_opacity(state.opacity - OPACITY_STEP)
            case "stronger":
                state.set_opacity(state.opacity + OPACITY_STEP)
            case "crosshair":
                state.crosshair = not state.crosshair
            case "heat":
                state.shared.heat = not state.shared.heat
            case "solo":
                alone = state.shared.highlighted or state.chosen_layer
                state.shared.solo = alone if state.shared.solo is None else None
            case "whole":
                self.viewport.reset()
            case _ if action.removeprefix("window").isdigit():
                state.use_preset(int(action.removeprefix("window")) - 1)
            case _:
                self.action_wanted.emit(action)
                return
        self.tell_changed()

    def step(self, slices: int) -> None:
        self.state.step(slices)
        self.tell_changed()
        if not self.underMouse():  # else the reading is of what is under the mouse
            self.hovered.emit(reading(self.state, *self.state.cursor_pixel))

    def tell_changed(self) -> None:
        """After the state or a layer was changed in this view: repaints, and tells others."""
        self.update()
        self.changed.emit()
