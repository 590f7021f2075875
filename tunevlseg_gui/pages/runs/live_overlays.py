"""Other runs over the curves of one: a box for each to hide it or take it away; seeds of one recipe as a band."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QToolButton, QWidget

from engine.contract.errors import EngineError
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.errors.present import Notice, of_error
from tunevlseg_gui.pages.runs.other_runs import Curves, OtherRun, Spread, other_runs, read_curves, read_spread
from tunevlseg_gui.theme.icons import icon, swatch
from tunevlseg_gui.widgets.curve_plot import CurvePlot
from tunevlseg_gui.widgets.flow_layout import FlowLayout

COLOURS = ("#cc79a7", "#d55e00", "#56b4e9", "#8a6fd1", "#7f8c3a", "#8c6d5a")
"""Of labels and other runs, in turn; the run's own two are the theme's."""
MOST = 6


class LiveOverlays(QWidget):
    """Hidden while no other run is drawn. `plots`: Dice and loss, in this order."""

    notice = Signal(object)

    def __init__(self, plots: Sequence[CurvePlot], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("otherRuns")
        self._plots = dict(zip(("dice", "loss"), plots, strict=True))
        self._folder = Path()
        self._boxes: dict[str, QWidget] = {}
        self._rows = FlowLayout(self)
        self.choices: list[OtherRun] = []
        self.hide()

    def show_run(self, folder: Path) -> None:
        """Another run: what lay over the one before goes, what may lie over this one is looked for."""
        self._folder = folder
        for key in list(self._boxes):
            self.take_away(key)
        self.choices = []
        if folder != Path():
            self.look_for_runs()

    def look_for_runs(self) -> None:
        """Runs come and go while this one goes on."""
        folder = self._folder
        run_task(self, partial(other_runs, folder), lambda found: self._know(folder, found))

    def _know(self, folder: Path, found: list[OtherRun]) -> None:
        if folder == self._folder:
            self.choices = found

    @property
    def overlaid(self) -> list[str]:
        """Keys of what is drawn, hidden or not."""
        return list(self._boxes)

    def fill_menu(self, menu: QMenu) -> None:
        menu.clear()
        for run in self.choices:
            action = menu.addAction(self._title(run))
            action.setObjectName(f"other_{run.folder.name}{'_seeds' if run.seeds else ''}")
            action.setCheckable(True)
            action.setChecked(run.key in self._boxes)
            action.setEnabled(run.key in self._boxes or len(self._boxes) < MOST)
            action.toggled.connect(lambda on, run=run: self.overlay(run) if on else self.take_away(run.key))
        if not self.choices:
            menu.addAction(self.tr("There are no others with curves")).setEnabled(False)
        self.look_for_runs()

    def _title(self, run: OtherRun) -> str:
        return self.tr("{run}: {n} seeds").format(run=run.title, n=len(run.seeds)) if run.seeds else run.title

    # -- drawing -------------------------------------------------------------------------------------------------

    def overlay(self, run: OtherRun) -> None:
        """Draws another run over this one."""
        used = {box.property("colour") for box in self._boxes.values()}
        colour = next((free for free in COLOURS if free not in used), COLOURS[0])
        self._boxes[run.key] = made = self._box(run, colour)
        self._rows.addWidget(made)
        self.show()
        here = self._folder
        read = partial(read_spread, run.seeds) if run.seeds else partial(read_curves, run.folder)
        run_task(
            self, read, lambda found: self._draw(here, run, colour, found), lambda error: self._cannot(here, run, error)
        )

    def _cannot(self, here: Path, run: OtherRun, error: Exception) -> None:
        """A box of what is not drawn would say that it is."""
        if here == self._folder:
            self.take_away(run.key)
        self.notice.emit(of_error(error) if isinstance(error, EngineError) else Notice(str(error), "", "danger"))

    def _draw(self, here: Path, run: OtherRun, colour: str, found: Curves | Spread) -> None:
        if here != self._folder or run.key not in self._boxes:
            return
        for what, plot in self._plots.items():
            if isinstance(found, Spread):
                self._draw_spread(plot, run, colour, found, f"val_{what}")
            else:
                self._draw_run(plot, run, colour, found, what)
        box = self._boxes[run.key].findChild(QCheckBox)
        if box is not None and not box.isChecked():
            self.set_shown(run.key, False)  # hidden again before it was read

    def _draw_run(self, plot: CurvePlot, run: OtherRun, colour: str, curves: Curves, what: str) -> None:
        for split, dashed in (("train", True), ("val", False)):
            name = f"{split}_{what}"
            if name in curves.columns:
                title = run.title if split == "val" else self.tr("{run}, training").format(run=run.title)
                series = plot.add_curve(f"{run.key}:{split}", title, colour, dashed=dashed, named=split == "val")
                series.fill(curves.epochs, curves.columns[name], curves.minutes)

    def _draw_spread(self, plot: CurvePlot, run: OtherRun, colour: str, found: Spread, name: str) -> None:
        if name not in found.mean:
            return
        plot.add_band(run.key, self.tr("lowest to highest"), colour).fill(
            found.epochs, found.low[name], found.high[name], found.minutes
        )
        title = self.tr("Mean of {n} seeds").format(n=len(run.seeds))
        series = plot.add_curve(f"{run.key}:val", title, colour)
        series.fill(found.epochs, found.mean[name], found.minutes)

    # -- boxes ---------------------------------------------------------------------------------------------------

    def _box(self, run: OtherRun, colour: str) -> QWidget:
        title = self._title(run)
        made = QWidget()
        made.setProperty("colour", colour)
        box = QCheckBox(title)
        box.setObjectName(f"overlaid_{run.folder.name}")
        box.setIcon(swatch(colour))
        box.setChecked(True)
        box.setAccessibleName(self.tr("Show the curves of {run}").format(run=title))
        box.toggled.connect(lambda on: self.set_shown(run.key, on))
        away = QToolButton()
        away.setObjectName(f"takeAway_{run.folder.name}")
        away.setProperty("role", "flat")
        away.setIcon(icon("close", "muted"))
        away.setFocusPolicy(box.focusPolicy())
        away.setAccessibleName(self.tr("Take {run} away").format(run=title))
        away.setToolTip(away.accessibleName())
        away.clicked.connect(lambda: self.take_away(run.key))
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(2)
        row.addWidget(box)
        row.addWidget(away)
        return made

    def set_shown(self, key: str, on: bool) -> None:
        for plot in self._plots.values():
            for curve in _curves_of(plot, key):
                plot.set_visible(curve, on)
            if key in plot.bands:
                plot.set_band_visible(key, on)

    def take_away(self, key: str) -> None:
        box = self._boxes.pop(key, None)
        if box is None:
            return
        self._rows.removeWidget(box)
        box.deleteLater()
        self.setVisible(bool(self._boxes))
        for plot in self._plots.values():
            for curve in _curves_of(plot, key):
                plot.remove_curve(curve)
            plot.remove_band(key)


def _curves_of(plot: CurvePlot, key: str) -> list[str]:
    return [curve for curve in plot.keys if curve.startswith(f"{key}:")]
