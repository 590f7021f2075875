"""One study: its plots in tabs, and what it can be told beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSplitter, QVBoxLayout, QWidget

from engine.contract.commands import Cancel, Pause, Resume
from engine.contract.errors import EngineError
from engine.contract.events import Event, JobFailed, JobStarted, Log
from engine.contract.jobs import Search
from engine.runs.studies import BEST_RECIPE, is_study
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_error, of_failure
from tunevlseg_gui.pages.experiments.live_trials import LiveTrials
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.side_panel import SidePanel
from tunevlseg_gui.pages.experiments.steer_dialogs import BanDialog, FreezeDialog, PointDialog, SteerDialog
from tunevlseg_gui.pages.experiments.steer_menu import steer_menu
from tunevlseg_gui.pages.experiments.steering import Steering
from tunevlseg_gui.pages.experiments.study_data import Study
from tunevlseg_gui.pages.experiments.study_reader import StudyReader
from tunevlseg_gui.pages.experiments.study_saving import StudySaving
from tunevlseg_gui.pages.experiments.study_tabs import StudyTabs
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import label

SOON_MS = 80
ROOM_FOR_HINT = 980


class StudyView(QWidget):
    notice = Signal(object)
    back_wanted = Signal()
    run_wanted = Signal(object)  # Path of a trial's run
    recipe_wanted = Signal(object)  # Path of the best recipe

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("studyView")
        self._client = client
        self.folder = Path()
        self.study: Study | None = None
        self.alive = False
        self.live = LiveTrials()
        self._unread = False
        self._failure: JobFailed | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._show_live)
        self.selection = Selection(self)
        self.steering = Steering(client, self)
        self.reader = StudyReader(client, self)
        self.side = SidePanel(self.selection, self.steering)
        self.header = PageHeader("")
        self.count = label("", "muted", name="studyCount")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(220)
        self.bar.setAccessibleName(self.tr("Finished trials"))
        self.hint = label(self.tr("Drag selects · Shift-drag moves · wheel zooms · right click steers"), "muted")
        self._make_buttons()
        self.tabs = StudyTabs(self.selection)
        self.saving = StudySaving(self.tabs, self)
        self._lay_out()
        self.tabs.menu_wanted.connect(self._menu)
        self.tabs.opened.connect(self._open_trial)
        self.saving.notice.connect(self.notice)
        self.reader.read.connect(self._take)
        self.reader.notice.connect(self.notice)
        self.steering.notice.connect(self.notice)
        self.steering.done.connect(self.reader.soon)
        self.side.point_wanted.connect(lambda values: self._ask(PointDialog, values))
        self.side.freeze_wanted.connect(lambda values: self._ask(FreezeDialog, values))
        self.side.ban_wanted.connect(lambda region: self._ask(BanDialog, region))
        self.side.trial_wanted.connect(self._open_trial)
        client.run_event.connect(self._heard)
        client.run_life.connect(self._life)

    def _make_buttons(self) -> None:
        self.back = button(self.tr("All searches"), "studyBack", self.back_wanted.emit, role="flat", picture="back")
        self.pause = button(self.tr("Pause"), "studyPause", self._pause, picture="pause")
        self.stop = button(
            self.tr("Stop"), "studyStop", self._stop, picture="stop", tip=self.tr("Its trials stay; Resume goes on")
        )
        self.resume = button(self.tr("Resume"), "studyResume", self.start, role="primary", picture="resume")
        self.use = button(
            self.tr("Use the best"),
            "studyBest",
            lambda: self.recipe_wanted.emit(self.folder / BEST_RECIPE),
            picture="tune",
            tip=self.tr("Its settings on the Tune page"),
        )
        self.save = button(
            self.tr("Save as…"), "studySave", lambda: self.saving.open_menu(self.save), role="flat", picture="export"
        )
        self.command = command_button(
            "studyCommand", self.tr("Show the command"), lambda: Search(folder=str(self.folder)) if self.study else None
        )

    def _lay_out(self) -> None:
        for made in (self.command, self.save, self.use, self.pause, self.stop, self.resume):
            self.header.add(made)
        line = QHBoxLayout()
        line.addWidget(self.back)
        line.addWidget(self.count)
        line.addWidget(self.bar)
        line.addStretch(1)
        line.addWidget(self.hint)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.tabs)
        split.addWidget(self.side)
        split.setStretchFactor(0, 1)
        split.setSizes([800, 330])
        split.setChildrenCollapsible(False)
        self.side.setMinimumWidth(270)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 8, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self.header)
        rows.addLayout(line)
        rows.addWidget(split, 1)

    # -- reading -------------------------------------------------------------------------------------------------

    def show_study(self, folder: Path) -> None:
        if folder != self.folder:
            if self.folder != Path():
                self._client.unwatch(self.folder)
            self.folder, self.study, self.alive = folder, None, False
            self.live = LiveTrials()
            self.side.show_running(self.live)
            self.tabs.forget()
            self.selection.clear()
            self.selection.look_at(None)
            self.header.set_title(folder.name)
            self.header.set_line(str(folder))
            self.count.setText(self.tr("Reading…"))
        self.steering.use(folder)
        self._client.watch(folder)
        self.reader.use(folder)
        self._offer()

    def wait_for(self, folder: Path) -> None:
        """A study whose worker was just asked for: read as soon as it is there."""
        self.reader.stop()
        if self.folder != Path():
            self._client.unwatch(self.folder)
        self.folder, self.study, self.alive = folder, None, True
        self.live = LiveTrials(phase="running", stage=self.tr("The worker starts, or waits for the device."))
        self.side.show_running(self.live)
        self.tabs.forget()
        self.selection.clear()
        self.selection.look_at(None)
        self.steering.use(folder)
        self.reader.folder = folder
        self.header.set_title(folder.name)
        self.header.set_line(str(folder))
        self.count.setText(self.tr("Waiting for its first words…"))
        self._client.watch(folder)
        self._offer()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if is_study(self.folder):
            self.reader.use(self.folder)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window how much is done counts more than the hint."""
        super().resizeEvent(event)
        self.hint.setVisible(event.size().width() >= ROOM_FOR_HINT)

    def hideEvent(self, event: QHideEvent) -> None:
        self.reader.stop()
        super().hideEvent(event)

    def _take(self, study: Study) -> None:
        self.study = study
        self.header.set_title(study.name)
        self.bar.setRange(0, max(1, study.asked))
        self.bar.setValue(min(study.asked, study.ended_trials))
        self._tell_count()
        self.saving.name = self.folder.name
        self.side.show_study(study)
        self.tabs.show_study(study)
        self._offer()

    def _tell_count(self) -> None:
        study = self.study
        if study is None:
            return
        words = [self.tr("{n} of {all} trials ended").format(n=f"{study.ended_trials:,}", all=f"{study.asked:,}")]
        at = study.row_of(study.best) if study.best is not None else None
        if at is not None:
            goal = study.objectives[0]
            best = self.tr("best {value}, trial {n}").format(value=goal.told(goal.values[at]), n=study.best)
            words.append(best)
        self.count.setText(" · ".join(words))

    def panel(self, name: str) -> Any:
        """The panel of a tab, brought to the front."""
        return self.tabs.panel(name)

    # -- live ----------------------------------------------------------------------------------------------------

    def _heard(self, folder: str, event: Event) -> None:
        if Path(folder) != self.folder:
            return
        if isinstance(event, Log):
            self.steering.heard(event.message)
        elif isinstance(event, JobStarted | JobFailed):
            self._failure = event if isinstance(event, JobFailed) else None
        self._unread = self.live.take(event) or self._unread
        if not self._soon.isActive():
            self._soon.start()

    def _show_live(self) -> None:
        """What came since; a study that is opened tells all its thousands of events at once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            self.notice.emit(of_failure(failure))
        if self._unread and (self.study is not None or is_study(self.folder)):
            self._unread = False
            self.reader.soon()
        self.side.show_running(self.live)
        self._offer()

    def _life(self, folder: str, alive: bool) -> None:
        if Path(folder) == self.folder:
            self.alive = alive
            if not alive:
                self.live.running = {}
                self.live.phase = "none" if self.live.phase == "running" else self.live.phase
                self.side.show_running(self.live)
                self.reader.soon()
            self._offer()

    def _offer(self) -> None:
        paused = bool(self.study and self.study.rules.get("paused"))
        done = bool(self.study and self.study.ended_trials >= self.study.asked)
        self.pause.setText(self.tr("Go on") if paused else self.tr("Pause"))
        self.pause.setAccessibleName(self.pause.text())
        self.pause.setEnabled(self.study is not None)
        self.stop.setVisible(self.alive)
        self.resume.setVisible(not self.alive)
        self.resume.setEnabled(self.study is not None and not done)
        self.resume.setToolTip(self.tr("All trials that were asked for have ended.") if done else "")
        self.use.setEnabled(bool(self.study and self.study.best is not None))

    # -- acting --------------------------------------------------------------------------------------------------

    def _pause(self) -> None:
        paused = bool(self.study and self.study.rules.get("paused"))
        self.steering.tell(Resume() if paused else Pause())

    def _stop(self) -> None:
        self._client.tell_study(self.folder, Cancel())

    def start(self) -> None:
        """Another worker of this computer goes on with it."""
        try:
            self._client.start_run(Search(folder=str(self.folder)))
        except EngineError as error:
            self.notice.emit(of_error(error))
            return
        self.notice.emit(None)
        self.alive = True
        self._client.watch(self.folder)
        self._offer()

    def _ask(self, cls: type[Any], values: Mapping[str, Any]) -> None:
        if self.study is None:
            return
        dialog: SteerDialog = cls(self.study, values, self.window())
        dialog.wanted.connect(self.steering.tell)
        dialog.open()

    def _menu(self, number: int | None, here: Mapping[str, Any], screen: QPoint) -> None:
        if self.study is None:
            return
        menu = steer_menu(self.study, self.selection, self.steering, self.side, number, here, self)
        if not menu.isEmpty():
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(screen)

    def _open_trial(self, number: int) -> None:
        at = self.study.row_of(number) if self.study is not None else None
        if self.study is not None and at is not None and self.study.rows[at]["run"]:
            self.run_wanted.emit(Path(str(self.study.rows[at]["run"])))
