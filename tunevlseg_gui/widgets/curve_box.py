"""Curves in a box with axes, growing by the epoch: what is drawn, and over what. Imports pyqtgraph.

What lies in the box is beside this file: `curve_line`, `curve_band`, `curve_best`, `curve_axes`. Titles, values and
keys come with `curve_plot`.
"""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.curve_axes import (
    EpochAxis,
    ValueAxis,
    epochs_shown,
    keep_as_pixels,
    minutes_shown,
    paint_axes,
)
from tunevlseg_gui.widgets.curve_band import CurveBand
from tunevlseg_gui.widgets.curve_best import BestMark
from tunevlseg_gui.widgets.curve_data import Series
from tunevlseg_gui.widgets.curve_line import CurveLine
from tunevlseg_gui.widgets.turns import in_turn
from tunevlseg_gui.widgets.veil import unveil, veil

REDRAW_MS = 100
"""At most ten redraws a second, however fast the epochs come."""
OWN = ("train", "val")


class CurveBox(QWidget):
    """Curves over epochs or minutes, `train` and `val` of one run and as many others as are added; bands; a mark at the
    best epoch.
    """

    def __init__(self, top: float | None = None, parent: QWidget | None = None) -> None:
        """`top`: the highest possible value, for a fixed axis (1 for Dice)."""
        super().__init__(parent)
        self._top = top
        self._best: tuple[int, float] | None = None
        self._smoothing, self._minutes, self._log = 0.0, False, False
        self._zoomed = False
        self._range: tuple[float, float] | None = None
        self._curves: dict[str, CurveLine] = {}
        self._bands: dict[str, CurveBand] = {}
        self._mark = BestMark()
        self._axis = EpochAxis("bottom")
        self._plot = self._made_plot()
        for item in self._mark.items:
            self._plot.addItem(item, ignoreBounds=True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        # Each plot in a turn of its own: two at once hold the window up twice as long.
        self._timer.timeout.connect(lambda: in_turn(self, self.redraw))
        look().changed.connect(self._paint_theme)

    def _made_plot(self) -> pg.PlotWidget:
        made = pg.PlotWidget(axisItems={"bottom": self._axis, "left": ValueAxis("left")})
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        made.setMenuEnabled(False)
        made.setMouseEnabled(x=True, y=False)
        made.hideButtons()
        made.setMinimumHeight(70)
        made.setClipToView(True)
        made.setDownsampling(auto=True, mode="peak")
        keep_as_pixels(made, True)
        view = made.getViewBox()
        view.setAutoVisible(y=True)
        view.sigRangeChangedManually.connect(lambda *_: self._zoom())
        return made

    # -- curves --------------------------------------------------------------------------------------------------

    def add_curve(
        self, key: str, title: str, colour: str, *, dashed: bool = False, named: bool = True, visible: bool = True
    ) -> Series:
        """Another curve, or an empty one in place of that of the same key; `named`: in the legend."""
        self.remove_curve(key)
        made = CurveLine(self._plot, title, colour, dashed=dashed, named=named, visible=visible)
        self._curves[key] = made
        self._names_changed()
        self._later()
        return made.series

    def remove_curve(self, key: str) -> None:
        known = self._curves.pop(key, None)
        if known is not None:
            known.remove()
            self._names_changed()
            self._later()

    @property
    def keys(self) -> list[str]:
        """Of the curves there are, shown or not."""
        return list(self._curves)

    def series(self, key: str) -> Series:
        """A curve's numbers; `grew(key)` draws what was added to them."""
        return self._curves[key].series

    def points(self, key: str) -> list[tuple[int, float]]:
        """A curve's values as they are, epoch by epoch."""
        known = self.series(key)
        return [(int(epoch), float(value)) for epoch, value in zip(known.epochs, known.values, strict=True)]

    def title_of(self, key: str) -> str:
        return self._curves[key].title

    def visible(self, key: str) -> bool:
        return self._curves[key].visible

    def set_visible(self, key: str, on: bool) -> None:
        self._curves[key].visible = on
        self._names_changed()
        self.grew(key)

    def grew(self, key: str) -> None:
        self._curves[key].stale = True
        self._later()

    def put(self, epoch: int, minutes: float = math.nan, **values: float | None) -> None:
        """One epoch's values of curves by key; later epochs of an interrupted attempt give way."""
        for key in {*OWN, *values} & set(self._curves):
            self.series(key).put(epoch, values.get(key), minutes)
            self.grew(key)

    def clear(self) -> None:
        """Forgets the run: its curves and what was added to them."""
        for key in [key for key in self._curves if key not in OWN]:
            self.remove_curve(key)
        for key in list(self._bands):
            self.remove_band(key)
        for known in self._curves.values():
            known.series.clear()
            known.stale = True
        self._best, self._zoomed, self._range = None, False, None
        # Painted by the next redraw, in a turn of its own, not together with all else that another run changes.
        veil(self._plot)
        self._later()

    # -- what lies beside them -----------------------------------------------------------------------------------

    @property
    def best(self) -> tuple[int, float] | None:
        return self._best

    def mark_best(self, epoch: int, value: float) -> None:
        self._best = (epoch, value)
        self._later()

    def add_band(self, key: str, title: str, colour: str) -> CurveBand:
        """A shaded range, to be filled, in place of that of the same key; `title` in the legend, empty: not there."""
        self.remove_band(key)
        self._bands[key] = made = CurveBand(title, colour)
        for item in made.items:
            self._plot.addItem(item)
        self._names_changed()
        self._later()
        return made

    def remove_band(self, key: str) -> None:
        known = self._bands.pop(key, None)
        if known is not None:
            for item in known.items:
                self._plot.removeItem(item)
            self._names_changed()

    @property
    def bands(self) -> list[str]:
        """Keys of the bands there are."""
        return list(self._bands)

    def set_band_visible(self, key: str, on: bool) -> None:
        self._bands[key].visible = on
        self._bands[key].stale = True
        self._names_changed()
        self._later()

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
        for known in (*self._curves.values(), *self._bands.values()):
            known.stale = True
        self._later()

    def _later(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def redraw(self) -> None:
        unveil(self._plot)
        ratio = self.devicePixelRatioF()
        for known in self._curves.values():
            if known.stale:
                known.draw(minutes=self._minutes, smoothing=self._smoothing, log=self._log, ratio=ratio)
        for band in self._bands.values():
            if band.stale:
                band.draw(minutes=self._minutes, log=self._log)
        self._fit()
        self._draw_best()

    def _fit(self) -> None:
        if self._zoomed:
            return
        ends = [
            float((known.series.minutes if self._minutes else known.series.epochs)[-1])
            for known in self._curves.values()
            if known.visible and len(known.series)
        ]
        last = max((end for end in ends if math.isfinite(end)), default=0.0)
        wanted = (minutes_shown if self._minutes else epochs_shown)(last)
        if wanted != self._range:
            self._range = wanted
            self._plot.setXRange(*wanted, padding=0.03)

    def _zoom(self) -> None:
        self._zoomed = True

    def _draw_best(self) -> None:
        place = self._place_of_best()
        if place is None or self._best is None:
            self._mark.hide()
        else:
            self._mark.place(*place, self._best, self._plot.getViewBox().viewRange(), self.devicePixelRatioF())

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

    # -- colours -------------------------------------------------------------------------------------------------

    def _names_changed(self) -> None:
        """Other curves are shown than before: for whoever names them."""

    def _fix_height(self) -> None:
        if self._top is not None and not self._log:
            self._plot.setYRange(0, self._top, padding=0.02)
        else:
            self._plot.enableAutoRange(axis="y")  # the height follows what is in sight

    def _paint_theme(self) -> None:
        paint_axes(self._plot)
        for part in (*self._curves.values(), *self._bands.values(), self._mark):
            part.paint_theme()
        self._names_changed()
        self._fix_height()
        self._later()
