"""Curves of a run with their legend and the values under the mouse. Imports pyqtgraph, so this module is imported when
the first curve is shown.

`curve_box` draws, `curve_legend` names, `curve_pointer` points; this file puts them together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.curve_axes import keep_as_pixels
from tunevlseg_gui.widgets.curve_box import CurveBox
from tunevlseg_gui.widgets.curve_legend import MARGIN, CurveLegend, Entry
from tunevlseg_gui.widgets.curve_line import CurveLine, colour_named
from tunevlseg_gui.widgets.curve_pointer import MOVES, CurvePointer, epoch_at_minutes, moved, nearest, when
from tunevlseg_gui.widgets.text import label


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
        self._title = title
        self.pointer = CurvePointer()
        self._plot.addItem(self.pointer.line, ignoreBounds=True)
        self.legend = CurveLegend()
        self.legend.setObjectName(f"{name}Values")
        self.legend.setAccessibleName(self.tr("Values of {title}").format(title=title))
        self._mouse = pg.SignalProxy(self._plot.scene().sigMouseMoved, rateLimit=30, slot=self._moved)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, 4, 0)
        head.setSpacing(16)
        head.addWidget(label(title, "heading"), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.legend, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(2, 2, 2, 2)
        rows.setSpacing(2)
        rows.addLayout(head)
        rows.addWidget(self._plot, 1)
        self.add_curve("train", self.tr("Training"), "train", dashed=True)
        self.add_curve("val", self.tr("Validation"), "val")
        self._paint_theme()

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
        self.legend.show_names(self.legend_entries())

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
        """What `draw_on` draws, in pixels of the screen: the plot, and its legend above it."""
        rect = QRectF(self._plot.viewport().rect())
        return rect.adjusted(0, 0, 0, self._legend_height(rect.width()))

    def _legend_height(self, width: float) -> float:
        return self.legend.height_for(width - 2 * MARGIN, self.legend_entries())

    def draw_on(self, painter: QPainter, target: QRectF) -> None:
        """The plot as it is shown now with its title and legend, without what is only pointed at."""
        self.redraw()
        high = self._legend_height(target.width())
        room = QRectF(target.left() + MARGIN, target.top(), target.width() - 2 * MARGIN, high)
        self.legend.draw(painter, room, self.legend_entries())
        self._words_inside(self._title, self.tr("Minutes") if self._minutes else self.tr("Epoch"))
        pointed = self.pointer.line.isVisible()
        self.pointer.line.hide()
        keep_as_pixels(self._plot, False)
        drawn = [item for item in self._plot.scene().items() if hasattr(item, "setExportMode")]
        for item in drawn:
            item.setExportMode(True, {"antialias": True})  # marks as lines, not as the pixels kept for the screen
        self._plot.render(painter, target.adjusted(0, high, 0, 0), self._plot.viewport().rect())
        for item in drawn:
            item.setExportMode(False)
        self.pointer.line.setVisible(pointed)
        self._words_inside(None, None)
        keep_as_pixels(self._plot, True)

    def _words_inside(self, title: str | None, below: str | None) -> None:
        """On the screen the title stands above the plot, beside the values, and the box says what it is drawn over."""
        self._plot.setTitle(title, color=look().tokens["text"], size="10pt")
        self._plot.setLabel("bottom", below or "", color=look().tokens["muted"])
        self._axis.showLabel(below is not None)
        self._plot.getPlotItem().layout.activate()


def _entry(known: CurveLine, value: str = "") -> Entry:
    return Entry(known.title, value, colour_named(known.colour), known.dashed)
