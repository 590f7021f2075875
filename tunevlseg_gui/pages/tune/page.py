"""The Tune page: data → model → strategy → settings → start, four clicks from its defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import CheckRecipe, Describe, Tune
from engine.contract.whole_file import write_text
from engine.runs.folders import runs_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import VPT_REASON, BaseWeights, Catalogue
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.forms.field_spec import FieldSpec
from tunevlseg_gui.pages.tune.choice_step import ChoiceStep, Offer
from tunevlseg_gui.pages.tune.data_step import DataStep
from tunevlseg_gui.pages.tune.draft import Draft, command, learned_in_words, recipe_text, run_folder
from tunevlseg_gui.pages.tune.estimator import Estimator
from tunevlseg_gui.pages.tune.settings_step import SettingsStep
from tunevlseg_gui.project import Project
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.stepper import Stepper
from tunevlseg_gui.widgets.text import label

TITLES = ["Data", "Model", "Strategy", "Settings"]
DATA, MODEL, STRATEGY, SETTINGS = range(4)
_NETWORKS = {"clipseg": "CLIPSeg network", "cris": "CRIS network"}
OUTLOOK_PAUSE = 400
"""Milliseconds without a change after which the engine is asked what the recipe would learn."""
ASKED = "asked.yaml"
"""The recipe as the wizard wrote it; the engine writes its own recipe.yaml, complete, when the run begins."""


class TunePage(QWidget):
    notice = Signal(object)
    run_started = Signal(object)  # Path of the run folder
    data_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, client: EngineClient, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tunePage")
        self._client = client
        self._project = project
        self.catalogue = Catalogue.shipped()
        self.draft = Draft()
        self._named = False  # the user chose the run's name
        self._out = Path()
        self._asked_for_catalogue = False
        self._wanted: Path | None = None  # a run to go on from, once the models are known

        self._outlook_of: dict[str, Any] = {}  # the recipe that was last asked about
        self._pause = QTimer(self)  # nobody is asked at every key that is pressed
        self._pause.setSingleShot(True)
        self._pause.setInterval(OUTLOOK_PAUSE)
        self._pause.timeout.connect(self._ask_outlook)

        self._estimator = Estimator(client, self)

        self.stepper = Stepper(TITLES)
        self.data_step = DataStep(project)
        self.model_step = ChoiceStep("model", "Looking for installed models…")
        self.strategy_step = ChoiceStep("strategy", "Looking for strategies…")
        self.settings_step = SettingsStep()
        self.steps = QStackedWidget()
        for step in (self.data_step, self.model_step, self.strategy_step, self.settings_step):
            self.steps.addWidget(step)
        self.back = button("Back", "wizardBack", self._go_back, picture="back")
        self.next = button("Next", "wizardNext", self._go_on, role="primary", picture="next")
        self.next.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # its arrow points onwards
        self.told = label("", "muted", name="wizardTold")
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.told, 1)
        row.addWidget(self.next)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(14)
        rows.addWidget(
            PageHeader("Tune", "Teaches a model your structures: a few thousand numbers learn, the rest stays.")
        )
        rows.addWidget(self.stepper)
        rows.addWidget(self.steps, 1)
        rows.addLayout(row)
        self._connect()
        self._reached = DATA
        self._show_step(DATA)

    def _connect(self) -> None:
        self.stepper.chosen.connect(self._show_step)
        self.data_step.data_wanted.connect(self.data_wanted)
        self.data_step.folder_wanted.connect(self.folder_wanted)
        self.model_step.chosen.connect(self._model_chosen)
        self.strategy_step.chosen.connect(self._strategy_chosen)
        self.settings_step.changed.connect(self._settings_changed)
        self._estimator.told.connect(self.settings_step.show_estimate)
        self.settings_step.save_wanted.connect(self._save_recipe)
        self._project.changed.connect(self._project_changed)
        self._offer_models()

    def came_to_front(self) -> None:
        """Asks the engine once which models are installed."""
        if not self._asked_for_catalogue:
            self._asked_for_catalogue = True
            self._client.submit(Describe(), self._described)

    def begin(self) -> None:
        """From the Data page: the wizard at its first step, what was chosen before still chosen."""
        self._reached = max(self._reached, DATA)
        self._show_step(DATA)

    def prefer(self, weights: str) -> None:
        """The model to begin with."""
        self.model_step.value = weights
        self._offer_models()

    def open_recipe(self, path: Path) -> None:
        """Takes model, strategy and settings from a recipe; the dataset is the one that is open."""
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
            strategy, model = dict(found["strategy"]), dict(found.get("model") or {})
            training = dict(found.get("training") or {})
            data = dict(found.get("data") or {})
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError):
            self.notice.emit(
                Notice(f"{path.name} is not a recipe.", "A recipe names a strategy; see recipe.full.yaml.", "danger")
            )
            return
        self.draft.weights = str(model.get("weights") or "starter")
        self.draft.strategy = str(strategy.pop("name", "vpt"))
        self.draft.strategy_values[self.draft.key] = strategy
        self.draft.training_values[self.draft.key] = training
        shown = {spec.name for spec in self.catalogue.image_fields()}
        self.draft.image_values = {name: value for name, value in data.items() if name in shown}
        self.model_step.value, self.strategy_step.value = self.draft.weights, self.draft.strategy
        self._offer_models()
        self.notice.emit(Notice(f"{path.name}: its model, strategy and settings are filled in.", tone="good"))

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
        if step == SETTINGS:
            self._draw_settings()
        self._reached = max(self._reached, step)
        self.steps.setCurrentIndex(step)
        self.stepper.show_step(step, self._reached)
        self.back.setEnabled(step > DATA)
        self.next.setText("Start" if step == SETTINGS else "Next")
        self.next.setIcon(icon("play" if step == SETTINGS else "next", "on_accent"))
        self._check()
        self._look_ahead()

    def _problem(self) -> str:
        step = self.steps.currentIndex()
        if self.data_step.problem():
            return self.data_step.problem()
        if step == MODEL and not self.model_step.value:
            return "No model is installed." if self.catalogue.complete else "Looking for installed models…"
        if step == STRATEGY and not self.strategy_step.value:
            return "Choose a strategy."
        return self.settings_step.problem() if step == SETTINGS else ""

    def _check(self) -> None:
        problem = self._problem()
        self.told.setText(problem)
        self.next.setEnabled(not problem)

    def _go_back(self) -> None:
        self._show_step(max(DATA, self.steps.currentIndex() - 1))

    def _go_on(self) -> None:
        step = self.steps.currentIndex()
        if self._problem():
            return
        if step == SETTINGS:
            self._start()
        else:
            self._show_step(step + 1)

    # -- model and strategy --------------------------------------------------------------------------------------

    def _described(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                found = Catalogue.of(result)
                if found.complete:
                    self.catalogue = found
                    self._offer_models()
                    wanted, self._wanted = self._wanted, None
                    if wanted is not None and found.complete:
                        self.start_from(wanted)
            case JobFailed() as failure:
                self._asked_for_catalogue = False
                self.notice.emit(of_failure(failure))

    def _offer_models(self) -> None:
        offers = [
            Offer(
                known.id,
                known.title,
                _NETWORKS.get(known.model, known.model),
                chips=[("included", "")] if known.id.startswith("starter") else [],
                reason=f"This model {known.notice}" if known.notice.startswith("has ") else known.notice,
            )
            for known in self.catalogue.weights
        ]
        self.model_step.show_offers(offers, "starter")
        self._offer_strategies()

    def _offer_strategies(self) -> None:
        weights = self._weights()
        offers = [
            Offer(
                known.name,
                known.title,
                known.summary,
                reason=VPT_REASON if known.name == "vpt" else "",
                chips=[("suggested", "accent")] if known.name == "vpt" else [],
                refused=known.refused_by(weights),
            )
            for known in self.catalogue.strategies
        ]
        self.strategy_step.show_offers(offers, "vpt")
        self._check()

    def _weights(self) -> BaseWeights:
        return self.catalogue.weights_called(self.model_step.value) or BaseWeights(self.model_step.value or "starter")

    def _model_chosen(self, value: str) -> None:
        self.draft.weights, self.draft.model = value, self._weights().model
        self._offer_strategies()

    def _strategy_chosen(self, value: str) -> None:
        self.draft.strategy = value
        self._check()

    def _project_changed(self) -> None:
        self._named = False
        self._check()
        if self.steps.currentIndex() == SETTINGS:
            self._draw_settings()

    # -- settings and start --------------------------------------------------------------------------------------

    def _fields(self) -> tuple[list[FieldSpec], list[FieldSpec], list[FieldSpec]]:
        weights, strategy = self._weights(), self.catalogue.strategy(self.draft.strategy)
        return (
            strategy.fields(weights) if strategy else [],
            self.catalogue.training_fields(weights, self.draft.strategy),
            self.catalogue.image_fields(),
        )

    def _draw_settings(self) -> None:
        draft = self.draft
        if not self._named:
            title = self._project.found.name if self._project.found else self._project.title
            draft.name = f"{title}-{draft.strategy}".replace(" ", "-")
        self.settings_step.name.setText(draft.name)
        self._out = run_folder(runs_folder(), draft.name)
        strategy, training, images = self._fields()
        known = self.catalogue.strategy(draft.strategy)
        self.settings_step.show_forms(
            (known.title if known else draft.strategy, "Training"),
            (strategy, draft.strategy_values.get(draft.key, {})),
            (training, draft.training_values.get(draft.key, {})),
            (images, draft.image_values),
            [text for known in self._project.labels for text in (*known.texts, known.name)],
        )
        self._settings_changed()

    def _settings_changed(self) -> None:
        step, draft = self.settings_step, self.draft
        if step.name.text() != draft.name:
            draft.name, self._named = step.name.text(), True
            self._out = run_folder(runs_folder(), draft.name)
        if step.strategy is not None and step.training is not None:
            draft.strategy_values[draft.key] = step.strategy.values()
            draft.training_values[draft.key] = step.training.values()
        if step.images is not None:
            draft.image_values = step.images.values()
        text = recipe_text(self._recipe())
        step.show_review(text, command(self._out / ASKED, self._out))
        self._check()
        self._pause.start()
        self._look_ahead()

    def _ask_outlook(self) -> None:
        """Asks what the recipe in sight would learn, unless that is what was asked last."""
        if self.steps.currentIndex() != SETTINGS or self._problem():
            return
        recipe = self._recipe()
        matters = {name: recipe[name] for name in ("data", "model", "strategy")}
        if matters == self._outlook_of:
            return
        self._outlook_of = matters
        self._client.submit(CheckRecipe(recipe), lambda event: self._outlook_told(matters, event))

    def _outlook_told(self, matters: dict[str, Any], event: Event) -> None:
        if matters != self._outlook_of:
            return  # changed meanwhile: another answer is on its way
        match event:
            case JobFinished(result=result):
                rows = result.get("problems") or []
                told = [f"{row.get('message', '')} {row.get('fix', '')}".strip() for row in rows]
                self.settings_step.show_outlook(learned_in_words(result), told)
            case JobFailed(message=message, hint=hint):
                self.settings_step.show_outlook("", [f"{message} {hint}".strip()])

    def _look_ahead(self) -> None:
        """What the run in sight would take is asked for while it is in sight."""
        if self.isVisible() and self.steps.currentIndex() == SETTINGS and not self._problem():
            self._estimator.look_at(self._recipe())
        else:
            self._estimator.drop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_ahead()

    def hideEvent(self, event: QHideEvent) -> None:
        self._estimator.drop()
        super().hideEvent(event)

    def _recipe(self) -> dict[str, Any]:
        return self.draft.recipe(self._project.data_for_recipe(), *self._fields())

    def _save_recipe(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the recipe", f"{self.draft.name}.yaml", "Recipe (*.yaml)")
        if chosen:
            self._write(Path(chosen))

    def _write(self, path: Path) -> bool:
        try:
            write_text(path, recipe_text(self._recipe()))
        except EngineError as error:
            self.notice.emit(of_error(error))
            return False
        return True

    def _start(self) -> None:
        if self._out.exists():  # started before, by the same draft
            self._out = run_folder(runs_folder(), self.draft.name)
        recipe = self._out / ASKED
        if not self._write(recipe):
            return
        try:
            run = self._client.start_run(Tune(str(recipe), str(self._out)))
        except EngineError as error:
            self.notice.emit(of_error(error))
            return
        self._estimator.drop()
        self.notice.emit(None)
        self.run_started.emit(run)
