"""How much each setting explains of what good trials have in common (PED-ANOVA), as bars with their shares."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.plots.light_plot import LightPlot
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Study, title_of
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.text import label
from tunevlseg_gui.widgets.turns import painted_after
from tunevlseg_gui.widgets.veil import veil


class ImportancePanel(QWidget):
    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        del selection  # it is about all trials
        self.plots: list[QWidget] = [self]
        self.setObjectName("importancePlot")
        self.setAccessibleName(self.tr("Importance of the settings"))
        self.shares: dict[str, float] = {}
        self.study: Study | None = None
        self.words = label("", "muted", wrap=True, name="importanceWords")
        self.plot = LightPlot()
        self.axis = self.plot.axes_["left"]
        self.axis.setGrid(False)
        self.plot.box.setMouseEnabled(x=False, y=False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        veil(self.plot)
        self._shown: list[Any] = []
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.plot, 1)
        rows.addWidget(self.words)
        look().changed.connect(self._draw)

    def show_study(self, study: Study) -> None:
        self.study = study
        self.shares = dict(sorted(study.importances.items(), key=lambda pair: pair[1]))
        self.words.setText(
            self.tr(
                "Share of each setting in what tells good trials from the others (PED-ANOVA). It says how much a "
                "setting matters within the searched ranges, not in which direction."
            )
            if self.shares
            else self.tr("Nothing is said before four finished trials differ.")
            if study.figured
            else self.tr("Being worked out…")
        )
        painted_after(self.plot, self._draw)

    def _draw(self) -> None:
        tokens = look().tokens
        for gone in self._shown:
            self.plot.box.removeItem(gone)
        self.plot.setBackground(tokens["plot"])
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(tokens["grid"]))
            axis.setTextPen(pg.mkPen(tokens["text" if side == "left" else "muted"]))
        places = list(range(len(self.shares)))
        self.axis.setTicks([[(at, title_of(path)) for at, path in zip(places, self.shares, strict=True)]])
        bars = pg.BarGraphItem(
            x0=[0.0] * len(places), y=places, width=list(self.shares.values()), height=0.55,
            brush=pg.mkBrush(tokens["val"]), pen=pg.mkPen(None),
        )  # fmt: skip
        self._shown = [bars]
        for at, share in zip(places, self.shares.values(), strict=True):
            text = pg.TextItem(f"{100 * share:.0f} %", color=tokens["text"], anchor=(0, 0.5))
            text.setPos(share + 0.01, at)
            self._shown.append(text)
        for one in self._shown:
            self.plot.addItem(one)
        self.plot.box.setRange(
            xRange=(0, max([*self.shares.values(), 0.1]) * 1.15), yRange=(-0.7, len(places) - 0.3), padding=0
        )
        told = ", ".join(f"{title_of(path)} {100 * share:.0f} %" for path, share in reversed(self.shares.items()))
        self.setAccessibleDescription(told)
