"""Pointing at an epoch of curves, by mouse or keys: where the line stands, and which epoch a key leads to."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pyqtgraph as pg
from PySide6.QtCore import Qt

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.curve_data import Series
from tunevlseg_gui.widgets.curve_line import CurveLine

MOVES = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)


class CurvePointer:
    """`epoch`: what is pointed at, None where nothing is; `line` belongs to the plot that it is added to."""

    def __init__(self) -> None:
        self.epoch: float | None = None
        self.line = pg.InfiniteLine(angle=90, movable=False)
        self.line.hide()

    def point(self, epoch: float | None, at: tuple[float, float] | None, *, minutes: bool) -> None:
        """`at`: the epoch that is nearest to it and its minutes; None: there is none, nothing is shown."""
        self.epoch = epoch
        self.line.setVisible(at is not None)
        if at is not None:
            self.line.setValue(at[1] if minutes else at[0])

    def paint_theme(self) -> None:
        self.line.setPen(pg.mkPen(look().tokens["control"], width=1))


def nearest(curves: Iterable[CurveLine], epoch: float) -> tuple[float, float] | None:
    """The epoch nearest to `epoch` of the first curve that is shown and has any, and its minutes."""
    for known in curves:
        at = known.series.at(epoch) if known.visible else None
        if at is not None:
            return float(known.series.epochs[at]), float(known.series.minutes[at])
    return None


def epoch_at_minutes(series: Series, minutes: float) -> float | None:
    at = series.at(minutes, minutes=True)
    return None if at is None else float(series.epochs[at])


def moved(series: Series, here: float | None, key: int) -> float | None:
    """The epoch that one of MOVES leads to from `here`; None where there are no epochs."""
    last = len(series) - 1
    if last < 0:
        return None
    at = None if here is None else series.at(here)
    places = {
        Qt.Key.Key_Left: last if at is None else max(0, at - 1),
        Qt.Key.Key_Right: 0 if at is None else min(last, at + 1),
        Qt.Key.Key_Home: 0,
        Qt.Key.Key_End: last,
    }
    return float(series.epochs[places[Qt.Key(key)]])


def when(epoch: float, minutes: float) -> str:
    """An epoch in words, with its minutes where they are known."""
    told = translate("CurvePointer", "Epoch {epoch}").format(epoch=int(epoch))
    if not math.isfinite(minutes):
        return told
    return translate("CurvePointer", "{head}, {minutes} min").format(head=told, minutes=f"{minutes:.1f}")
