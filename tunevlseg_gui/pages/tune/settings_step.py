"""Step 4: the run's name and settings, with what they lead to in sight beside them."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.data.sides import forbidden_moves
from tunevlseg_gui.forms.spec_form import SpecForm
from tunevlseg_gui.pages.tune.outlook import Seen
from tunevlseg_gui.pages.tune.phrases_box import PhrasesBox
from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.text import card, label


class SettingsStep(WizardStep):
    name = "settings"

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(wizard, parent)
        self.run_name = QLineEdit()
        self.run_name.setObjectName("runName")
        self.run_name.setAccessibleName(self.tr("Name of the run"))
        self.run_name.setMaxLength(80)
        self.run_name.textEdited.connect(self._renamed)
        self.expert = QCheckBox(self.tr("Show expert settings"))
        self.expert.setObjectName("expertSettings")
        self.expert.toggled.connect(self._show_expert)
        self.phrases = PhrasesBox(wizard)
        named = QWidget()
        beside = QHBoxLayout(named)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(16)
        beside.addWidget(self.run_name, 1)
        beside.addWidget(self.expert)
        self.rows.addWidget(_titled(self.tr("Name of the run"), named))
        self.rows.addWidget(self.phrases)
        self._forms = QWidget()
        self._form_rows = QVBoxLayout(self._forms)
        self._form_rows.setContentsMargins(0, 0, 0, 0)
        self._form_rows.setSpacing(12)
        self.rows.addWidget(self._forms)
        self.strategy: SpecForm | None = None
        self.training: SpecForm | None = None
        self.images: SpecForm | None = None
        self._drawn_for: object = None
        self._refused = ""
        self.columns.addWidget(self._side(), 2)

    def title(self) -> str:
        return self.tr("Settings")

    def sentence(self) -> str:
        return self.tr(
            "How long and how it learns. Every field already holds what works for this model; "
            "change one only if you want to."
        )

    def problem(self) -> str:
        """The first thing that is wrong, in words."""
        if self._drawn_for is None:
            return ""
        if not self.run_name.text().strip():
            return self.tr("Give the run a name.")
        for form in (self.strategy, self.training, self.images):
            for name, told in (form.problems() if form else {}).items():
                return f"{form.specs[name].title}: {told}" if form else told
        return self._refused

    def enter(self) -> None:
        self.wizard.suggest_name()
        self.run_name.setText(self.wizard.draft.name)
        self._draw()
        self.phrases.draw()
        super().enter()

    def show_outlook(self, seen: Seen) -> None:
        """How much would learn, what the engine warns of, and which field it refuses."""
        self.phrases.put_reserve(seen.reserve)
        field, why = seen.refused
        group, _, name = field.partition(".")
        form = {"strategy": self.strategy, "training": self.training, "data": self.images}.get(group)
        if form is not None and name in form.specs:
            form.show_problem(name, why)
        self._refused = why
        self.checked.emit()
        self._learned.setText(seen.learned)
        self._learned.setVisible(bool(seen.learned))
        self._warnings.setText("\n".join(seen.warnings))
        self._warnings.setVisible(bool(seen.warnings))

    def show_estimate(self, told: str) -> None:
        """What the run would take: time, memory, disk."""
        self._estimate.setText(told)
        self._estimate.setVisible(bool(told))

    # -- parts ---------------------------------------------------------------------------------------------------

    def _side(self) -> QWidget:
        self._learned = label("", wrap=True, name="learnedCount")
        self._estimate = label("", "muted", wrap=True, name="runEstimate")
        self._warnings = label("", "problem", wrap=True, name="recipeWarnings")
        made = card("settingsOutlook")
        rows = QVBoxLayout(made)
        rows.setContentsMargins(18, 14, 18, 14)
        rows.setSpacing(10)
        rows.addWidget(label(self.tr("What this leads to"), "heading"))
        for part in (self._learned, self._estimate, self._warnings):
            rows.addWidget(part)
            part.hide()
        rows.addStretch(1)
        return made

    def _draw(self) -> None:
        """Forms for the weights and strategy that are chosen, filled with the values kept for them."""
        wizard, draft = self.wizard, self.wizard.draft
        strategy, training, images = wizard.fields()
        wanted = (draft.key, strategy, training, images, draft.revision)
        if wanted == self._drawn_for:
            if self.images is not None:
                self.images.check()  # the phrases may be others
            return
        self._drawn_for = wanted
        self._refused = ""
        while item := self._form_rows.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)  # gone at once, also for whoever looks widgets up by name
                widget.deleteLater()
        known = wizard.catalogue.strategy(draft.strategy)
        own, train = draft.strategy_values.get(draft.key, {}), draft.training_values.get(draft.key, {})
        self.strategy = SpecForm(strategy, "strategy", own, in_turns=True)
        self.training = SpecForm(training, "training", train, in_turns=True)
        self.images = SpecForm(
            images,
            "data",
            draft.image_values,
            rule=lambda values: forbidden_moves(values, self._texts()),
            in_turns=True,
        )
        titles = (known.title if known else draft.strategy, self.tr("Training"), self.tr("Training images"))
        for title, form in zip(titles, (self.strategy, self.training, self.images), strict=True):
            form.changed.connect(self._edited)
            form.grown.connect(self.rearranged)
            form.show_expert(self.expert.isChecked())
            if form.specs:
                self._form_rows.addWidget(_titled(title, form))
            else:
                form.setParent(self._forms)
                form.hide()
        self._keep()

    def _texts(self) -> list[str]:
        """All that is said of the labels: a side in it forbids some flips."""
        return [text for known in self.wizard.project.labels for text in (*known.texts, known.name)]

    def _renamed(self, text: str) -> None:
        self.wizard.name_run(text)
        self.checked.emit()

    def _show_expert(self, on: bool) -> None:
        for form in (self.strategy, self.training, self.images):
            if form is not None:
                form.show_expert(on)

    def _edited(self) -> None:
        self._refused = ""
        self._keep()
        self.wizard.settings_changed.emit()
        self.checked.emit()

    def _keep(self) -> None:
        draft = self.wizard.draft
        if self.strategy is not None and self.training is not None and self.images is not None:
            draft.strategy_values[draft.key] = self.strategy.values()
            draft.training_values[draft.key] = self.training.values()
            draft.image_values = self.images.values()


def _titled(title: str, widget: QWidget) -> QWidget:
    made = card()
    rows = QVBoxLayout(made)
    rows.setContentsMargins(18, 14, 18, 14)
    rows.setSpacing(10)
    rows.addWidget(label(title, "heading"))
    rows.addWidget(widget)
    return made
