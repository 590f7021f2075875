"""A plot that is made in turns is plain until it has been drawn."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.plot_in_turns import PlotInTurns


def colour_in(view: QWidget) -> str:
    """What stands on the screen in the middle of it."""
    shot = view.screen().grabWindow(view.winId()).toImage()
    return shot.pixelColor(shot.rect().center()).name()


class Green(PlotInTurns):
    def _make(self) -> pg.PlotWidget:
        return pg.PlotWidget()

    def _draw(self) -> None:
        self._plot.setBackground("#00ff00")


def test_it_is_never_black(qtbot: QtBot) -> None:
    made = Green()
    qtbot.addWidget(made)
    made.resize(300, 200)
    with qtbot.waitExposed(made):
        made.show()
    ground = look().tokens["plot"].lower()
    assert ground != "#000000"
    qtbot.waitUntil(lambda: made._plot is not None)
    qtbot.waitUntil(lambda: colour_in(made) == ground)
    made.redraw()
    qtbot.waitUntil(lambda: colour_in(made) == "#00ff00")
