"""Curves of a run with their legend and the values under the mouse. Imports pyqtgraph, so this module is imported when
the first curve is shown.

`curve_box` draws, `curve_legend` names, `curve_pointer` points; this file puts them together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.curve_axes import keep_as_pixels
from tunevlseg_gui.widgets.curve_box import CurveBox
from tunevlseg_gui.widgets.curve_legend import MARGIN, MOST_LINES, CurveLegend, Entry
from tunevlseg_gui.widgets.curve_line import CurveLine, colour_named
from tunevlseg_gui.widgets.curve_pointer import MOVES, CurvePointer, epoch_at_minutes, moved, nearest, when
from tunevlseg_gui.widgets.text import label

LOW = 190
"""Pixels of height below which the legend has one line."""


class CurvePlot(CurveBox):
    """A box of curves with a title; the values under the mouse, or where the arrow keys lead."""

    hovered = Signal(object)  # the epoch pointed at, None where there is none

    def __init__(self, title: str, name: str, top: float | None = None, parent: QWidget | None = None) -> None:
        """`top`: the highest possible value, for a fixed axis (1 for Dice)."""
        super().__init__(top, parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("role", "plot")
        self.pointer = CurvePointer()
        self._plot.addItem(self.pointer.line, ignoreBounds=True)
        self.legend = CurveLegend()
        self.legend.setObjectName(f"{name}Values")
        self.legend.setAccessibleName(self.tr("Values of {title}").format(title=title))
        self._mouse = pg.SignalProxy(self._plot.scene().sigMouseMoved, rateLimit=30, slot=self._moved)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, 4, 0)
        head.setSpacing(16)
        self._heading = label(title, "heading")
        head.addWidget(self._heading, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.legend, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(2, 2, 2, 2)
        rows.setSpacing(2)
        rows.addLayout(head)
        rows.addWidget(self._plot, 1)
        self.add_curve("train", self.tr("Training"), "train", dashed=True)
        self.add_curve("val", self.tr("Validation"), "val")
        self._paint_theme()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.take_at_most(1 if event.size().height() < LOW else MOST_LINES)

    def clear(self) -> None:
        super().clear()
        self.show_hover(None)

    def redraw(self) -> None:
        super().redraw()
        if self.pointer.epoch is not None:
            self.show_hover(self.pointer.epoch)

    def _paint_theme(self) -> None:
        super()._paint_theme()
        self.pointer.paint_theme()

    # -- the legend ----------------------------------------------------------------------------------------------

    def _names_changed(self) -> None:
        value = "0.0000 (0.0000)" if self._smoothing else "0.0000"
        entries = self.legend_entries()
        sample = [Entry(when(999, 99.9)), *(replace(entry, value=value) for entry in entries if not entry.filled)]
        self.legend.show_names(entries, sample)

    def set_smoothing(self, weight: float) -> None:
        before = self._smoothing
        super().set_smoothing(weight)
        if bool(before) != bool(weight):
            self._names_changed()  # values take more room

    def legend_entries(self) -> list[Entry]:
        """What is shown: curves, then bands."""
        named = [_entry(known) for known in self._curves.values() if known.visible and known.named]
        bands = [band for band in self._bands.values() if band.visible and band.title]
        return [*named, *(Entry(band.title, "", band.fill_colour, filled=True) for band in bands)]

    # -- pointing ------------------------------------------------------------------------------------------------

    def show_hover(self, epoch: float | None) -> None:
        """Points at an epoch, as another plot of the same run does; None: at nothing."""
        at = None if epoch is None else nearest((self._curves["val"], *self._curves.values()), epoch)
        self.pointer.point(epoch, at, minutes=self._minutes)
        self.legend.show_values([] if at is None else self._values(*at))

    def _values(self, epoch: float, minutes: float) -> list[Entry]:
        told = [(known, known.value_at(epoch, self._smoothing)) for known in self._curves.values() if known.visible]
        values = [_entry(known, value) for known, value in told if value]
        return [Entry(when(epoch, minutes)), *values]

    def _moved(self, given: tuple[QPointF]) -> None:
        view = self._plot.getViewBox()
        if not view.sceneBoundingRect().contains(given[0]):
            return
        x = float(view.mapSceneToView(given[0]).x())
        self._point(epoch_at_minutes(self.series("val"), x) if self._minutes else x)

    def _point(self, epoch: float | None) -> None:
        at = None if epoch is None else nearest((self._curves["val"], *self._curves.values()), epoch)
        found = None if at is None else at[0]
        if found != self.pointer.epoch:
            self.show_hover(found)
            self.hovered.emit(found)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._point(None)
        super().focusOutEvent(event)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        self.show_all()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End point at epochs; + and - look closer, 0 shows all."""
        acts: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Escape: lambda: self._point(None),
            Qt.Key.Key_Plus: lambda: self._look(0.8),
            Qt.Key.Key_Minus: lambda: self._look(1.25),
            Qt.Key.Key_0: self.show_all,
        }
        if event.key() in MOVES:
            known = self.series("val") if len(self.series("val")) else self.series("train")
            self._point(moved(known, self.pointer.epoch, event.key()))
        elif event.key() in acts:
            acts[event.key()]()
        else:
            super().keyPressEvent(event)

    def _look(self, factor: float) -> None:
        """Closer or further, around the epoch that is pointed at."""
        self._zoom()
        x = self.pointer.line.value() if self.pointer.epoch is not None else None
        self._plot.getViewBox().scaleBy(x=factor, center=None if x is None else QPointF(x, 0))

    # -- in a file -----------------------------------------------------------------------------------------------

    def shown_rect(self) -> QRectF:
        """What `draw_on` draws, in pixels of the screen: the plot, and its title and legend above it."""
        rect = QRectF(self._plot.viewport().rect())
        return rect.adjusted(0, 0, 0, self._head(rect)[1].height() + MARGIN)

    def _head(self, whole: QRectF) -> tuple[QRectF, QRectF]:
        """Where title and legend lie in a file: beside each other, above the plot."""
        room = whole.adjusted(MARGIN, MARGIN, -MARGIN, 0)
        wide = self._heading.sizeHint().width() + 2 * MARGIN
        high = self.legend.height_for(room.width() - wide, self.legend_entries())
        title = QRectF(room.left(), room.top(), wide, self._heading.sizeHint().height())
        return title, QRectF(title.right(), room.top(), room.width() - wide, high)

    def draw_on(self, painter: QPainter, target: QRectF) -> None:
        """The plot as it is shown now with its title and legend, without what is only pointed at."""
        self.redraw()
        title, names = self._head(target)
        painter.setFont(self._heading.font())
        painter.setPen(look().colour("text"))
        painter.drawText(title, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), self._heading.text())
        self.legend.draw(painter, names, self.legend_entries())
        self._say_below(self.tr("Minutes") if self._minutes else self.tr("Epoch"))
        pointed = self.pointer.line.isVisible()
        self.pointer.line.hide()
        keep_as_pixels(self._plot, False)
        drawn = [item for item in self._plot.scene().items() if hasattr(item, "setExportMode")]
        for item in drawn:
            item.setExportMode(True, {"antialias": True})  # marks as lines, not as the pixels kept for the screen
        below = target.adjusted(0, names.height() + MARGIN, 0, 0)
        self._plot.render(painter, below, self._plot.viewport().rect())
        for item in drawn:
            item.setExportMode(False)
        self.pointer.line.setVisible(pointed)
        self._say_below("")
        keep_as_pixels(self._plot, True)

    def _say_below(self, words: str) -> None:
        """What the curves are drawn over: on the screen the box above says it."""
        self._plot.setLabel("bottom", words, color=look().tokens["muted"])
        self._axis.showLabel(bool(words))
        self._plot.getPlotItem().layout.activate()


def _entry(known: CurveLine, value: str = "") -> Entry:
    return Entry(known.title, value, colour_named(known.colour), known.dashed)
