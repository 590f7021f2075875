"""The review: everything in words, costs beside what there is, and three ways to start the very same run."""

from __future__ import annotations

import ast
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.control import CancelToken
from engine.contract.errors import EngineError
from engine.contract.jobs import Describe
from engine.jobs import describe
from engine.recipe import read_recipe
from engine.runs.folders import recipes_folder
from tests.drives.words import MadeUp
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.pages.tune.outlook import Seen
from tunevlseg_gui.pages.tune.review_step import ReviewStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.project import Project


@pytest.fixture
def wizard(later: Any, project: Project) -> Wizard:
    made = Wizard(later, project)
    made.put_catalogue(Catalogue.of(describe.run(Describe(), lambda event: None, CancelToken(), "job")))
    made.choose_weights("starter")
    made.choose_strategy("vpt")
    return made


@pytest.fixture
def step(qtbot: QtBot, wizard: Wizard) -> ReviewStep:
    made = ReviewStep(wizard)
    qtbot.addWidget(made)
    made.show()
    made.enter()
    return made


def text(step: ReviewStep, name: str) -> str:
    found = step.findChild(QPlainTextEdit, name)
    assert found is not None
    return found.toPlainText()


def test_command_and_python_name_the_recipe_that_is_shown(step: ReviewStep, wizard: Wizard, qtbot: QtBot) -> None:
    words = shlex.split(text(step, "reviewCommand"))
    qtbot.waitUntil(Path(words[2]).is_file)
    assert Path(words[2]).read_text(encoding="utf-8") == text(step, "reviewRecipe")
    assert Path(words[2]).parent == recipes_folder()
    assert read_recipe(Path(words[2])).strategy_name == "vpt"
    assert words[4] == str(wizard.out)
    told = [node.value for node in ast.walk(ast.parse(text(step, "reviewPython"))) if isinstance(node, ast.Constant)]
    assert words[2] in told
    assert words[4] in told


def test_each_text_can_be_copied(step: ReviewStep) -> None:
    for name in ("Recipe", "Command", "Python"):
        button = step.findChild(QPushButton, f"copy{name}")
        assert button is not None
        button.click()
        assert QGuiApplication.clipboard().text() == text(step, f"review{name}")


def test_another_recipe_is_another_file(step: ReviewStep, wizard: Wizard, qtbot: QtBot) -> None:
    first = step.file
    qtbot.waitUntil(first.is_file)
    wizard.draft.strategy_values[wizard.draft.key] = {"prompt_depth": 2}
    step.enter()
    assert step.file != first
    qtbot.waitUntil(step.file.is_file)
    assert yaml.safe_load(first.read_text(encoding="utf-8"))["strategy"]["prompt_depth"] == 6


def test_a_recipe_that_cannot_be_written_is_told(
    step: ReviewStep, wizard: Wizard, qtbot: QtBot, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    step.file = blocked / "recipe.yaml"
    with qtbot.waitSignal(step.refused) as heard:
        step.keep_recipe(lambda: pytest.fail("nothing was written"))
    assert isinstance(heard.args[0], EngineError)


def test_the_run_in_words(step: ReviewStep, wizard: Wizard) -> None:
    said = dict(step.words.sentences())
    assert said["Data"].startswith("Learns from 8 cases of polyps and chooses the best epoch by 1 others.")
    assert said["Phrases"] == "“polyp”"
    assert "stay as they are" in said["Model"]
    assert said["Learns"].endswith("Learned tokens enter 6 of 6 image layers.")
    assert said["Training"].startswith("At most 16 epochs of steps of 16 images, learning rate 0.05.")
    assert str(wizard.out) in said["Writes"]
    wizard.choose_strategy("full_finetune")
    wizard.draft.image_values = {"augment": "none", "flip_horizontal": True}
    wizard.draft.training_values[wizard.draft.key] = {"epochs": 3, "min_epochs": 1, "patience": 2, "start_from": "/r/a"}
    said = dict(step.words.sentences())
    assert "Some of its own weights learn" in said["Model"]
    assert "begins with what /r/a learned" in said["Learns"]
    assert "stops when 2 epochs brought nothing better." in said["Training"]
    assert said["Images"] == "Training images are used as they are. Some are left and right exchanged."


def test_costs_stand_beside_what_there_is(step: ReviewStep, qtbot: QtBot) -> None:
    def shown(name: str) -> str:
        found = step.findChild(QLabel, name)
        assert found is not None
        return found.text()

    step.show_estimate({"words": "Measuring what this would take…"})
    assert (shown("cost_time"), shown("reviewEstimate")) == ("–", "Measuring what this would take…")
    found = {"total": 200.0, "first_epoch": 25.0, "memory": 1.2e9, "available": 8e9, "disk": 3e6, "words": "x"}
    step.show_estimate(found)
    assert [shown(f"cost_{name}") for name in ("time", "memory", "disk")] == ["3 min 20 s", "1.2 GB", "3 MB"]
    assert shown("costOf_memory") == "of 8.0 GB available"
    qtbot.waitUntil(lambda: shown("costOf_disk").endswith(" free"))
    assert step.problem() == ""
    step.show_estimate({**found, "disk": 10**18})
    assert "no room" in step.problem()
    step.show_outlook(Seen("9,216 numbers learn", ("The phrase is cut.",)))
    assert shown("reviewLearned") == "9,216 numbers learn"
    assert shown("reviewWarnings") == "The phrase is cut."


def test_every_text_can_be_copied_and_saved_in_another_language(qtbot: QtBot, wizard: Wizard, qapp: Any) -> None:
    translator = MadeUp("long")
    qapp.installTranslator(translator)
    try:
        step = ReviewStep(wizard)
        qtbot.addWidget(step)
    finally:
        qapp.removeTranslator(translator)
    for name in ("saveRecipe", "copyRecipe", "copyCommand", "copyPython"):
        assert step.findChild(QPushButton, name) is not None, name
