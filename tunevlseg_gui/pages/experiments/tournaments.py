"""Tournaments: a matrix is chosen, started, watched as a grid, and read as tables."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.contract.commands import Cancel, Pause, Resume
from engine.contract.errors import EngineError
from engine.contract.events import Event, JobFailed, JobFinished, JobStarted
from engine.contract.jobs import Benchmark, ReadTournament
from engine.runs.studies import is_study
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import setting_title
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.pages.experiments.matrix_choice import Choice, choices
from tunevlseg_gui.pages.experiments.tournament_state import TournamentState
from tunevlseg_gui.pages.experiments.tournament_tabs import TournamentTabs
from tunevlseg_gui.translation import from_engine
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import label

SOON_MS = 80


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
        self.tabs = TournamentTabs()
        self._lay_out()
        self.matrix.currentIndexChanged.connect(lambda _at: self._chosen())
        self.tabs.opened.connect(self._open)
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
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 12, 0, 0)
        rows.setSpacing(8)
        rows.addLayout(head)
        rows.addWidget(self.line)
        rows.addWidget(self.bar)
        rows.addWidget(self.tabs, 1)

    # -- choosing ------------------------------------------------------------------------------------------------

    def came_to_front(self) -> None:
        run_task(self, lambda: choices(self._files), self._offer_choices)

    def _offer_choices(self, there: list[Choice]) -> None:
        kept = self.matrix.currentData()
        self.matrix.blockSignals(True)
        self.matrix.clear()
        for one in there:
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
        self.tabs.show_results()  # none: tables of the one before would stand under this name
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
                self.tabs.show_results()
            case JobFailed() as failure:
                self.notice.emit(of_failure(failure))

    # -- showing -------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        state = self.state
        self.tabs.show_state(state)
        total = len(state.cells)
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(state.ended)
        phases = {
            "running": self.tr("running"), "paused": self.tr("paused"), "finished": self.tr("finished"),
            "cancelled": self.tr("stopped"), "failed": self.tr("failed"),
        }  # fmt: skip
        words = [self.tr("{n} of {all} cells").format(n=state.ended, all=total), phases.get(state.phase, "")]
        words += [state.stage if self.alive else "", self._budget()]
        self.line.setText(" · ".join(word for word in words if word))
        self._offer()

    def _budget(self) -> str:
        """The settings that all cells share."""
        words = {True: self.tr("yes"), False: self.tr("no")}
        shared = self.state.budget.items()
        return ", ".join(
            f"{from_engine(setting_title(f'training.{key}'))}: {words[value] if isinstance(value, bool) else value}"
            for key, value in shared
        )

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
