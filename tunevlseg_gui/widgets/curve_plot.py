"""Curves that grow by the epoch. Imports pyqtgraph, so this module is imported when the first curve is shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QGraphicsItem, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.curve_data import Floats, Series
from tunevlseg_gui.widgets.text import PathLabel, label

REDRAW_MS = 100
"""At most ten redraws a second, however fast the epochs come."""
MANY = 1_000
"""Points from which lines are one pixel wide and not smoothed at their edges: both cost more than all else."""
GHOST = 70
"""Opacity, of 255, of the values as they are behind their smoothed line."""
OWN = ("train", "val")
LEGEND_MOST = 8
LONG = 300


class EpochAxis(pg.AxisItem):  # type: ignore[misc]
    """Whole epochs only; minutes as they come."""

    whole = True

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        return [(max(1, math.ceil(spacing)), 0) for spacing, _ in found[:1]] if self.whole else found


@dataclass
class Drawn:
    """One curve on the plot. `colour`: a token of the theme, or #RRGGBB; `line` lies over `ghost`."""

    title: str
    colour: str
    dashed: bool
    line: Any
    ghost: Any
    series: Series = field(default_factory=Series)
    visible: bool = True
    named: bool = True
    stale: bool = True

    @property
    def qcolour(self) -> QColor:
        return look().colour(self.colour) if self.colour in look().tokens else QColor(self.colour)


def _roomy(end: float) -> float:
    """A long run's axis grows by a fiftieth at a time: with every epoch, each curve would be thinned anew."""
    if end <= LONG:
        return end
    step = 1.02 ** math.ceil(math.log(end, 1.02) - 1e-9)
    return float(math.ceil(step))


class CurvePlot(QWidget):
    """Curves over epochs or minutes, `train` and `val` of one run and as many others as are added; a mark at the best
    epoch; the values under the mouse, or where the arrow keys lead.
    """

    hovered = Signal(object)  # the epoch pointed at, None where there is none

    def __init__(
        self, title: str, name: str, top: float | None = None, *, rises: bool = False, parent: QWidget | None = None
    ) -> None:
        """`top`: the highest possible value, for a fixed axis (1 for Dice); `rises`: the upper left is free."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("role", "plot")
        self._title = title
        self._top = top
        self._best: tuple[int, float] | None = None
        self._smoothing, self._minutes, self._log = 0.0, False, False
        self._zoomed = False
        self._range: tuple[float, float] | None = None
        self._hover: float | None = None
        self._bands: dict[str, tuple[list[Any], str]] = {}
        self._axis = EpochAxis("bottom")
        self._plot = pg.PlotWidget(axisItems={"bottom": self._axis})
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(x=True, y=False)
        self._plot.hideButtons()
        self._plot.setMinimumHeight(110)
        self._plot.setClipToView(True)
        self._plot.setDownsampling(auto=True, mode="peak")
        self._keep_axes(True)
        view = self._plot.getViewBox()
        view.setAutoVisible(y=True)
        view.sigRangeChangedManually.connect(lambda *_: self._zoom())
        self._legend = self._plot.addLegend(offset=(8, 4) if rises else (-8, 4))
        self._curves: dict[str, Drawn] = {}
        self._best_line = pg.InfiniteLine(angle=90, movable=False)
        self._best_mark = pg.ScatterPlotItem(size=11, symbol="o")
        self._best_text = pg.TextItem(anchor=(0, 1))
        self._hover_line = pg.InfiniteLine(angle=90, movable=False)
        self._hover_line.hide()
        for item in (self._best_line, self._best_mark, self._best_text, self._hover_line):
            self._plot.addItem(item, ignoreBounds=True)
        self._mouse = pg.SignalProxy(self._plot.scene().sigMouseMoved, rateLimit=30, slot=self._moved)
        self.readout = PathLabel()
        self.readout.setObjectName(f"{name}Values")
        self.readout.setAccessibleName(self.tr("Values of {title}").format(title=title))
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 4, 0)
        head.setSpacing(16)
        head.addWidget(label(title, "heading"))
        head.addWidget(self.readout, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(2, 2, 2, 2)
        rows.setSpacing(2)
        rows.addLayout(head)
        rows.addWidget(self._plot, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        self.add_curve("train", self.tr("Training"), "train", dashed=True)
        self.add_curve("val", self.tr("Validation"), "val")
        look().changed.connect(self._paint_theme)
        self._paint_theme()

    # -- what is drawn -------------------------------------------------------------------------------------------

    def add_curve(self, key: str, title: str, colour: str, *, dashed: bool = False, named: bool = True) -> Series:
        """Another curve, or an empty one in place of that of the same key; `named`: in the legend."""
        self.remove_curve(key)
        # Two points for each pixel, the least and the most of what lies there, are all that can be seen.
        ghost, line = (pg.PlotDataItem(skipFiniteCheck=True, autoDownsampleFactor=1.0) for _ in range(2))
        self._curves[key] = made = Drawn(title, colour, dashed, line, ghost, named=named)
        for item in (ghost, line):
            self._plot.addItem(item)
            item.setLogMode(False, self._log)
        self._paint_curve(made)
        self._name_curves()
        self._later()
        return made.series

    def remove_curve(self, key: str) -> None:
        known = self._curves.pop(key, None)
        if known is not None:
            for item in (known.ghost, known.line):
                self._plot.removeItem(item)
            self._name_curves()
            self._later()

    def series(self, key: str) -> Series:
        """A curve's numbers; `grew(key)` draws what was added to them."""
        return self._curves[key].series

    @property
    def keys(self) -> list[str]:
        """Of the curves there are, shown or not."""
        return list(self._curves)

    def grew(self, key: str) -> None:
        self._curves[key].stale = True
        self._later()

    def put(self, epoch: int, minutes: float = math.nan, **values: float | None) -> None:
        """One epoch's values of curves by key; later epochs of an interrupted attempt give way."""
        for key in {*OWN, *values} & set(self._curves):
            self.series(key).put(epoch, values.get(key), minutes)
            self._curves[key].stale = True
        self._later()

    def mark_best(self, epoch: int, value: float) -> None:
        self._best = (epoch, value)
        self._later()

    def clear(self) -> None:
        """Forgets the run: its curves and what was added to them."""
        for key in [key for key in self._curves if key not in OWN]:
            self.remove_curve(key)
        for key in list(self._bands):
            self.remove_band(key)
        for known in self._curves.values():
            known.series.clear()
            known.stale = True
        self._best, self._zoomed, self._range, self._hover = None, False, None, None
        self.redraw()
        self.show_hover(None)

    def points(self, series: str) -> list[tuple[int, float]]:
        """A curve's values as they are, epoch by epoch."""
        known = self.series(series)
        return [(int(epoch), float(value)) for epoch, value in zip(known.epochs, known.values, strict=True)]

    @property
    def best(self) -> tuple[int, float] | None:
        return self._best

    def title_of(self, key: str) -> str:
        return self._curves[key].title

    def shown_rect(self) -> QRectF:
        """What `draw_on` draws, in pixels of the screen."""
        return QRectF(self._plot.viewport().rect())

    def draw_on(self, painter: QPainter, target: QRectF) -> None:
        """The plot as it is shown now with its title, without what is only pointed at."""
        self.redraw()
        self._words_inside(self._title, self.tr("Minutes") if self._minutes else self.tr("Epoch"))
        pointed = self._hover_line.isVisible()
        self._hover_line.hide()
        self._keep_axes(False)
        drawn = [item for item in self._plot.scene().items() if hasattr(item, "setExportMode")]
        for item in drawn:
            item.setExportMode(True, {"antialias": True})  # marks as lines, not as the pixels kept for the screen
        self._plot.render(painter, target, self._plot.viewport().rect())
        for item in drawn:
            item.setExportMode(False)
        self._hover_line.setVisible(pointed)
        self._words_inside(None, None)
        self._keep_axes(True)

    def _keep_axes(self, on: bool) -> None:
        """Axes as pixels until they change: their texts would be laid out anew with every epoch. Not in a file."""
        kept, drawn = QGraphicsItem.CacheMode.DeviceCoordinateCache, QGraphicsItem.CacheMode.NoCache
        for side in ("left", "bottom"):
            self._plot.getAxis(side).setCacheMode(kept if on else drawn)

    def _words_inside(self, title: str | None, below: str | None) -> None:
        """On the screen the title stands above the plot, beside the values, and the box says what it is drawn over."""
        self._plot.setTitle(title, color=look().tokens["text"], size="10pt")
        self._plot.setLabel("bottom", below or "", color=look().tokens["muted"])
        self._axis.showLabel(below is not None)
        self._plot.getPlotItem().layout.activate()

    def visible(self, key: str) -> bool:
        return self._curves[key].visible

    def set_visible(self, key: str, on: bool) -> None:
        self._curves[key].visible = on
        self._curves[key].stale = True
        self._name_curves()
        self._later()

    def show_band(self, key: str, title: str, colour: str, epochs: Floats, low: Floats, high: Floats) -> None:
        """A shaded range around a curve, as of several seeds; `title` in the legend, empty: not there."""
        self.remove_band(key)
        fill = QColor(look().colour(colour) if colour in look().tokens else QColor(colour))
        fill.setAlpha(50)
        edges = [pg.PlotDataItem(epochs, side, pen=None) for side in (low, high)]
        for edge in edges:
            edge.setLogMode(False, self._log)
        between = pg.FillBetweenItem(*edges, brush=pg.mkBrush(fill))
        between.setZValue(-5)
        self._bands[key] = ([*edges, between], title)
        for item in (*edges, between):
            self._plot.addItem(item)
        self._name_curves()

    def remove_band(self, key: str) -> None:
        for item in self._bands.pop(key, ([], ""))[0]:
            self._plot.removeItem(item)

    # -- how it is drawn -----------------------------------------------------------------------------------------

    def set_smoothing(self, weight: float) -> None:
        """0: none; the values as they are stay behind the line."""
        self._smoothing = weight
        self._redraw_all()

    def set_minutes(self, on: bool) -> None:
        """Minutes since the run began in place of epochs."""
        self._minutes, self._axis.whole, self._zoomed, self._range = on, not on, False, None
        self._redraw_all()

    def set_log(self, on: bool) -> None:
        """A logarithmic axis of values; those of 0 or less are not shown on it."""
        self._log = on
        self._plot.setLogMode(x=False, y=on)
        self._fix_height()
        self._redraw_all()

    def show_all(self) -> None:
        """The whole run again, after a look at a part of it."""
        self._zoomed, self._range = False, None
        self._fit()

    def _redraw_all(self) -> None:
        for known in self._curves.values():
            known.stale = True
        self._later()

    def _later(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def redraw(self) -> None:
        for known in self._curves.values():
            if known.stale:
                self._draw_curve(known)
        self._fit()
        self._draw_best()
        if self._hover is not None:
            self.show_hover(self._hover)

    def _draw_curve(self, known: Drawn) -> None:
        known.stale = False
        series, fine = known.series, len(known.series) < MANY
        over = series.minutes if self._minutes else series.epochs
        raw = known.visible and self._smoothing > 0
        values = series.smoothed(self._smoothing) if self._smoothing else series.values
        shown = self._positive(over, values) if known.visible else (over[:0], values[:0])
        # A pen's width is in pixels of the screen, of which there are more on a fine one.
        width = 2 * self.devicePixelRatioF() if fine else 1
        known.line.setData(*shown, antialias=fine, pen=self._pen(known, width))
        known.line.setSymbol("o" if 0 < len(shown[0]) < 2 else None)
        behind = self._positive(over, series.values) if raw else (over[:0], values[:0])
        known.ghost.setData(*behind, antialias=fine, pen=self._pen(known, 1, GHOST))

    def _positive(self, over: Floats, values: Floats) -> tuple[Floats, Floats]:
        known = np.isfinite(over)
        if self._log:
            known &= values > 0
        return (over, values) if known.all() else (over[known], values[known])

    def _fit(self) -> None:
        if self._zoomed:
            return
        ends = [
            float((known.series.minutes if self._minutes else known.series.epochs)[-1])
            for known in self._curves.values()
            if known.visible and len(known.series)
        ]
        last = max((end for end in ends if math.isfinite(end)), default=0.0)
        wanted = (0.0, max(_roomy(last), 0.1)) if self._minutes else (1.0, max(_roomy(last), 5.0))
        if wanted != self._range:
            self._range = wanted
            self._plot.setXRange(*wanted, padding=0.03)

    def _zoom(self) -> None:
        self._zoomed = True

    def _draw_best(self) -> None:
        place = self._place_of_best()
        for item in (self._best_line, self._best_mark, self._best_text):
            item.setVisible(place is not None)
        if place is None or self._best is None:
            return
        x, y = place
        epoch, value = self._best
        self._best_line.setValue(x)
        self._best_mark.setData([x], [y])
        self._best_text.setText(self.tr("best {value}, epoch {epoch}").format(value=f"{value:.3f}", epoch=epoch))
        (left, right), (low, high) = self._plot.getViewBox().viewRange()
        # The text goes to the side that has room.
        self._best_text.setAnchor((1, 1) if x > left + 0.6 * (right - left) else (0, 1))
        # Below a high curve, above a low one.
        share = 0.02 if y > (low + high) / 2 else 0.6
        self._best_text.setPos(x, low + share * (high - low))

    def _place_of_best(self) -> tuple[float, float] | None:
        """Where the mark lies in the plot's own numbers."""
        if self._best is None or (self._log and self._best[1] <= 0):
            return None
        epoch, value = self._best
        x = float(epoch)
        if self._minutes:
            at = self.series("val").at(epoch)
            x = math.nan if at is None else float(self.series("val").minutes[at])
        return (x, math.log10(value) if self._log else value) if math.isfinite(x) else None

    # -- pointing ------------------------------------------------------------------------------------------------

    def show_hover(self, epoch: float | None) -> None:
        """Points at an epoch, as another plot of the same run does; None: at nothing."""
        self._hover = epoch
        at = None if epoch is None else self._nearest(epoch)
        self._hover_line.setVisible(at is not None)
        if at is None:
            self.readout.set_path("")
            return
        self._hover_line.setValue(at[1] if self._minutes else at[0])
        told = [self._told(known, at[0]) for known in self._curves.values() if known.visible and len(known.series)]
        head = self.tr("Epoch {epoch}").format(epoch=int(at[0]))
        if math.isfinite(at[1]):
            head = self.tr("{head}, {minutes} min").format(head=head, minutes=f"{at[1]:.1f}")
        self.readout.set_path("  ·  ".join([head, *filter(None, told)]))

    def _nearest(self, epoch: float) -> tuple[float, float] | None:
        for known in (self._curves["val"], *self._curves.values()):
            at = known.series.at(epoch) if known.visible else None
            if at is not None:
                return float(known.series.epochs[at]), float(known.series.minutes[at])
        return None

    def _told(self, known: Drawn, epoch: float) -> str:
        at = known.series.at(epoch)
        if at is None or known.series.epochs[at] != epoch:
            return ""
        value = f"{known.title} {known.series.values[at]:.4g}"
        if not self._smoothing:
            return value
        smooth = f"{known.series.smoothed(self._smoothing)[at]:.4g}"
        return self.tr("{value} (smoothed {smooth})").format(value=value, smooth=smooth)

    def _moved(self, given: tuple[QPointF]) -> None:
        view = self._plot.getViewBox()
        if not view.sceneBoundingRect().contains(given[0]):
            return
        x = float(view.mapSceneToView(given[0]).x())
        if self._minutes:
            at = self.series("val").at(x, minutes=True)
            x = math.nan if at is None else float(self.series("val").epochs[at])
        self._point(x if math.isfinite(x) else None)

    def _point(self, epoch: float | None) -> None:
        at = None if epoch is None else self._nearest(epoch)
        found = None if at is None else at[0]
        if found != self._hover:
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
        known = self.series("val") if len(self.series("val")) else self.series("train")
        last = len(known) - 1
        here = known.at(self._hover) if self._hover is not None else None
        key = event.key()
        moves = {
            Qt.Key.Key_Left: last if here is None else max(0, here - 1),
            Qt.Key.Key_Right: 0 if here is None else min(last, here + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        acts: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Escape: lambda: self._point(None),
            Qt.Key.Key_Plus: lambda: self._look(0.8),
            Qt.Key.Key_Minus: lambda: self._look(1.25),
            Qt.Key.Key_0: self.show_all,
        }
        if key in moves and last >= 0:
            self._point(float(known.epochs[moves[Qt.Key(key)]]))
        elif key in acts:
            acts[key]()
        else:
            super().keyPressEvent(event)

    def _look(self, factor: float) -> None:
        """Closer or further, around the epoch that is pointed at."""
        self._zoom()
        x = self._hover_line.value() if self._hover is not None else None
        self._plot.getViewBox().scaleBy(x=factor, center=None if x is None else QPointF(x, 0))

    # -- colours -------------------------------------------------------------------------------------------------

    def _pen(self, known: Drawn, width: float, alpha: int = 255) -> Any:
        colour = QColor(known.qcolour)
        colour.setAlpha(alpha)
        style = Qt.PenStyle.DashLine if known.dashed else Qt.PenStyle.SolidLine
        return pg.mkPen(colour, width=width, style=style)

    def _paint_curve(self, known: Drawn) -> None:
        known.line.setSymbolBrush(pg.mkBrush(known.qcolour))
        known.line.setSymbolPen(pg.mkPen(known.qcolour))
        known.stale = True

    def _name_curves(self) -> None:
        """The legend: what is shown, as long as that is few; the list beside it names the rest."""
        self._legend.clear()
        named = [known for known in self._curves.values() if known.visible and known.named]
        for known in named[:LEGEND_MOST]:
            self._legend.addItem(known.line, known.title)
        for items, title in self._bands.values():
            if title:
                self._legend.addItem(items[-1], title)
        colour, behind = look().tokens["muted"], look().colour("plot")
        behind.setAlpha(200)
        self._legend.setBrush(pg.mkBrush(behind))
        self._legend.setLabelTextColor(colour)
        for _, name in self._legend.items:
            name.setText(name.text, color=colour)  # names that are drawn already keep their colour otherwise

    def _fix_height(self) -> None:
        if self._top is not None and not self._log:
            self._plot.setYRange(0, self._top, padding=0.02)
        else:
            self._plot.enableAutoRange(axis="y")  # the height follows what is in sight

    def _paint_theme(self) -> None:
        colours = look()
        self._plot.setBackground(colours.tokens["plot"])
        text = colours.tokens["muted"]
        for side in ("left", "bottom"):
            axis: Any = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.tokens["grid"]))
            axis.setTextPen(pg.mkPen(text))
            axis.enableAutoSIPrefix(False)
        self._plot.showGrid(x=False, y=True, alpha=0.25)
        for known in self._curves.values():
            self._paint_curve(known)
        self._name_curves()
        self._best_line.setPen(pg.mkPen(colours.tokens["best"], width=1, style=Qt.PenStyle.DotLine))
        self._best_mark.setBrush(pg.mkBrush(colours.tokens["best"]))
        self._best_mark.setPen(pg.mkPen(colours.tokens["plot"]))
        self._best_text.setColor(colours.tokens["best"])
        self._hover_line.setPen(pg.mkPen(colours.tokens["control"], width=1))
        self._fix_height()
        self._later()
