"""The Tune page: data → model → strategy → settings → review → start, each step usable from its defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import Describe, Tune
from engine.contract.whole_file import write_text
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.pages.tune.data_step import DataStep
from tunevlseg_gui.pages.tune.draft import Draft
from tunevlseg_gui.pages.tune.estimator import Estimator
from tunevlseg_gui.pages.tune.model_step import ModelStep
from tunevlseg_gui.pages.tune.outlook import Outlook, Seen
from tunevlseg_gui.pages.tune.panels import hang_in
from tunevlseg_gui.pages.tune.review_step import ReviewStep
from tunevlseg_gui.pages.tune.settings_step import SettingsStep
from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.strategy_step import StrategyStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.project import Project
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.weights.store import WeightStore
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.focus_order import put_in_order
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.stepper import Stepper
from tunevlseg_gui.widgets.text import label

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
        self._asked_for_catalogue = False
        self._prefer = ""  # weights that were just installed
        self._wanted: Path | None = None  # a run to go on from, once the models are known
        self._outlook = Outlook(client, self)
        self._estimator = Estimator(client, self.wizard.figures, self)

        self.data_step = DataStep(self.wizard)
        self.model_step = ModelStep(self.wizard)
        self.strategy_step = StrategyStep(self.wizard)
        self.settings_step = SettingsStep(self.wizard)
        self.review_step = ReviewStep(self.wizard)
        self._all: list[WizardStep] = [
            self.data_step,
            self.model_step,
            self.strategy_step,
            self.settings_step,
            self.review_step,
        ]
        hang_in(self.wizard, {step.name: step for step in self._all})
        self.stepper = Stepper([(step.name, step.title()) for step in self._all])
        self.steps = QStackedWidget()
        for step in self._all:
            self.steps.addWidget(step)
        self._shown: WizardStep | None = None  # the step that was told to enter
        self.back = button(self.tr("Back"), "wizardBack", self._go_back, picture="back", tip="Alt+←")
        self.next = button(self.tr("Next"), "wizardNext", self._go_on, role="primary", picture="next")
        self.next.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # its arrow points onwards
        self.search = button(
            self.tr("Search its settings…"),
            "wizardSearch",
            self._search,
            picture="experiments",
            tip=self.tr("Many runs of this recipe with other settings, in place of one"),
        )
        self.told = label("", "muted", wrap=True, name="wizardTold")
        self._arrange = QTimer(self)
        self._arrange.setSingleShot(True)
        self._arrange.setInterval(0)
        self._arrange.timeout.connect(lambda: put_in_order(self))
        self._lay_out()
        self._connect()
        self._show_step(DATA)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.told, 1)
        row.addWidget(self.search)
        row.addWidget(self.next)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(14)
        rows.addWidget(
            PageHeader(
                self.tr("Tune"),
                self.tr("Teaches a model your structures: a few thousand numbers learn, the rest stays."),
            )
        )
        rows.addWidget(self.stepper)
        rows.addWidget(self.steps, 1)
        rows.addLayout(row)

    def _connect(self) -> None:
        self.stepper.chosen.connect(self._show_step)
        self.data_step.data_wanted.connect(self.data_wanted)
        self.data_step.folder_wanted.connect(self.folder_wanted)
        self.review_step.save_wanted.connect(self._save_recipe)
        self.review_step.refused.connect(self._refused)
        self._estimator.told.connect(self._estimate_told)
        self._outlook.told.connect(self._outlook_told)
        for step in self._all:
            step.checked.connect(self._check)
            step.rearranged.connect(self._arrange.start)
        store = WeightStore.of(self._client)
        store.notice.connect(self._weights_notice)
        store.installed.connect(self._installed)
        self.wizard.changed.connect(self._look_ahead)
        self.wizard.data_changed.connect(self._data_changed)
        for keys, done in (("Alt+Left", self._go_back), ("Alt+Right", self._go_on)):
            short = QShortcut(QKeySequence(keys), self)
            short.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            short.activated.connect(done)

    @property
    def catalogue(self) -> Catalogue:
        return self.wizard.catalogue

    @property
    def draft(self) -> Draft:
        return self.wizard.draft

    def came_to_front(self) -> None:
        """Asks the engine once which models are installed."""
        if not self._asked_for_catalogue:
            self._asked_for_catalogue = True
            self._client.submit(Describe(), self._described)

    def import_weights(self, path: Path) -> None:
        """A folder or file of base weights was dropped here."""
        self._show_step(MODEL)
        WeightStore.of(self._client).import_from(str(path))

    def _installed(self, name: str) -> None:
        """New weights: chosen at once where they were asked for here."""
        self._prefer = name if self.isVisible() else ""
        self._client.submit(Describe(), self._described)

    def _weights_notice(self, notice: Notice) -> None:
        if self.isVisible():
            self.notice.emit(notice)

    def begin(self) -> None:
        """From the Data page: the wizard at its first step, what was chosen before still chosen."""
        self._show_step(DATA)

    def prefer(self, weights: str) -> None:
        """The model to begin with."""
        self.model_step.cards.choose(weights)

    def open_recipe(self, path: Path) -> None:
        """Takes model, strategy and settings from a recipe; the dataset is the one that is open."""
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
            strategy, model = dict(found["strategy"]), dict(found.get("model") or {})
            training = dict(found.get("training") or {})
            data = dict(found.get("data") or {})
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError):
            self.notice.emit(
                Notice(
                    self.tr("{name} is not a recipe.").format(name=path.name),
                    self.tr("A recipe names a strategy; see recipe.full.yaml."),
                    "danger",
                )
            )
            return
        shown = {spec.name for spec in self.catalogue.image_fields()}
        self.wizard.take_values(
            str(model.get("weights") or "starter"),
            str(strategy.pop("name", "vpt")),
            strategy,
            training,
            {name: value for name, value in data.items() if name in shown},
        )
        self.notice.emit(
            Notice(
                self.tr("{name}: its model, strategy and settings are filled in.").format(name=path.name), tone="good"
            )
        )

    def start_from(self, run: Path) -> None:
        """Model, strategy and settings of a run, whose learned weights the next one begins with."""
        if not self.catalogue.complete:
            # The models are not known yet: a choice made now would be lost.
            self._wanted = run
            self.came_to_front()
            return
        self.open_recipe(run / "recipe.yaml")
        self.draft.training_values.setdefault(self.draft.key, {})["start_from"] = str(run)

    # -- steps ---------------------------------------------------------------------------------------------------

    def _show_step(self, step: int) -> None:
        self._leave()
        self._enter(self._all[step])  # drawn first: nobody sees it being drawn
        self.steps.setCurrentIndex(step)
        self.back.setEnabled(step > DATA)
        self.search.setVisible(step == REVIEW)
        self.next.setText(self.tr("Start") if step == REVIEW else self.tr("Next"))
        self.next.setIcon(icon("play" if step == REVIEW else "next", "on_accent"))
        self.next.setAccessibleName(self.next.text())
        self._check()
        self._look_ahead()
        self._arrange.start()

    def _enter(self, step: WizardStep) -> None:
        if self.isVisible() and self._shown is not step:
            self._shown = step
            step.enter()

    def _leave(self) -> None:
        shown, self._shown = self._shown, None
        if shown is not None:
            shown.leave()

    def _problem(self, step: int) -> str:
        """Why one cannot go on from here: the first reason among this step and those before it."""
        return next((told for known in self._all[: step + 1] if (told := known.problem())), "")

    def _check(self) -> None:
        here = self.steps.currentIndex()
        problem = self._problem(here)
        self.told.setText(problem)
        self.next.setEnabled(not problem)
        self.search.setEnabled(not problem)
        self.next.setToolTip(problem or "Alt+→")
        self.next.setAccessibleDescription(problem)
        # A step can be entered when all before it can be left.
        open_to = next((number for number, known in enumerate(self._all) if known.problem()), REVIEW)
        self.stepper.show_step(here, max(here, open_to))

    def _go_back(self) -> None:
        self._show_step(max(DATA, self.steps.currentIndex() - 1))

    def _go_on(self) -> None:
        step = self.steps.currentIndex()
        if self._problem(step):
            return
        if step == REVIEW:
            self._start()
        else:
            self._show_step(step + 1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._enter(self._all[self.steps.currentIndex()])
        self.strategy_step.look_ahead(True)
        self._check()
        self._look_ahead()

    def hideEvent(self, event: QHideEvent) -> None:
        self._leave()
        self.strategy_step.look_ahead(False)
        self._look_ahead()
        super().hideEvent(event)

    # -- what it leads to ----------------------------------------------------------------------------------------

    def _described(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                found = Catalogue.of(result)
                if found.complete:
                    self.wizard.put_catalogue(found)
                    prefer, self._prefer = self._prefer, ""
                    if prefer:
                        self.prefer(prefer)
                    wanted, self._wanted = self._wanted, None
                    if wanted is not None:
                        self.start_from(wanted)
            case JobFailed() as failure:
                self._asked_for_catalogue = False
                self.notice.emit(of_failure(failure))

    def _data_changed(self) -> None:
        """A dataset that changes under an open form changes what the form may say."""
        if self._shown in (self.settings_step, self.review_step):
            self._shown.enter()
        self._check()

    def _look_ahead(self) -> None:
        """What the run in sight would learn and take is asked for while it is in sight."""
        step = self.steps.currentIndex()
        if self.isVisible() and step in (SETTINGS, REVIEW) and not self._problem(step):
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

    # -- start ---------------------------------------------------------------------------------------------------

    def _save_recipe(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the recipe"), f"{self.draft.name}.yaml", self.tr("Recipe (*.yaml)")
        )
        if chosen:
            try:
                write_text(Path(chosen), self.review_step.recipe_shown())
            except EngineError as error:
                self._refused(error)

    def _refused(self, error: Exception) -> None:
        if isinstance(error, EngineError):
            self.notice.emit(of_error(error))
        self._check()

    def _search(self) -> None:
        self.review_step.keep_recipe(lambda: self.search_wanted.emit(self.review_step.file))

    def _start(self) -> None:
        if self.wizard.out.exists():  # started before, by the same draft
            self.review_step.enter()
        self.next.setEnabled(False)  # until the recipe lies on the disk
        self.review_step.keep_recipe(self._start_kept)

    def _start_kept(self) -> None:
        job: Any = Tune(str(self.review_step.file), str(self.wizard.out))
        try:
            run = self._client.start_run(job)
        except EngineError as error:
            self._refused(error)
            return
        self._check()
        self._estimator.drop()
        self.notice.emit(None)
        self.run_started.emit(run)
