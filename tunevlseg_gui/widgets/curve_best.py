"""The mark at the best epoch: a line, a dot on the curve, and the value in words."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.translation import translate


class BestMark:
    """Hidden until `place` is told where; its items belong to the plot that they are added to."""

    def __init__(self) -> None:
        self.line = pg.InfiniteLine(angle=90, movable=False)
        self.dot = pg.ScatterPlotItem(size=11, symbol="o")
        self.text = pg.TextItem(anchor=(0, 1))
        self._ratio = 1.0

    @property
    def items(self) -> tuple[Any, Any, Any]:
        return self.line, self.dot, self.text

    def hide(self) -> None:
        for item in self.items:
            item.hide()

    def place(self, x: float, y: float, words: tuple[int, float], view: list[list[float]], ratio: float = 1.0) -> None:
        """`x`, `y` and `view` ([left, right], [low, high]) in the plot's own numbers; `words`: epoch and value.

        `ratio`: pixels of the screen for one of the window.
        """
        if ratio != self._ratio:
            self._ratio = ratio
            self.paint_theme()
        for item in self.items:
            item.show()
        epoch, value = words
        self.line.setValue(x)
        self.dot.setData([x], [y])
        told = translate("BestMark", "best {value}, epoch {epoch}")
        self.text.setText(told.format(value=f"{value:.3f}", epoch=epoch))
        (left, right), (low, high) = view
        # The text goes to the side that has room.
        self.text.setAnchor((1, 1) if x > left + 0.6 * (right - left) else (0, 1))
        # Below a high curve, above a low one.
        share = 0.02 if y > (low + high) / 2 else 0.6
        self.text.setPos(x, low + share * (high - low))

    def paint_theme(self) -> None:
        tokens = look().tokens
        self.line.setPen(pg.mkPen(tokens["best"], width=self._ratio, style=Qt.PenStyle.DotLine))
        self.dot.setBrush(pg.mkBrush(tokens["best"]))
        self.dot.setPen(pg.mkPen(tokens["plot"]))
        self.text.setColor(tokens["best"])
