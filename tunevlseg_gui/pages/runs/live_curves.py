"""The curves of a run: Dice and loss of both splits and of each label, and what lies over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QSplitter, QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from tunevlseg_gui.errors.present import Notice, of_error
from tunevlseg_gui.pages.runs.live_controls import CurveControls
from tunevlseg_gui.pages.runs.live_overlays import COLOURS, LiveOverlays
from tunevlseg_gui.pages.runs.other_runs import Curves
from tunevlseg_gui.widgets.curve_data import Series
from tunevlseg_gui.widgets.curve_export import export_curves
from tunevlseg_gui.widgets.curve_plot import CurvePlot
from tunevlseg_gui.widgets.saved_name import saved_name
from tunevlseg_gui.widgets.text import card

LOW, WIDE = 420, 560
"""Pixels: a place lower than the first and wider than the second has the plots beside each other."""


class LiveCurves(QWidget):
    """Curves are fed by `put` epoch by epoch, or by `fill` with all that is known."""

    notice = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("liveCurves")
        self.folder = Path()
        self._clock = Series()
        self._labels: list[str] = []
        self._smoothing = 0.0
        self.dice = CurvePlot(self.tr("Dice"), "dicePlot", top=1.0)
        self.loss = CurvePlot(self.tr("Loss"), "lossPlot")
        self.plots = (self.dice, self.loss)
        self.dice.hovered.connect(self.loss.show_hover)
        self.loss.hovered.connect(self.dice.show_hover)
        tip = self.tr("Wheel or + and -: look closer. Double click or 0: all epochs. Arrow keys: values of an epoch.")
        for plot in self.plots:
            plot.setToolTip(tip)
            plot.setAccessibleDescription(tip)
        self.controls = CurveControls()
        self.overlays = LiveOverlays(self.plots)
        self.overlays.notice.connect(self.notice)
        self.controls.smoothed.connect(self._smooth)
        self.controls.over_minutes.connect(lambda on: [plot.set_minutes(on) for plot in self.plots])
        self.controls.log.toggled.connect(self.loss.set_log)
        self.controls.runs.menu().aboutToShow.connect(lambda: self.overlays.fill_menu(self.controls.runs.menu()))
        self.controls.export_wanted.connect(self._ask_where)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self.controls)
        rows.addWidget(self.overlays)
        rows.addWidget(self._framed(), 1)

    def _framed(self) -> QWidget:
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        for plot in self.plots:
            framed = card()
            rows = QVBoxLayout(framed)
            rows.setContentsMargins(8, 6, 8, 2)
            rows.addWidget(plot)
            self._split.addWidget(framed)
        return self._split

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low = self.height() < LOW and self.width() > WIDE
        self._split.setOrientation(Qt.Orientation.Horizontal if low else Qt.Orientation.Vertical)

    # -- the run -------------------------------------------------------------------------------------------------

    def show_run(self, folder: Path) -> None:
        """Another run: everything drawn is put away."""
        self.folder = folder
        self._clock.clear()
        self._labels = []
        self.overlays.show_run(folder)
        for plot in self.plots:
            plot.clear()
        self._fill_shown()

    def put(self, epoch: int, metrics: dict[str, float]) -> None:
        """One more epoch; later ones of an interrupted attempt give way."""
        self._know_labels(metrics)
        minutes = self._minutes(epoch, metrics.get("seconds"))
        labelled = {name: metrics.get(name) for name in self.dice.keys if "[" in name}
        self.dice.put(epoch, minutes, train=metrics.get("train_dice"), val=metrics.get("val_dice"), **labelled)
        self.loss.put(epoch, minutes, train=metrics.get("train_loss"), val=metrics.get("val_loss"))

    def fill(self, rows: Sequence[dict[str, float]]) -> None:
        """All epochs that are known, ascending, in place of what was there."""
        if not rows:
            return
        self._know_labels(rows[-1])
        curves = Curves.of(rows)
        self._clock.fill(curves.epochs, curves.minutes * 60, curves.minutes)
        for plot, what in ((self.dice, "dice"), (self.loss, "loss")):
            for key in plot.keys:
                name = f"{key}_{what}" if key in ("train", "val") else key
                if name in curves.columns:
                    plot.series(key).fill(curves.epochs, curves.columns[name], curves.minutes)
                    plot.grew(key)

    def mark_best(self, epoch: int, dice: float) -> None:
        self.dice.mark_best(epoch, dice)

    def _minutes(self, epoch: int, seconds: float | None) -> float:
        self._clock.put(epoch, None)
        before = float(self._clock.values[-1]) if len(self._clock) else 0.0
        total = before + (seconds or 0.0)
        self._clock.put(epoch, total)
        return total / 60

    def _know_labels(self, metrics: dict[str, float]) -> None:
        """Curves of each label, hidden at first; one label alone is what the mean shows already."""
        found = [name[len("val_dice[") : -1] for name in metrics if name.startswith("val_dice[") and name.endswith("]")]
        if found == self._labels or len(found) < 2:
            return
        self._labels = found
        for at, name in enumerate(found):
            colour = COLOURS[at % len(COLOURS)]
            train = self.tr("{label}, training").format(label=name)
            self.dice.add_curve(f"train_dice[{name}]", train, colour, dashed=True, visible=False)
            self.dice.add_curve(f"val_dice[{name}]", name, colour, visible=False)
        self._fill_shown()

    # -- which curves --------------------------------------------------------------------------------------------

    def _fill_shown(self) -> None:
        menu = self.controls.shown.menu()
        menu.clear()
        for split, title in (("train", self.tr("Training")), ("val", self.tr("Validation"))):
            self._switch(menu, title, split, [(plot, split) for plot in self.plots], on=self.dice.visible(split))
        if self._labels:
            menu.addSeparator()
        for name in self._labels:
            keys = [(self.dice, f"{split}_dice[{name}]") for split in ("train", "val")]
            self._switch(menu, self.tr("Dice of {label}").format(label=name), name, keys, on=False)

    def _switch(self, menu: QMenu, title: str, name: str, keys: list[tuple[CurvePlot, str]], *, on: bool) -> QAction:
        action = QAction(title, menu)
        action.setObjectName(f"show_{name}")
        action.setCheckable(True)
        action.setChecked(on)
        action.toggled.connect(lambda on: [plot.set_visible(key, on) for plot, key in keys])
        menu.addAction(action)
        return action

    def _smooth(self, weight: float) -> None:
        self._smoothing = weight
        for plot in self.plots:
            plot.set_smoothing(weight)

    # -- files ---------------------------------------------------------------------------------------------------

    def _ask_where(self, kind: str) -> None:
        suggested = str(Path.home() / f"{self.folder.name}-curves.{kind}")
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export the curves"), suggested, f"{kind.upper()} (*.{kind})"
        )
        if chosen:
            self.export_to(chosen, kind)

    def export_to(self, chosen: str, kind: str) -> None:
        """Writes what is shown as csv, png or svg."""
        try:
            path = saved_name(chosen, f".{kind}")
            export_curves(self.plots, path, self._smoothing)
        except EngineError as error:
            self.notice.emit(of_error(error))
        else:
            self.notice.emit(Notice(self.tr("The curves are in {path}.").format(path=path), "", "good"))
