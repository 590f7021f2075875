"""What the wizard knows, shared by its steps and by the panels that hang in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from engine.runs.folders import runs_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import BaseWeights, Catalogue, Strategy
from tunevlseg_gui.forms.field_spec import FieldSpec
from tunevlseg_gui.pages.tune.draft import Draft, recipe_text, run_folder
from tunevlseg_gui.pages.tune.figures import Figures
from tunevlseg_gui.project import Project

Fields = tuple[list[FieldSpec], list[FieldSpec], list[FieldSpec]]
"""Settings of the strategy, of training, of the training images."""


@dataclass(frozen=True)
class DomainShift:
    """How far the dataset lies from what the base weights know; `words` say it to a person.

    `far` puts the strategies that move only the text side at a disadvantage: their cards say so.
    """

    level: Literal["near", "some", "far"]
    words: str


class Wizard(QObject):
    """Dataset, catalogue, choices and advice. Steps and panels read here and put here; nobody asks another step.

    Each signal says that its part is another one now; `changed` follows any of them.
    """

    changed = Signal()
    catalogue_changed = Signal()  # other models are installed, or other strategies known
    data_changed = Signal()  # the project: its folder, labels, phrases, splits
    weights_changed = Signal()
    strategy_changed = Signal()
    settings_changed = Signal()  # the run's name, or a value of the form in sight
    shift_changed = Signal()

    def __init__(self, client: EngineClient, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.client = client
        self.project = project
        self.catalogue = Catalogue.shipped()
        self.draft = Draft()
        self.figures = Figures(client, self)
        self.shift: DomainShift | None = None
        self.out = Path()
        """The run folder that a start would make."""
        self._named = False  # the user chose the run's name
        self._folder = project.folder
        for signal in (
            self.catalogue_changed,
            self.data_changed,
            self.weights_changed,
            self.strategy_changed,
            self.settings_changed,
            self.shift_changed,
        ):
            signal.connect(self.changed)
        project.changed.connect(self._project_changed)

    # -- what is chosen ------------------------------------------------------------------------------------------

    @property
    def weights(self) -> BaseWeights:
        """The base weights that are chosen; an empty entry of that name where they are not installed."""
        return self.catalogue.weights_called(self.draft.weights) or BaseWeights(self.draft.weights or "starter")

    def fields(self, strategy: str = "") -> Fields:
        """The settings as these weights allow and recommend them; of the chosen strategy, or of another."""
        name = strategy or self.draft.strategy
        known = self.catalogue.strategy(name)
        return (
            known.fields(self.weights) if known else [],
            self.catalogue.training_fields(self.weights, name),
            self.catalogue.image_fields(),
        )

    def strategy_values(self, known: Strategy) -> dict[str, Any]:
        """Its settings as they stand: the defaults for these weights, and what was changed."""
        given = {spec.name: spec.default for spec in known.fields(self.weights)}
        return given | self.draft.strategy_values.get((self.draft.weights, known.name), {})

    def training_values(self) -> dict[str, Any]:
        """The training settings as they stand."""
        given = {spec.name: spec.default for spec in self.fields()[1]}
        return given | self.draft.training_values.get(self.draft.key, {})

    def image_values(self) -> dict[str, Any]:
        """How training images are changed, as it stands."""
        return {spec.name: spec.default for spec in self.fields()[2]} | self.draft.image_values

    def recipe(self, strategy: str = "") -> dict[str, Any]:
        """What would run, as in its YAML file; with another strategy where one is named."""
        return self.draft.recipe(self.project.data_for_recipe(), *self.fields(strategy), strategy_name=strategy)

    def recipe_text(self) -> str:
        return recipe_text(self.recipe())

    # -- what is put here ----------------------------------------------------------------------------------------

    def put_catalogue(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.catalogue_changed.emit()

    def choose_weights(self, name: str) -> None:
        known = self.catalogue.weights_called(name)
        model = known.model if known else self.draft.model
        if (name, model) != (self.draft.weights, self.draft.model):
            self.draft.weights, self.draft.model = name, model
            self.shift = None  # of other weights
            self.shift_changed.emit()
            self.weights_changed.emit()

    def choose_strategy(self, name: str) -> None:
        if name != self.draft.strategy:
            self.draft.strategy = name
            self.strategy_changed.emit()

    def take_values(
        self,
        weights: str,
        strategy: str,
        strategy_values: dict[str, Any],
        training_values: dict[str, Any],
        image_values: dict[str, Any],
    ) -> None:
        """Choices and settings from a recipe."""
        draft = self.draft
        draft.weights, draft.strategy = weights, strategy
        draft.model = self.weights.model or draft.model
        draft.strategy_values[draft.key] = strategy_values
        draft.training_values[draft.key] = training_values
        draft.image_values = image_values
        draft.revision += 1
        self.shift = None
        for signal in (self.weights_changed, self.strategy_changed, self.settings_changed, self.shift_changed):
            signal.emit()

    def put_shift(self, shift: DomainShift | None) -> None:
        """What a measurement of this dataset with these weights found; None where it is not known."""
        if shift != self.shift:
            self.shift = shift
            self.shift_changed.emit()

    def name_run(self, name: str) -> None:
        """The user's own name for the run."""
        if name != self.draft.name:
            self.draft.name, self._named = name, True
            self.plan_folder()
            self.settings_changed.emit()

    def suggest_name(self) -> None:
        """A name made of dataset and strategy, unless the user gave one; and a folder that is not there yet."""
        if not self._named:
            title = self.project.found.name if self.project.found else self.project.title
            self.draft.name = f"{title}-{self.draft.strategy}".replace(" ", "-")
        self.plan_folder()

    def plan_folder(self) -> None:
        self.out = run_folder(runs_folder(), self.draft.name)

    def _project_changed(self) -> None:
        if self.project.folder != self._folder:
            self._folder, self._named = self.project.folder, False
        self.data_changed.emit()
