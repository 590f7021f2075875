"""What a new search needs: a recipe, how many trials, what is looked for, how values are proposed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.contract.jobs import Search
from engine.runs.studies import slug, studies_folder
from tunevlseg_gui.pages.experiments.asking import checked, choose_recipe
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import label


def free_folder(root: Path, name: str) -> Path:
    """A folder of that name that is not there yet."""
    folder, number = root / slug(name), 2
    while folder.exists():
        folder = root / f"{slug(name)}-{number}"
        number += 1
    return folder


class NewSearchDialog(QDialog):
    wanted = Signal(object)  # Search

    def __init__(self, recipe: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("newSearchDialog")
        self.setWindowTitle(self.tr("New search"))
        self.setMinimumWidth(600)
        self.recipe = QLineEdit(recipe)
        self.recipe.setObjectName("searchRecipe")
        self.recipe.setAccessibleName(self.tr("Recipe"))
        self.name = QLineEdit()
        self.name.setObjectName("searchName")
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setPlaceholderText(self.tr("after the recipe"))
        self.trials = _number("searchTrials", self.tr("Trials"), 20, 1, 100_000)
        self.startup = _number("searchStartup", self.tr("Random trials first"), 10, 1, 10_000)
        self.goals: dict[str, QCheckBox] = {}
        self.sampler = _choice(
            "searchSampler",
            self.tr("Proposals"),
            [("tpe", self.tr("by what went well so far (TPE)")), ("random", self.tr("at random"))],
        )
        self.pruner = _choice(
            "searchPruner",
            self.tr("Runs that lag behind"),
            [
                ("none", self.tr("go on to their end (as published)")),
                ("median", self.tr("are ended below the median")),
                ("hyperband", self.tr("are ended by Hyperband")),
            ],
        )
        self.space = _choice(
            "searchSpace",
            self.tr("Ranges"),
            [
                ("auto", self.tr("of the model card, else the published ones")),
                ("published", self.tr("the published ones")),
                ("card", self.tr("of the model card")),
            ],
        )
        self.wrong = label("", "problem", wrap=True, name="searchWrong")
        self.wrong.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(9)
        line = QHBoxLayout()
        line.addWidget(self.recipe, 1)
        line.addWidget(button(self.tr("Choose…"), "searchChoose", self._choose, picture="folder"))
        form.addRow(self.tr("Recipe"), line)
        form.addRow(self.tr("Name"), self.name)
        form.addRow(self.tr("Trials"), self.trials)
        goals = QVBoxLayout()
        goals.setSpacing(3)
        for name, words in (
            ("val_dice", self.tr("best validation Dice")),
            ("last_val_loss", self.tr("last epoch's validation loss (as published)")),
            ("seconds", self.tr("seconds")),
            ("learned", self.tr("learned numbers")),
        ):
            made = QCheckBox(words)
            made.setObjectName(f"goal_{name}")
            made.setChecked(name == "val_dice")
            made.toggled.connect(lambda _on: self._offer())
            goals.addWidget(made)
            self.goals[name] = made
        form.addRow(self.tr("Looked for"), goals)
        form.addRow(self.tr("Proposals"), self.sampler)
        form.addRow(self.tr("Random trials first"), self.startup)
        form.addRow(self.tr("Runs that lag behind"), self.pruner)
        form.addRow(self.tr("Ranges"), self.space)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addWidget(label(self.tr("New search"), "heading"))
        rows.addWidget(
            label(
                self.tr(
                    "Many runs of one recipe, each with other settings. It can be stopped, steered and gone on with."
                ),
                "muted",
                wrap=True,
            )
        )
        rows.addLayout(form)
        rows.addWidget(self.wrong)
        foot = QHBoxLayout()
        foot.addWidget(command_button("searchCommand", self.tr("Show the command"), self._checked))
        foot.addStretch(1)
        foot.addWidget(button(self.tr("Cancel"), "searchCancel", self.reject))
        start = button(self.tr("Start"), "searchStart", self._start, role="primary", picture="play")
        start.setDefault(True)
        foot.addWidget(start)
        rows.addLayout(foot)

    def _offer(self) -> None:
        """A pruner compares one value, the validation Dice."""
        only = [name for name, box in self.goals.items() if box.isChecked()] == ["val_dice"]
        self.pruner.setEnabled(only)
        if not only:
            self.pruner.setCurrentIndex(0)

    def job(self) -> Search:
        """Raises ValueError with words for a person."""
        recipe = Path(self.recipe.text().strip()).expanduser()
        if not self.recipe.text().strip() or not recipe.is_file():
            raise ValueError(self.tr("Choose a recipe: save one on the Tune page, or take one of the presets."))
        goals = [name for name, box in self.goals.items() if box.isChecked()]
        if not goals:
            raise ValueError(self.tr("Choose what is looked for."))
        name = self.name.text().strip() or recipe.stem
        folder = free_folder(studies_folder(), name)
        wanted: dict[str, Any] = {
            "trials": self.trials.value(),
            "objectives": goals,
            "sampler": self.sampler.currentData(),
            "startup_trials": self.startup.value(),
            "pruner": self.pruner.currentData(),
            "space": self.space.currentData(),
        }
        return Search(str(recipe), folder=str(folder), study=folder.name, search=wanted)

    def _checked(self) -> Search | None:
        return checked(self.job, self.wrong)

    def _start(self) -> None:
        found = self._checked()
        if found is not None:
            self.wanted.emit(found)
            self.accept()

    def _choose(self) -> None:
        choose_recipe(self, self.recipe)


def _number(name: str, title: str, value: int, low: int, high: int) -> QSpinBox:
    made = QSpinBox()
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setRange(low, high)
    made.setValue(value)
    return made


def _choice(name: str, title: str, options: list[tuple[str, str]]) -> QComboBox:
    made = QComboBox()
    made.setObjectName(name)
    made.setAccessibleName(title)
    for value, words in options:
        made.addItem(words, value)
    return made
