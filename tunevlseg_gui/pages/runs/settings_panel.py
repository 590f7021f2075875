"""What a run was asked to do and what it ran on: recipe, environment, changes, and the command that repeats it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from engine.contract.jobs import Tune
from engine.runs.layout import CHANGES, ENVIRONMENT, RECIPE
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.widgets.code_text import code_text
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import label

IMPORTED = "imported_pack:"
"""In the environment of a run that was not tuned here."""
MOST_BYTES = 1_000_000


class SettingsPanel(QWidget):
    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        del client
        self.setObjectName("settingsPanel")
        self._folder = Path()
        self.recipe = code_text("runRecipe", self.tr("Recipe of the run"))
        self.environment = code_text("runEnvironment", self.tr("What the run ran on"))
        self.changes = code_text("runChanges", self.tr("Changes while it ran"))
        self.again = command_button("runCommand", self.tr("Show the command"), self._job, self._recipe)
        parts = QSplitter()
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(10)
        parts.addWidget(self._part(self.tr("Recipe: complete, with every default"), self.recipe, self.again))
        right = QWidget()
        rows = QVBoxLayout(right)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._part(self.tr("Environment"), self.environment), 2)
        rows.addWidget(self._part(self.tr("Changes while it ran"), self.changes), 1)
        parts.addWidget(right)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(parts)

    def _part(self, title: str, text: QPlainTextEdit, action: QWidget | None = None) -> QWidget:
        made = QWidget()
        head = QHBoxLayout()
        told = label(title, "muted")
        told.setMinimumHeight(self.again.sizeHint().height())  # texts beside each other begin at one height
        head.addWidget(told, 1)
        if action is not None:
            head.addWidget(action)
        rows = QVBoxLayout(made)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addLayout(head)
        rows.addWidget(text, 1)
        return made

    def show_run(self, folder: Path) -> None:
        self._folder = folder
        for text in (self.recipe, self.environment, self.changes):
            text.clear()
        run_task(self, partial(_read, folder), self._take)

    def _take(self, found: tuple[Path, str, str, str]) -> None:
        folder, recipe, environment, changes = found
        if folder != self._folder:
            return
        self.recipe.setPlainText(recipe)
        self.environment.setPlainText(environment)
        self.changes.setPlainText(changes or self.tr("None."))
        tuned = IMPORTED not in environment
        self.again.setEnabled(tuned)
        self.again.setToolTip("" if tuned else self.tr("It was imported as a prompt pack: its data are not here."))

    def _recipe(self) -> Path:
        return self._folder / RECIPE

    def _job(self) -> Tune:
        """The same run again: into a folder of its own beside the others."""
        return Tune(str(self._recipe()))


def _read(folder: Path) -> tuple[Path, str, str, str]:
    recipe, environment, changes = (_start(folder / name) for name in (RECIPE, ENVIRONMENT, CHANGES))
    return folder, recipe, _plain(environment), "\n".join(_plain(line) for line in changes.splitlines())


def _start(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return lines.read(MOST_BYTES)
    except OSError:
        return ""


def _plain(text: str) -> str:
    """JSON as lines of `name: value`; what is none as it is."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return "\n".join(_lines(found)) if isinstance(found, dict) else text


def _lines(values: dict[str, object], depth: int = 0) -> list[str]:
    lines = []
    for name, value in values.items():
        pad = "  " * depth
        if isinstance(value, dict):
            lines += [f"{pad}{name}:", *_lines(value, depth + 1)]
        else:
            lines.append(f"{pad}{name}: {_said(value)}")
    return lines


def _said(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "none" if value is None else str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
