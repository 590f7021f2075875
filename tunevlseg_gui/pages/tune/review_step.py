"""Step 5: everything the run will do, in words, as a recipe, a command and Python; then it starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from engine.contract.whole_file import write_text
from engine.runs.folders import recipes_folder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.tune.cost_box import CostBox
from tunevlseg_gui.pages.tune.draft import command, recipe_file, snippet
from tunevlseg_gui.pages.tune.outlook import Seen
from tunevlseg_gui.pages.tune.run_in_words import RunInWords
from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.code_text import code_text, copy_button


class ReviewStep(WizardStep):
    name = "review"
    save_wanted = Signal()
    refused = Signal(object)  # the recipe's file could not be written: EngineError

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(wizard, parent)
        self.file = Path()
        """The recipe on disk, which the command and the start name."""
        self._written = ""
        self.words = RunInWords(wizard)
        self.costs = CostBox()
        self.rows.addWidget(self.costs)
        self.rows.addWidget(self.words)
        split = QSplitter(Qt.Orientation.Horizontal)
        self.columns.removeWidget(self.area)
        split.addWidget(self.area)
        split.addWidget(self._tabs())
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([520, 520])
        split.setChildrenCollapsible(False)
        self.columns.addWidget(split)

    def title(self) -> str:
        return self.tr("Review")

    def sentence(self) -> str:
        return self.tr("Everything the run will do, before it does it. The same run can be started from a terminal.")

    def enter(self) -> None:
        self._draw()
        super().enter()

    def show_outlook(self, seen: Seen) -> None:
        """How much would learn, and what the engine warns of."""
        self.costs.show_learned(seen.learned, seen.warnings)

    def show_estimate(self, found: dict[str, Any]) -> None:
        """What the run would take: the answer to Estimate, or only `words`."""
        self.costs.show_costs(found)
        self.checked.emit()

    def problem(self) -> str:
        return self.costs.problem

    def recipe_shown(self) -> str:
        return self._recipe.toPlainText()

    def keep_recipe(self, done: Callable[[], None]) -> None:
        """Writes the recipe's file where it is not there yet, off this thread; `done` follows on it."""
        text, file = self.recipe_shown(), self.file

        def written(_path: Path) -> None:
            self._written = text
            done()

        run_task(self, lambda: file if _holds(file, text) else write_text(file, text), written, self.refused.emit)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _tabs(self) -> QWidget:
        self._recipe = code_text("reviewRecipe", self.tr("The recipe of this run"))
        self._command = code_text("reviewCommand", self.tr("The same run from a terminal"))
        self._python = code_text("reviewPython", self.tr("The same run from Python"))
        save = button(self.tr("Save as…"), "saveRecipe", self.save_wanted.emit, role="flat", picture="export")
        tabs = QTabWidget()
        tabs.setObjectName("review")
        for title, name, text, further in (
            (self.tr("Recipe"), "copyRecipe", self._recipe, save),
            (self.tr("Command"), "copyCommand", self._command, None),
            (self.tr("Python"), "copyPython", self._python, None),
        ):
            made = QWidget()
            rows = QVBoxLayout(made)
            rows.setContentsMargins(10, 10, 10, 10)
            rows.addWidget(text, 1)
            row = QHBoxLayout()
            row.addWidget(copy_button(name, self.tr("Copy"), text))
            if further is not None:
                row.addWidget(further)
            row.addStretch(1)
            rows.addLayout(row)
            tabs.addTab(made, title)
        return tabs

    def _draw(self) -> None:
        wizard = self.wizard
        wizard.suggest_name()
        self.words.draw()
        self.costs.look_at_disk(wizard.out)
        text = wizard.recipe_text()
        self.file = recipe_file(recipes_folder(), wizard.draft.name, text)
        shown = (
            (self._recipe, text),
            (self._command, command(self.file, wizard.out)),
            (self._python, snippet(self.file, wizard.out)),
        )
        for widget, words in shown:
            if widget.toPlainText() != words:
                widget.setPlainText(words)
        if text != self._written:
            self.keep_recipe(lambda: None)  # a command that is copied must find its recipe


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="utf-8") == text
    except OSError:
        return False
