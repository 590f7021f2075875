"""Below the slice slider: the chosen layer's area on each slice, and where it breaks off from one to the next."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.bundle.levels import threshold_level
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.slice_profile import SliceProfile, profile_of
from tunevlseg_gui.viewer.slice_state import SliceState

HEIGHT = 42
WAIT_MS = 200
BROKEN = 0.5
"""Neighbours with a smaller Dice are marked: organs seldom change so much from slice to slice."""


class SliceStrip(QWidget):
    """Counts on a pool thread whenever the layer or the threshold changed; a click goes to a slice."""

    clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sliceStrip")
        self.setAccessibleName(self.tr("Area of the mask on each slice, and its Dice with the next slice"))
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.profile: SliceProfile | None = None
        self._state: SliceState | None = None
        self._layer: Layer | None = None
        self._key: Hashable = None
        self._drawn = QPixmap()
        self._drawn_key: Hashable = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(WAIT_MS)
        self._soon.timeout.connect(self._count)
        look().changed.connect(self.update)
        self.hide()

    def show_state(self, state: SliceState) -> None:
        """After anything was changed; counts anew only where the mask is another."""
        self._state = state
        layer = state.chosen_layer if state.slices > 1 else None
        key = None if layer is None else (id(layer), id(layer.levels), layer.revision, state.threshold)
        if key != self._key:
            if layer is not self._layer:
                self.profile = None
            self._key, self._layer = key, layer
            if layer is not None:
                self._soon.start()
        self.setVisible(layer is not None)
        self.update()

    def _count(self) -> None:
        layer, key, state = self._layer, self._key, self._state
        if layer is None or state is None:
            return
        levels, level = layer.levels, threshold_level(state.threshold)

        def show(profile: SliceProfile | None) -> None:
            if key == self._key and profile is not None:
                self.profile = profile
                self.update()

        run_task(self, lambda: profile_of(levels, level, lambda: key != self._key), show)

    def _values(self) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
        if self.profile is None or self._state is None or self._state.scan is None:
            return None
        return self.profile.along(self._state.stack)

    def paintEvent(self, event: QPaintEvent) -> None:
        state, values = self._state, self._values()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look().colour("stage"))
        if state is not None and self._layer is not None and values is not None:
            painter.drawPixmap(0, 0, self._plot(self._layer, *values))
            at = round((state.index + 0.5) * self.width() / len(values[0]))
            painter.fillRect(at - 1, 0, 2, self.height(), look().colour("accent"))
        painter.end()

    def _plot(self, layer: Layer, areas: NDArray[np.int64], dice: NDArray[np.float64]) -> QPixmap:
        """Areas as bars, Dice as a line; kept, since only the mark moves while slices are turned."""
        state = self._state
        plane = None if state is None else (state.plane, state.shared.neurological)
        key = (
            self.profile,
            plane,
            self.width(),
            self.height(),
            layer.colour,
            look().theme,
            self.devicePixelRatioF(),
        )
        if key == self._drawn_key:
            return self._drawn
        ratio = self.devicePixelRatioF()
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        wide, tall = self.width() / len(areas), self.height() - 4
        heights = areas / max(int(areas.max()), 1) * tall
        shade = QColor(*layer.colour)
        shade.setAlpha(170)
        for number, value in enumerate(heights.tolist()):
            left, right = round(number * wide), round((number + 1) * wide)
            painter.fillRect(QRectF(left, self.height() - value, max(right - left, 1), value), shade)
        for number in np.flatnonzero(dice < BROKEN).tolist():
            painter.fillRect(QRectF((number + 1) * wide - 1.5, 0, 3, 6), look().colour("warning"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(240, 243, 247, 200), 1))
        run: list[QPointF] = []
        for number, value in enumerate([*dice.tolist(), np.nan]):
            if np.isnan(value):
                painter.drawPolyline(QPolygonF(run))
                run = []
            else:
                run.append(QPointF((number + 1) * wide, self.height() - 2 - value * tall))
        painter.end()
        self._drawn, self._drawn_key = drawn, key
        return drawn

    def slice_at(self, x: float) -> int:
        slices = 0 if self._state is None else self._state.slices
        return min(max(int(x / max(self.width(), 1) * slices), 0), max(slices - 1, 0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self.slice_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.clicked.emit(self.slice_at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.words_at(self.slice_at(event.pos().x())), self)
            return True
        return super().event(event)

    def words_at(self, index: int) -> str:
        """Area of a slice in mm² (of pictures: pixels) and Dice with the next."""
        values, state = self._values(), self._state
        if values is None or state is None or state.scan is None:
            return ""
        areas, dice = values
        tall, wide = state.stack.spacing_hw
        area = (
            self.tr("{areas} pixels").format(areas=f"{areas[index]:,}")
            if state.scan.is_picture
            else f"{areas[index] * tall * wide:,.0f} mm²"
        )
        words = self.tr("Slice {index}: {area}").format(index=index + 1, area=area)
        if index < len(dice) and not np.isnan(dice[index]):
            words += self.tr(", Dice with the next slice {dice}").format(dice=f"{dice[index]:.2f}")
        return words
