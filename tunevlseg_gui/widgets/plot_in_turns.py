"""A plot whose making and drawing are turns of their own. Imports pyqtgraph: imported when the first is shown."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.turns import in_turn
from tunevlseg_gui.widgets.veil import unveil, veil


class PlotInTurns(QWidget):
    """The library takes longer for its parts than a frame lasts: the widget is there at once, `_plot` a turn later.

    Who derives from it gives `_make`, which returns a new plot, and `_draw`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: Any = None
        self._asked = False
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        look().changed.connect(self.redraw)
        in_turn(self, self._build)

    def redraw(self) -> None:
        """In a turn of its own, once for all that was asked meanwhile."""
        if not self._asked:
            self._asked = True
            in_turn(self, self._drawn_now)

    def _make(self) -> Any:
        raise NotImplementedError

    def _draw(self) -> None:
        raise NotImplementedError

    def _build(self) -> None:
        self._plot = self._make()
        veil(self._plot)  # until it is drawn: the library's own ground is black
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self._plot)

    def _drawn_now(self) -> None:
        self._asked = False
        self._draw()
        unveil(self._plot)
