"""Tournaments: a matrix is chosen, started, watched as a grid, and read as tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QProgressBar, QTabWidget, QVBoxLayout, QWidget

from engine.contract.commands import Cancel, Pause, Resume
from engine.contract.errors import EngineError
from engine.contract.events import Event, JobFailed, JobFinished, JobStarted
from engine.contract.jobs import Benchmark, ReadTournament
from engine.runs.folders import resources
from engine.runs.studies import MATRIX_FILE, is_study, list_tournaments, tournaments_folder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.pages.experiments.cell_grid import CellGrid
from tunevlseg_gui.pages.experiments.tournament_state import TournamentState
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.plain_table import PlainTable, text_cell
from tunevlseg_gui.widgets.text import label

SOON_MS = 80


@dataclass(frozen=True)
class Choice:
    """A matrix to choose: one that was begun (with its folder), a preset or a file."""

    matrix: Path
    folder: Path | None = None

    @property
    def words(self) -> str:
        return self.folder.name if self.folder else self.matrix.stem


class TournamentsTab(QWidget):
    notice = Signal(object)
    run_wanted = Signal(object)
    study_wanted = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tournamentsTab")
        self._client = client
        self._files: list[Path] = []
        self.state = TournamentState()
        self.alive = False
        self._unread = False
        self._failure: JobFailed | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._show_live)
        self._cost: Any = None
        self._reading = ""
        self.matrix = QComboBox()
        self.matrix.setObjectName("matrixChoice")
        self.matrix.setAccessibleName(self.tr("Matrix"))
        self.matrix.setMinimumWidth(220)
        self.start = button(self.tr("Start"), "tournamentStart", self._start, role="primary", picture="play")
        self.pause = button(self.tr("Pause"), "tournamentPause", self._pause, picture="pause")
        self.stop = button(
            self.tr("Stop"), "tournamentStop", self._stop, picture="stop", tip=self.tr("What is finished stays")
        )
        self.open = button(self.tr("Open this cell"), "openCell", lambda: self.grid.open_current(), picture="runs")
        self.write = button(
            self.tr("Write the tables"),
            "writeTables",
            self._write,
            picture="export",
            tip=self.tr("CSV, Markdown, LaTeX and HTML into its folder"),
        )
        self.command = command_button("tournamentCommand", self.tr("Show the command"), self._job)
        self.line = label("", "muted", wrap=True, name="tournamentLine")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Finished cells"))
        self.grid = CellGrid()
        self.scale = label("", "muted", name="gridScale")
        self.tabs = QTabWidget()
        self.tabs.setObjectName("tournamentTabs")
        self.tabs.setDocumentMode(True)
        self._lay_out()
        self.matrix.currentIndexChanged.connect(lambda _at: self._chosen())
        self.grid.opened.connect(self._open)
        self.grid.selectionModel().currentChanged.connect(lambda *_: self._offer())
        client.run_event.connect(self._heard)
        client.run_life.connect(self._life)
        self._offer()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(self.tr("Matrix"), "muted"))
        head.addWidget(self.matrix)
        head.addWidget(button(self.tr("File…"), "matrixFile", self._choose_file, picture="folder"))
        head.addStretch(1)
        for made in (self.command, self.write, self.pause, self.stop, self.start):
            head.addWidget(made)
        place = QWidget()
        inner = QVBoxLayout(place)
        inner.setContentsMargins(0, 10, 0, 0)
        inner.addWidget(self.grid, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.scale, 1)
        foot.addWidget(self.open)
        inner.addLayout(foot)
        self.tabs.addTab(place, self.tr("Grid"))
        self._cost_place = QWidget()
        QVBoxLayout(self._cost_place).setContentsMargins(0, 0, 0, 0)
        self.tabs.addTab(self._cost_place, self.tr("Pareto"))
        self.tabs.currentChanged.connect(lambda _at: self._show_cost())
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 12, 0, 0)
        rows.setSpacing(8)
        rows.addLayout(head)
        rows.addWidget(self.line)
        rows.addWidget(self.bar)
        rows.addWidget(self.tabs, 1)

    # -- choosing ------------------------------------------------------------------------------------------------

    def came_to_front(self) -> None:
        run_task(self, lambda: _choices(self._files), self._offer_choices)

    def _offer_choices(self, choices: list[Choice]) -> None:
        kept = self.matrix.currentData()
        self.matrix.blockSignals(True)
        self.matrix.clear()
        for one in choices:
            words = one.words if one.folder else self.tr("{name} (new)").format(name=one.words)
            self.matrix.addItem(words, one)
        known = [self.matrix.itemData(at) for at in range(self.matrix.count())]
        self.matrix.setCurrentIndex(known.index(kept) if kept in known else 0)
        self.matrix.blockSignals(False)
        if self.matrix.currentData() != kept or not self.state.name:
            self._chosen()

    def choose(self, matrix: Path) -> None:
        """A matrix from a file."""
        if matrix not in self._files:
            self._files.append(matrix)
        self.matrix.addItem(matrix.stem, Choice(matrix))
        self.matrix.setCurrentIndex(self.matrix.count() - 1)

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a matrix"), "", self.tr("Matrix (*.yaml *.yml)"))
        if chosen:
            self.choose(Path(chosen))

    def _chosen(self) -> None:
        if self.state.folder:
            self._client.unwatch(Path(self.state.folder))
        self.state, self.alive = TournamentState(), False
        self._show()
        self._read()

    def _read(self) -> None:
        """At once what is known; then also which waiting cells are impossible."""
        choice: Choice | None = self.matrix.currentData()
        if choice is None:
            return
        for foresee in (False, True):
            job = ReadTournament(str(choice.matrix), str(choice.folder or ""), foresee)
            self._reading = self._client.submit(job, partial(self._answered, choice))

    def _answered(self, choice: Choice, event: Event) -> None:
        if choice != self.matrix.currentData():
            return
        match event:
            case JobFinished(result=result):
                first = not self.state.name
                self.state = TournamentState.of(result).goes_on_from(self.state)
                if first:
                    self._client.watch(Path(self.state.folder))
                self._show()
                self._show_tables()
            case JobFailed() as failure:
                self.notice.emit(of_failure(failure))

    # -- showing -------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        state = self.state
        self.grid.values.show_state(state)
        ends = self.grid.values.range()
        self.scale.setText(
            self.tr("Dark: Dice {low:.3f}, light: {high:.3f}. Hatched: impossible. Hover tells why.").format(
                low=ends[0], high=ends[1]
            )
            if ends
            else self.tr("Hatched: impossible. Hover tells why.")
        )
        total = len(state.cells)
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(state.ended)
        phases = {
            "running": self.tr("running"), "paused": self.tr("paused"), "finished": self.tr("finished"),
            "cancelled": self.tr("stopped"), "failed": self.tr("failed"),
        }  # fmt: skip
        words = [self.tr("{n} of {all} cells").format(n=state.ended, all=total), phases.get(state.phase, "")]
        words += [state.stage if self.alive else "", state.budget]
        self.line.setText(" · ".join(word for word in words if word))
        self._offer()

    def _show_tables(self) -> None:
        """A tab for each table behind the first two."""
        kept = self.tabs.currentIndex()
        while self.tabs.count() > 2:
            gone = self.tabs.widget(2)
            self.tabs.removeTab(2)
            gone.deleteLater()
        for at, shown in enumerate(self.state.shown):
            if not shown["rows"]:
                continue
            place = QWidget()
            rows = QVBoxLayout(place)
            rows.setContentsMargins(0, 10, 0, 0)
            table = PlainTable(f"results_{at}", str(shown["title"]), sorts=False)
            table.show_rows(shown["head"], [([text_cell(str(one)) for one in row], None) for row in shown["rows"]])
            rows.addWidget(table, 1)
            rows.addWidget(label(str(shown["note"]), "muted", wrap=True))
            self.tabs.addTab(place, str(shown["title"]))
        self.tabs.setCurrentIndex(kept if kept < self.tabs.count() else 0)
        self._show_cost()

    def _show_cost(self) -> None:
        if self.tabs.currentIndex() != 1:
            return
        if self._cost is None:
            from tunevlseg_gui.pages.experiments.plots.cost_plot import CostPlot

            self._cost = CostPlot()
            self._cost_place.layout().addWidget(self._cost)
        self._cost.show_points(self.state.front)

    def _offer(self) -> None:
        known, done = bool(self.state.name), bool(self.state.name) and self.state.ended == len(self.state.cells)
        begun = any(cell.state in ("done", "failed") for cell in self.state.cells)
        self.start.setVisible(not self.alive)
        self.start.setText(self.tr("Resume") if begun else self.tr("Start"))
        self.start.setAccessibleName(self.start.text())
        failed = any(cell.state == "failed" for cell in self.state.cells)
        self.start.setEnabled(known and (not done or failed))
        self.pause.setVisible(self.alive)
        self.pause.setText(self.tr("Go on") if self.state.phase == "paused" else self.tr("Pause"))
        self.stop.setVisible(self.alive)
        self.write.setEnabled(begun)
        self.command.setEnabled(known)
        self.open.setEnabled(bool(self.grid.current_run()))

    # -- acting --------------------------------------------------------------------------------------------------

    def _job(self) -> Benchmark | None:
        choice: Choice | None = self.matrix.currentData()
        return Benchmark(str(choice.matrix), self.state.folder) if choice and self.state.folder else None

    def _start(self) -> None:
        job = self._job()
        if job is None:
            return
        try:
            self._client.start_run(job)
        except EngineError as error:
            self.notice.emit(of_error(error))
            return
        self.notice.emit(None)
        self.alive = True
        self.state.phase, self.state.stage = "running", self.tr("The worker starts, or waits for the device.")
        self._client.watch(Path(self.state.folder))
        self._show()

    def _pause(self) -> None:
        paused = self.state.phase == "paused"
        self._client.tell_study(Path(self.state.folder), Resume() if paused else Pause())

    def _stop(self) -> None:
        self._client.tell_study(Path(self.state.folder), Cancel())

    def _write(self) -> None:
        choice: Choice | None = self.matrix.currentData()
        if choice is not None:
            job = Benchmark(str(choice.matrix), self.state.folder, only_tables=True)
            self._client.submit(job, self._written)

    def _written(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                names = ", ".join(Path(str(path)).name for path in result["tables"].values())
                self.notice.emit(Notice(self.tr("Written: {names}").format(names=names), str(result["folder"]), "good"))
            case JobFailed() as failure:
                self.notice.emit(of_failure(failure))

    def _open(self, run: str) -> None:
        (self.study_wanted if is_study(Path(run)) else self.run_wanted).emit(Path(run))

    def _heard(self, folder: str, event: Event) -> None:
        if not self.state.folder or Path(folder) != Path(self.state.folder):
            return
        if isinstance(event, JobStarted | JobFailed):
            self._failure = event if isinstance(event, JobFailed) else None
        self._unread = self.state.take(event) or self._unread
        if not self._soon.isActive():
            self._soon.start()

    def _show_live(self) -> None:
        """What came since; a tournament that is chosen tells all its events at once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            self.notice.emit(of_failure(failure))
        if self._unread and self.alive:
            self._unread = False
            self._read()
        self._show()

    def _life(self, folder: str, alive: bool) -> None:
        if self.state.folder and Path(folder) == Path(self.state.folder):
            self.alive = alive
            if not alive:
                self._read()
            self._show()


def _choices(files: list[Path]) -> list[Choice]:
    """Those that were begun, then the presets and the files."""
    presets = sorted((resources() / "presets" / "benchmarks").glob("*.yaml"), key=lambda path: path.stem != "small")
    begun = [Choice(folder / MATRIX_FILE, folder) for folder in list_tournaments(tournaments_folder())]
    there = {choice.words for choice in begun}
    return [*begun, *(Choice(path) for path in [*presets, *files] if path in files or path.stem not in there)]
