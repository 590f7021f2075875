"""What an action of the window is in a terminal: the command, with its recipe where it has one, to be copied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.contract.command_line import command_line
from engine.contract.jobs import Job
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.code_text import code_text, copy_button
from tunevlseg_gui.widgets.text import label


class CommandDialog(QDialog):
    """`recipe`: the file that the command reads or that made what it works on."""

    def __init__(self, job: Job, recipe: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("commandDialog")
        self.setWindowTitle(self.tr("The command"))
        self.setMinimumSize(640, 200 if recipe is None else 460)
        self.command = code_text("commandText", self.tr("Command"))
        self.command.setPlainText(command_line(job))
        self.command.setMaximumHeight(96)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(8)
        rows.addWidget(label(self.tr("The same in a terminal"), "heading"))
        rows.addWidget(self.command)
        if recipe is not None:
            self.recipe = code_text("commandRecipe", self.tr("Recipe"))
            rows.addWidget(label(self.tr("Its recipe: {path}").format(path=recipe), "muted", wrap=True))
            rows.addWidget(self.recipe, 1)
            run_task(self, lambda: recipe.read_text(encoding="utf-8"), self.recipe.setPlainText)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(button(self.tr("Close"), "commandClose", self.reject))
        if recipe is not None:
            foot.addWidget(copy_button("commandCopyRecipe", self.tr("Copy the recipe"), self.recipe))
        copy = copy_button("commandCopy", self.tr("Copy the command"), self.command, role="primary")
        foot.addWidget(copy)
        rows.addLayout(foot)
        copy.setFocus()


def command_button(
    name: str, text: str, job: Callable[[], Job | None], recipe: Callable[[], Path | None] = lambda: None
) -> QPushButton:
    """A button that shows what `job()` is in a terminal; nothing happens where there is none at the moment."""

    def show() -> None:
        wanted = job()
        if wanted is not None:
            CommandDialog(wanted, recipe(), made.window()).open()

    made = button(text, name, show, role="flat", picture="command")
    return made
