"""The settings step: phrases with their tokens, templates, expert settings, fields that the engine refuses."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.control import CancelToken
from engine.contract.events import JobFinished
from engine.contract.jobs import Describe, PreviewTokens
from engine.jobs import describe, preview_tokens
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.pages.tune.outlook import Seen
from tunevlseg_gui.pages.tune.settings_step import SettingsStep
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
def step(qtbot: QtBot, wizard: Wizard) -> SettingsStep:
    made = SettingsStep(wizard)
    qtbot.addWidget(made)
    made.show()
    made.enter()
    return made


def answer(later: Any) -> None:
    """The real tokens of the phrases that were asked last."""
    job = later.jobs(PreviewTokens)[-1]
    later.answer(PreviewTokens, JobFinished("job", preview_tokens.run(job, print, CancelToken(), "job")))


def shown(step: QWidget, name: str) -> list[str]:
    return [made.text() for made in step.findChild(QWidget, name).findChildren(QLabel)]


def test_a_phrase_shows_the_tokens_that_the_model_makes_of_it(step: SettingsStep, later: Any, qtbot: QtBot) -> None:
    answer(later)
    *tokens, count = shown(step, "phraseTokens_1")
    assert "".join(tokens).rstrip(".") == "polyp"
    assert count == f"{len(tokens)} of at most 30 tokens"
    edit = step.findChild(QLineEdit, "phrase_1")
    assert edit is not None
    asked = len(later.jobs(PreviewTokens))
    edit.clear()
    qtbot.keyClicks(edit, "large polyp")
    qtbot.waitUntil(lambda: len(later.jobs(PreviewTokens)) == asked + 1)  # not one for each key
    answer(later)
    assert "".join(shown(step, "phraseTokens_1")[:-1]).rstrip(".") == "largepolyp"


def test_a_phrase_that_is_cut_is_warned_of(step: SettingsStep, wizard: Wizard, later: Any, qtbot: QtBot) -> None:
    edit, told = step.findChild(QLineEdit, "phrase_1"), step.findChild(QLabel, "phraseTold_1")
    assert edit is not None
    assert told is not None
    edit.setFocus()
    edit.clear()
    qtbot.keyClicks(edit, "polyp in the colon " * 8 + "wall")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert wizard.project.labels[0].phrase.endswith("wall")
    qtbot.waitUntil(lambda: later.jobs(PreviewTokens)[-1].phrases[0].endswith("wall"))
    answer(later)
    assert told.isVisible()
    assert "does not see" in told.text()
    assert "wall" in told.text()


def test_learned_words_leave_less_room(step: SettingsStep, later: Any) -> None:
    step.show_outlook(Seen("", reserve=8))
    answer(later)
    assert shown(step, "phraseTokens_1")[-1].endswith("of at most 22 tokens")


def test_a_template_fills_all_phrases_and_is_taken_back_as_one(step: SettingsStep, wizard: Wizard) -> None:
    project = wizard.project
    project.put_labels([*project.labels, Label(2, "left_lung", "left lung", "#0072B2")])
    step.enter()
    box = step.findChild(QComboBox, "phraseTemplate")
    place = box.findData("photo")
    box.setCurrentIndex(place)
    box.activated.emit(place)
    assert [known.phrase for known in project.labels] == ["a photo of a polyp.", "a photo of a left lung."]
    assert step.findChild(QLineEdit, "phrase_2").text() == "a photo of a left lung."
    assert box.currentText() == "Template…"
    project.undo_stack.undo()
    assert [known.phrase for known in project.labels] == ["polyp", "left lung"]


def test_a_phrase_that_was_emptied_comes_back(step: SettingsStep, wizard: Wizard, qtbot: QtBot) -> None:
    edit = step.findChild(QLineEdit, "phrase_1")
    edit.clear()
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == wizard.project.labels[0].phrase == "polyp"


def test_a_changed_phrase_leaves_name_and_forms_as_they_are(step: SettingsStep, wizard: Wizard, qtbot: QtBot) -> None:
    qtbot.keyClicks(step.run_name, "-mine")
    name, form = step.run_name.text(), step.training
    wizard.project.change_label(1, "phrase", phrase="left polyp")
    step.enter()
    assert step.run_name.text() == name
    assert step.training is form
    step.images.put("flip_horizontal", True)
    assert "names a side" in step.problem()
    wizard.project.change_label(1, "phrase", phrase="polyp")
    step.enter()
    assert step.problem() == ""


def test_what_the_engine_refuses_is_told_at_its_field_and_holds_the_start(step: SettingsStep, qtbot: QtBot) -> None:
    why = "strategy.num_context: 40 learned tokens leave no room."
    step.show_outlook(Seen(warnings=(why,), refused=("strategy.num_context", why)))
    told = step.findChild(QLabel, "strategy_num_context_problem")
    assert told is not None
    assert told.text() == why
    assert step.problem() == why
    field = step.findChild(QSpinBox, "strategy_num_context")
    field.setValue(3)
    assert not told.text()
    assert step.problem() == ""


def test_expert_settings_open_in_all_forms_at_once(step: SettingsStep, qtbot: QtBot) -> None:
    step.expert.click()
    qtbot.waitUntil(lambda: _all_built(step))
    assert step.findChild(QWidget, "strategy_context_std") is not None
    step.expert.click()
    assert not step.findChild(QWidget, "strategy_context_std").isVisible()


def _all_built(step: SettingsStep) -> bool:
    forms = (step.strategy, step.training, step.images)
    return all(
        step.findChild(QWidget, f"{prefix}_{name}") is not None
        for prefix, form in zip(("strategy", "training", "data"), forms, strict=True)
        for name in form.specs
    )
