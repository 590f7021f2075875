"""The Tune page: data → model → strategy → settings → review → start, each step usable from its defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.pages.tune.data_step import DataStep
from tunevlseg_gui.pages.tune.draft import Draft
from tunevlseg_gui.pages.tune.estimator import Estimator
from tunevlseg_gui.pages.tune.intake import Intake
from tunevlseg_gui.pages.tune.launch import Launch
from tunevlseg_gui.pages.tune.model_step import ModelStep
from tunevlseg_gui.pages.tune.outlook import Outlook, Seen
from tunevlseg_gui.pages.tune.panels import hang_in
from tunevlseg_gui.pages.tune.review_step import ReviewStep
from tunevlseg_gui.pages.tune.settings_step import SettingsStep
from tunevlseg_gui.pages.tune.strategy_step import StrategyStep
from tunevlseg_gui.pages.tune.walk import Walk
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.project import Project
from tunevlseg_gui.weights.store import WeightStore
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.sight import bring_into_sight

DATA, MODEL, STRATEGY, SETTINGS, REVIEW = range(5)


class TunePage(QWidget):
    notice = Signal(object)
    run_started = Signal(object)  # Path of the run folder
    search_wanted = Signal(object)  # Path of a recipe: many runs of it in place of one
    data_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, client: EngineClient, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tunePage")
        self._client = client
        self.wizard = Wizard(client, project, self)
        self._told_of_weights = False
        self._outlook = Outlook(client, self)
        self._estimator = Estimator(client, self.wizard.figures, self)
        self.data_step = DataStep(self.wizard)
        self.model_step = ModelStep(self.wizard)
        self.strategy_step = StrategyStep(self.wizard)
        self.settings_step = SettingsStep(self.wizard)
        self.review_step = ReviewStep(self.wizard)
        steps = (self.data_step, self.model_step, self.strategy_step, self.settings_step, self.review_step)
        hang_in(self.wizard, {step.name: step for step in steps})
        self.walk = Walk(steps)
        self.intake = Intake(self.wizard, self)
        self.launch = Launch(self.wizard, self.review_step, self)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(14)
        rows.addWidget(
            PageHeader(
                self.tr("Tune"),
                self.tr("Teaches a model your structures: a few thousand numbers learn, the rest stays."),
            )
        )
        rows.addWidget(self.walk, 1)
        self._connect()
        self.walk.show_step(DATA)

    def _connect(self) -> None:
        self.data_step.data_wanted.connect(self.data_wanted)
        self.data_step.folder_wanted.connect(self.folder_wanted)
        self._estimator.told.connect(self._estimate_told)
        self._outlook.told.connect(self._outlook_told)
        self.walk.step_shown.connect(self._step_shown)
        self.walk.finished.connect(self._start)
        self.walk.search_wanted.connect(self.launch.search)
        self.launch.run_started.connect(self._started)
        self.launch.search_wanted.connect(self.search_wanted)
        self.launch.ended.connect(self.walk.check)
        self.intake.preferred.connect(self.prefer)
        for part in (self.launch, self.intake):
            part.notice.connect(self.notice)
        store = WeightStore.of(self._client)
        store.notice.connect(self._weights_notice)
        store.installed.connect(lambda name: self.intake.installed(name, choose=self.isVisible()))
        self.wizard.changed.connect(self._look_ahead)
        self.wizard.data_changed.connect(self._data_changed)

    @property
    def catalogue(self) -> Catalogue:
        return self.wizard.catalogue

    @property
    def draft(self) -> Draft:
        return self.wizard.draft

    # -- what others ask of it -----------------------------------------------------------------------------------

    def came_to_front(self) -> None:
        """Asks the engine once which models are installed."""
        self.intake.ask_once()

    def import_weights(self, path: Path) -> None:
        """A folder, file or zip of base weights was dropped here."""
        self.walk.show_step(MODEL)
        WeightStore.of(self._client).import_from(str(path))

    def begin(self) -> None:
        """From the Data page: the wizard at its first step, what was chosen before still chosen."""
        self.walk.show_step(DATA)

    def prefer(self, weights: str) -> None:
        """The model to begin with."""
        self.model_step.cards.choose(weights)
        card = self.model_step.cards.card(weights)
        if card is not None:
            bring_into_sight(card)

    def open_recipe(self, path: Path) -> None:
        self.intake.open_recipe(path)

    def start_from(self, run: Path) -> None:
        self.intake.start_from(run)

    # -- what changes --------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.strategy_step.look_ahead(True)
        self._look_ahead()

    def hideEvent(self, event: QHideEvent) -> None:
        self.strategy_step.look_ahead(False)
        self._look_ahead()
        super().hideEvent(event)

    def _weights_notice(self, notice: Notice) -> None:
        if self.isVisible():
            if notice.tone == "good":
                notice = Notice(notice.message, self.tr("It is chosen."), "good")
            self._told_of_weights = True
            self.notice.emit(notice)

    def _step_shown(self) -> None:
        """What was told of weights goes with the step that it was about."""
        if self._told_of_weights and self.walk.here != MODEL:
            self._told_of_weights = False
            self.notice.emit(None)
        self._look_ahead()

    def _data_changed(self) -> None:
        """A dataset that changes under an open form changes what the form may say."""
        if self.walk.shown in (self.settings_step, self.review_step):
            self.walk.shown.enter()
        self.walk.check()

    def _look_ahead(self) -> None:
        """What the run in sight would learn and take is asked for while it is in sight."""
        step = self.walk.here
        if self.isVisible() and step in (SETTINGS, REVIEW) and not self.walk.problem(step):
            recipe = self.wizard.recipe()
            self._outlook.look_at(recipe)
            self._estimator.look_at(recipe)
        else:
            self._outlook.drop()
            self._estimator.drop()

    def _estimate_told(self, found: dict[str, Any]) -> None:
        self.settings_step.show_estimate(str(found.get("words") or ""))
        self.review_step.show_estimate(found)

    def _outlook_told(self, seen: Seen) -> None:
        self.settings_step.show_outlook(seen)
        self.review_step.show_outlook(seen)

    def _start(self) -> None:
        self.walk.next.setEnabled(False)  # until the recipe lies on the disk
        self.launch.start()

    def _started(self, run: Path) -> None:
        self._estimator.drop()
        self.run_started.emit(run)
