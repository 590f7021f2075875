"""Step 4: name and settings at the left, what will run (recipe and command) at the right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.data.sides import forbidden_moves
from tunevlseg_gui.forms.field_spec import FieldSpec
from tunevlseg_gui.forms.spec_form import SpecForm
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import card, label


class SettingsStep(QWidget):
    """`changed` follows every edit of a form or of the name."""

    changed = Signal()
    save_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name.setObjectName("runName")
        self.name.setAccessibleName("Name of the run")
        self.name.setMaxLength(80)
        self.name.textEdited.connect(lambda _text: self.changed.emit())
        self.strategy: SpecForm | None = None
        self.training: SpecForm | None = None
        self.images: SpecForm | None = None
        self._inner = QWidget()
        self._inner.setObjectName("scrolled")
        self._rows = QVBoxLayout(self._inner)
        self._rows.setContentsMargins(0, 0, 10, 0)
        self._rows.setSpacing(12)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._inner)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(area)
        whole.addWidget(self._review())
        whole.setStretchFactor(0, 3)
        whole.setStretchFactor(1, 2)
        whole.setSizes([620, 420])
        whole.setChildrenCollapsible(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(whole)

    def _review(self) -> QWidget:
        self._recipe = _code("reviewRecipe", "The recipe of this run")
        self._command = _code("reviewCommand", "The same run from a terminal")
        tabs = QTabWidget()
        tabs.setObjectName("review")
        for title, text, extra in (("Recipe", self._recipe, True), ("Command", self._command, False)):
            made = QWidget()
            rows = QVBoxLayout(made)
            rows.setContentsMargins(10, 10, 10, 10)
            rows.addWidget(text, 1)
            row = QHBoxLayout()
            row.addWidget(button("Copy", f"copy{title}", lambda text=text: _copy(text), role="flat", picture="copy"))
            if extra:
                row.addWidget(button("Save as…", "saveRecipe", self.save_wanted.emit, role="flat", picture="export"))
            row.addStretch(1)
            rows.addLayout(row)
            tabs.addTab(made, title)
        self._learned = label("", "muted", wrap=True, name="learnedCount")
        self._estimate = label("", "muted", wrap=True, name="runEstimate")
        self._warnings = label("", "problem", wrap=True, name="recipeWarnings")
        self.show_outlook("", [])
        self.show_estimate("")
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._learned)
        rows.addWidget(self._estimate)
        rows.addWidget(self._warnings)
        rows.addWidget(tabs, 1)
        return whole

    def show_outlook(self, learned: str, warnings: list[str]) -> None:
        """How much would learn, and what the engine warns of, such as phrases that would be cut."""
        self._learned.setText(learned)
        self._learned.setVisible(bool(learned))
        self._warnings.setText("\n".join(warnings))
        self._warnings.setVisible(bool(warnings))

    def show_estimate(self, told: str) -> None:
        """What the run would take: time, memory, disk."""
        self._estimate.setText(told)
        self._estimate.setVisible(bool(told))

    def show_forms(
        self,
        titles: tuple[str, str],
        strategy: tuple[list[FieldSpec], dict[str, Any]],
        training: tuple[list[FieldSpec], dict[str, Any]],
        images: tuple[list[FieldSpec], dict[str, Any]],
        texts: list[str],
    ) -> None:
        """Draws the forms anew: fields and the values kept for them. `texts`: the labels' phrases and names."""
        while item := self._rows.takeAt(0):
            if widget := item.widget():
                if widget.isAncestorOf(self.name):
                    self.name.setParent(None)
                widget.setParent(None)  # gone at once, also for whoever looks widgets up by name
                widget.deleteLater()
        self.strategy = SpecForm(strategy[0], "strategy", strategy[1])
        self.training = SpecForm(training[0], "training", training[1])
        self.images = SpecForm(images[0], "data", images[1], rule=lambda values: forbidden_moves(values, texts))
        self._rows.addWidget(_titled("Name of the run", self.name))
        for title, form in zip(titles, (self.strategy, self.training), strict=True):
            form.changed.connect(self.changed)
            if form.specs:
                self._rows.addWidget(_titled(title, form))
            else:
                self._rows.addWidget(_titled(title, label("Nothing to set.", "muted")))
                form.setParent(self)
                form.hide()
        if self.images.specs:
            self.images.changed.connect(self.changed)
            self._rows.addWidget(_titled("Training images", self.images))
        else:
            self.images.setParent(self)
            self.images.hide()
        self._rows.addStretch(1)

    def show_review(self, recipe: str, command: str) -> None:
        for widget, text in ((self._recipe, recipe), (self._command, command)):
            if widget.toPlainText() != text:
                place = widget.verticalScrollBar().value()
                widget.setPlainText(text)
                widget.verticalScrollBar().setValue(place)

    def recipe_shown(self) -> str:
        return self._recipe.toPlainText()

    def problem(self) -> str:
        """The first thing that is wrong, in words; empty where the run can start."""
        if not self.name.text().strip():
            return "Give the run a name."
        for form in (self.strategy, self.training, self.images):
            for name, told in (form.problems() if form else {}).items():
                return f"{form.specs[name].title}: {told}" if form else told
        return ""


def _code(name: str, title: str) -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setProperty("role", "code")
    made.setReadOnly(True)
    made.setTabChangesFocus(True)
    return made


def _copy(text: QPlainTextEdit) -> None:
    QGuiApplication.clipboard().setText(text.toPlainText())


def _titled(title: str, widget: QWidget) -> QWidget:
    made = card()
    rows = QVBoxLayout(made)
    rows.setContentsMargins(18, 14, 18, 14)
    rows.setSpacing(10)
    rows.addWidget(label(title, "heading"))
    rows.addWidget(widget)
    return made
