"""Parallel coordinates: a line for each trial over all settings and the objective.

Lines are drawn off the window's thread into two pictures (the others, faint; the selected, coloured by the objective);
the window only lays them under the axes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.experiments.plots.parallel_axes import ParallelAxes
from tunevlseg_gui.pages.experiments.plots.parallel_item import BOTTOM, TOP, ParallelItem
from tunevlseg_gui.pages.experiments.plots.parallel_lines import lines, shades_of
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.steer_menu import asks_for_menu
from tunevlseg_gui.pages.experiments.study_data import Study
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.text import label

SOON_MS = 40


class ParallelPanel(QWidget):
    """Keys: ← → choose an axis, F turns it round, L makes it logarithmic or not, Escape selects all again."""

    menu_wanted = Signal(object, object, object)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("parallelPlot")
        self.setAccessibleName(self.tr("Parallel coordinates"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.selection = selection
        self.study: Study | None = None
        self.axes_ = ParallelAxes()
        self.item = ParallelItem(self.axes_, selection)
        self.view = pg.GraphicsView(self)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.view.setCentralItem(self.item)
        self.plots = [self]
        self._asked = self._done = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._render)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.view, 1)
        rows.addWidget(
            label(
                self.tr(
                    "Drag along an axis to select; a double click frees it. Click its name, or press F, to turn it, "
                    "L for a logarithm. The best lines stand out most."
                ),
                "muted",
                wrap=True,
            )
        )
        self.item.brushed.connect(lambda key, limits: selection.brush({key: limits}))
        self.item.flip_wanted.connect(self.flip)
        self.item.looked_at.connect(self._look_at)
        self.item.menu_asked.connect(self._menu_asked)
        selection.changed.connect(self._wait)
        selection.current_changed.connect(self.item.update)
        look().changed.connect(self._wait)

    @property
    def is_drawn(self) -> bool:
        """Whether the lines are those of what was shown last; they come from a thread of their own."""
        return not self._soon.isActive() and self._done == self._asked

    def show_study(self, study: Study) -> None:
        self.study = self.item.study = study
        self.axes_.use(study)
        self._wait()

    def flip(self, key: str) -> None:
        self.axes_.flipped ^= {key}
        self._wait()

    def turn_log(self, key: str) -> None:
        """Logarithmic or linear, where the values allow it."""
        column = next((one for one in self.axes_.columns if one.key == key), None)
        if column is not None and self.axes_.can_be_log(column):
            self.axes_.turned ^= {key}
            self._wait()

    def _look_at(self, row: int | None) -> None:
        self.selection.look_at(int(self.study.numbers[row]) if row is not None and self.study is not None else None)

    def _menu_asked(self, key: str | None, screen: QPoint) -> None:
        self.menu_wanted.emit(self.selection.current, {}, screen)

    def _wait(self) -> None:
        self.item.update()
        if self.isVisible():
            self._soon.start()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._soon.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        many = len(self.axes_.columns)
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if many and step is not None:
            self.item.marked = (self.item.marked + step) % many
            self.setAccessibleDescription(self.axes_.columns[self.item.marked].title)
            self.item.update()
        elif many and event.key() == Qt.Key.Key_F:
            self.flip(self.axes_.columns[self.item.marked].key)
        elif many and event.key() == Qt.Key.Key_L:
            self.turn_log(self.axes_.columns[self.item.marked].key)
        elif event.key() == Qt.Key.Key_Escape:
            self.selection.clear()
        elif asks_for_menu(event):
            self.menu_wanted.emit(self.selection.current, {}, self.mapToGlobal(self.rect().center()))
        else:
            super().keyPressEvent(event)

    def _render(self) -> None:
        study = self.study
        if study is None or not study.n:
            self.item.pictures = []
            self.view.setBackground(look().tokens["plot"])
            self.item.update()
            return
        self.view.setBackground(look().tokens["plot"])
        self._asked += 1
        item, size = self.item, self.item.size()
        units = np.column_stack([self.axes_.units(column) for column in self.axes_.columns])
        item.units = units
        xs = np.array([item.x_of(at) for at in range(units.shape[1])])
        ys = TOP + (1 - units) * (size.height() - TOP - BOTTOM)
        goal = study.objectives[0]
        shades = shades_of(goal.places, study.directions[0] == "maximize" if study.directions else True)
        work = partial(
            lines,
            xs, ys, self.selection.mask(study) & study.complete, shades, study.complete,
            (int(size.width()), int(size.height())), self.devicePixelRatioF(), look().tokens["muted"], look().dark,
        )  # fmt: skip
        run_task(self, work, partial(self._put, self._asked))

    def _put(self, asked: int, pictures: list[QImage]) -> None:
        self._done = asked
        if asked == self._asked:
            self.item.pictures = pictures
            self.item.update()
