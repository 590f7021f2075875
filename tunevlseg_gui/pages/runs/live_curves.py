"""The curves of a run: Dice and loss of both splits and of each label, other runs over them, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QSlider,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.contract.errors import EngineError
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.errors.present import Notice, of_error
from tunevlseg_gui.pages.runs.other_runs import Curves, OtherRun, other_runs, read_curves
from tunevlseg_gui.theme.icons import icon, swatch
from tunevlseg_gui.widgets.curve_data import Series
from tunevlseg_gui.widgets.curve_export import KINDS, export_curves
from tunevlseg_gui.widgets.curve_plot import CurvePlot
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.text import card, label

COLOURS = ("#cc79a7", "#d55e00", "#56b4e9", "#8a6fd1", "#7f8c3a", "#8c6d5a")
"""Of labels and other runs, in turn; the run's own two are the theme's."""
MOST_RUNS = 6
FINEST = 100


class LiveCurves(QWidget):
    """Curves are fed by `put` epoch by epoch, or by `fill` with all that is known."""

    notice = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("liveCurves")
        self.folder = Path()
        self._clock = Series()
        self._labels: list[str] = []
        self._others: dict[Path, QWidget] = {}
        self._choices: list[OtherRun] = []
        self._smoothing = 0.0
        self.dice = CurvePlot(self.tr("Dice"), "dicePlot", top=1.0, rises=True)
        self.loss = CurvePlot(self.tr("Loss"), "lossPlot")
        self.plots = (self.dice, self.loss)
        self.dice.hovered.connect(self.loss.show_hover)
        self.loss.hovered.connect(self.dice.show_hover)
        tip = self.tr("Wheel or + and -: look closer. Double click or 0: all epochs. Arrow keys: values of an epoch.")
        for plot in self.plots:
            plot.setToolTip(tip)
            plot.setAccessibleDescription(tip)
        self._overlay = QWidget()
        self._overlay.setObjectName("otherRuns")
        self._overlay_rows = FlowLayout(self._overlay)
        self._overlay.hide()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addLayout(self._controls())
        rows.addWidget(self._overlay)
        rows.addWidget(self._framed(), 1)

    # -- building ------------------------------------------------------------------------------------------------

    def _controls(self) -> QHBoxLayout:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setObjectName("curveSmoothing")
        self.smoothing.setAccessibleName(self.tr("Smoothing"))
        self.smoothing.setRange(0, FINEST - 1)
        self.smoothing.setMinimumWidth(80)
        self.smoothing.setMaximumWidth(160)
        average = self.tr("A moving average, as TensorBoard has it; the values as they are stay behind.")
        self.smoothing.setToolTip(average)
        self.smoothing.valueChanged.connect(self._smooth)
        self._weight = label("0.00", "muted")
        self.axis = QComboBox()
        self.axis.setObjectName("curveAxis")
        self.axis.setAccessibleName(self.tr("Over epochs or minutes"))
        self.axis.addItems([self.tr("Epochs"), self.tr("Minutes")])
        self.axis.currentIndexChanged.connect(lambda at: [plot.set_minutes(at == 1) for plot in self.plots])
        self.log = QCheckBox(self.tr("Log loss"))
        self.log.setObjectName("curveLog")
        self.log.toggled.connect(self.loss.set_log)
        self.shown = self._menu("curveShown", self.tr("Curves"))
        self.runs = self._menu("curveRuns", self.tr("Other runs"))
        self.runs.menu().aboutToShow.connect(self._fill_runs)
        self.save = self._menu("curveExport", self.tr("Export"))
        for kind in KINDS:
            action = self.save.menu().addAction(kind.upper())
            action.setObjectName(f"export_{kind}")
            action.triggered.connect(lambda _checked=False, kind=kind: self._ask_where(kind))
        row = QHBoxLayout()
        row.setSpacing(8)
        name = label(self.tr("Smoothing"), "muted")
        name.setBuddy(self.smoothing)
        for widget in (name, self.smoothing, self._weight, self.axis, self.log):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.shown, self.runs, self.save):
            row.addWidget(widget)
        return row

    def _menu(self, name: str, text: str) -> QToolButton:
        made = QToolButton()
        made.setObjectName(name)
        made.setText(text)
        made.setAccessibleName(text)
        made.setProperty("role", "menu")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(made)
        menu.setObjectName(f"{name}Menu")
        made.setMenu(menu)
        return made

    def _framed(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        for plot in self.plots:
            framed = card()
            rows = QVBoxLayout(framed)
            rows.setContentsMargins(8, 8, 8, 6)
            rows.addWidget(plot)
            split.addWidget(framed)
        return split

    # -- the run -------------------------------------------------------------------------------------------------

    def show_run(self, folder: Path) -> None:
        """Another run: everything drawn is put away."""
        self.folder = folder
        self._clock.clear()
        self._labels = []
        for other in list(self._others):
            self._take_away(other)
        for plot in self.plots:
            plot.clear()
        self._fill_shown()
        if folder != Path():
            run_task(self, partial(other_runs, folder), self._know_runs)

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
            self.dice.add_curve(f"train_dice[{name}]", train, colour, dashed=True)
            self.dice.add_curve(f"val_dice[{name}]", name, colour)
            for split in ("train", "val"):
                self.dice.set_visible(f"{split}_dice[{name}]", False)
        self._fill_shown()

    # -- which curves --------------------------------------------------------------------------------------------

    def _fill_shown(self) -> None:
        menu = self.shown.menu()
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

    def _smooth(self, place: int) -> None:
        self._smoothing = place / FINEST
        self._weight.setText(f"{self._smoothing:.2f}")
        for plot in self.plots:
            plot.set_smoothing(self._smoothing)

    # -- other runs ----------------------------------------------------------------------------------------------

    def _know_runs(self, found: list[OtherRun]) -> None:
        self._choices = found

    def _fill_runs(self) -> None:
        menu = self.runs.menu()
        menu.clear()
        for run in self._choices:
            action = menu.addAction(run.title)
            action.setCheckable(True)
            action.setChecked(run.folder in self._others)
            action.setEnabled(run.folder in self._others or len(self._others) < MOST_RUNS)
            action.toggled.connect(lambda on, run=run: self.overlay(run) if on else self._take_away(run.folder))
        if not self._choices:
            menu.addAction(self.tr("There are no others with curves")).setEnabled(False)

    @property
    def overlaid(self) -> list[Path]:
        """The other runs that are drawn, hidden or not."""
        return list(self._others)

    def overlay(self, run: OtherRun) -> None:
        """Draws another run over this one."""
        used = {box.property("colour") for box in self._others.values()}
        colour = next((free for free in COLOURS if free not in used), COLOURS[0])
        self._others[run.folder] = self._overlay_box(run, colour)
        self._overlay_rows.addWidget(self._others[run.folder])
        self._overlay.show()
        here = self.folder
        run_task(
            self,
            partial(read_curves, run.folder),
            lambda curves: self._draw_other(here, run, colour, curves),
            lambda error: self.notice.emit(
                of_error(error) if isinstance(error, EngineError) else Notice(str(error), "", "danger")
            ),
        )

    def _overlay_box(self, run: OtherRun, colour: str) -> QWidget:
        made = QWidget()
        made.setProperty("colour", colour)
        box = QCheckBox(run.title)
        box.setIcon(swatch(colour))
        box.setChecked(True)
        box.setAccessibleName(self.tr("Show the curves of {run}").format(run=run.title))
        box.toggled.connect(lambda on: self._show_other(run.folder, on))
        away = QToolButton()
        away.setProperty("role", "flat")
        away.setIcon(icon("close", "muted"))
        away.setAccessibleName(self.tr("Take {run} away").format(run=run.title))
        away.setToolTip(away.accessibleName())
        away.clicked.connect(lambda: self._take_away(run.folder))
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(2)
        row.addWidget(box)
        row.addWidget(away)
        return made

    def _draw_other(self, here: Path, run: OtherRun, colour: str, curves: Curves) -> None:
        if here != self.folder or run.folder not in self._others:
            return
        for plot, what in ((self.dice, "dice"), (self.loss, "loss")):
            for split, dashed in (("train", True), ("val", False)):
                name = f"{split}_{what}"
                if name not in curves.columns:
                    continue
                key = f"{run.folder}:{split}"
                title = run.title if split == "val" else self.tr("{run}, training").format(run=run.title)
                plot.add_curve(key, title, colour, dashed=dashed, named=split == "val")
                plot.series(key).fill(curves.epochs, curves.columns[name], curves.minutes)

    def _show_other(self, folder: Path, on: bool) -> None:
        for plot in self.plots:
            for key in self._keys_of(plot, folder):
                plot.set_visible(key, on)

    def _take_away(self, folder: Path) -> None:
        box = self._others.pop(folder, None)
        if box is None:
            return
        self._overlay_rows.removeWidget(box)
        box.deleteLater()
        self._overlay.setVisible(bool(self._others))
        for plot in self.plots:
            for key in self._keys_of(plot, folder):
                plot.remove_curve(key)

    @staticmethod
    def _keys_of(plot: CurvePlot, folder: Path) -> list[str]:
        return [key for key in plot.keys if key.startswith(f"{folder}:")]

    # -- files ---------------------------------------------------------------------------------------------------

    def _ask_where(self, kind: str) -> None:
        suggested = str(Path.home() / f"{self.folder.name}-curves.{kind}")
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export the curves"), suggested, f"{kind.upper()} (*.{kind})"
        )
        if chosen:
            path = Path(chosen)
            self.export_to(path if path.suffix.lower() == f".{kind}" else path.with_name(f"{path.name}.{kind}"))

    def export_to(self, path: Path) -> None:
        """Writes what is shown as the ending of `path` says."""
        try:
            export_curves(self.plots, path, self._smoothing)
        except EngineError as error:
            self.notice.emit(of_error(error))
        else:
            self.notice.emit(Notice(self.tr("The curves are in {path}.").format(path=path), "", "good"))
