"""The strategy step: drawings, figures, reasons, advice."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine.contract.control import CancelToken
from engine.contract.events import JobFinished
from engine.contract.jobs import CheckRecipe, Describe, Estimate
from engine.jobs import describe
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.pages.tune.strategy_drawing import Entry, StrategyDrawing
from tunevlseg_gui.pages.tune.strategy_step import StrategyStep
from tunevlseg_gui.pages.tune.wizard import DomainShift, Wizard
from tunevlseg_gui.project import Project
from tunevlseg_gui.theme.look import look


@pytest.fixture
def wizard(later: Any, project: Project) -> Wizard:
    made = Wizard(later, project)
    made.put_catalogue(Catalogue.of(describe.run(Describe(), lambda event: None, CancelToken(), "job")))
    made.choose_weights("starter")
    return made


@pytest.fixture
def step(qtbot: QtBot, wizard: Wizard) -> StrategyStep:
    made = StrategyStep(wizard)
    qtbot.addWidget(made)
    made.show()
    made.look_ahead(True)
    made.enter()
    return made


def texts(step: StrategyStep, strategy: str) -> str:
    card = step.cards.card(strategy)
    assert card is not None
    return "\n".join(label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card))


def test_vpt_is_suggested_first_and_chosen(step: StrategyStep, wizard: Wizard) -> None:
    assert wizard.draft.strategy == "vpt"
    assert "suggested" in texts(step, "vpt")
    assert "suggested" not in texts(step, "coop")


def test_how_much_learns_and_how_long_it_takes_come_to_each_card(step: StrategyStep, later: Any) -> None:
    assert "counting what learns" in texts(step, "maple")
    for _ in range(11):
        later.answer(CheckRecipe, JobFinished("job", {"learned": 9216, "total": 3_853_026}))
    assert "9,216 numbers learn (0.24 %)" in texts(step, "maple")
    assert "measuring how long" in texts(step, "vpt")
    later.answer(Estimate, JobFinished("job", {"total": 50.0, "memory": 837_000_000}))
    assert "at most 50 s here" in texts(step, "vpt")
    assert "837 MB of memory" in texts(step, "vpt")


def test_what_the_weights_cannot_take_says_why(step: StrategyStep, wizard: Wizard) -> None:
    wizard.choose_weights("starter-cris")
    card = step.cards.card("vpt")
    assert card is not None
    assert not card.isEnabled()
    assert "Learns tokens in the image encoder; that of Starter CRIS takes none." in texts(step, "vpt")
    assert wizard.draft.strategy == "coop"


def test_strategies_that_learn_words_alone_are_advised_against_far_from_what_is_known(
    step: StrategyStep, wizard: Wizard
) -> None:
    wizard.put_shift(DomainShift("far", "far from what this model knows"))
    assert "Not advised here" in texts(step, "coop")
    assert "Not advised here" not in texts(step, "vpt") + texts(step, "maple")
    wizard.put_shift(DomainShift("near", ""))
    assert "Not advised here" not in texts(step, "coop")
    wizard.put_shift(DomainShift("far", ""))
    wizard.choose_weights("starter-cris")  # what was measured was measured with other weights
    assert "Not advised here" not in texts(step, "coop")


def accent_pixels(entry: Entry) -> int:
    drawing = StrategyDrawing(entry)
    image = drawing.grab().toImage()
    wanted = QColor(look().tokens["accent"]).rgb()
    return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def test_the_drawing_follows_depth_and_settings(step: StrategyStep, wizard: Wizard, qtbot: QtBot) -> None:
    shallow, deep = (Entry(("image",), 3, 6, 0, depth) for depth in (1, 6))
    assert 0 < accent_pixels(shallow) < accent_pixels(deep)
    assert accent_pixels(Entry((), 3, 6)) == 0
    drawing = step.cards.card("vpt").findChild(StrategyDrawing)
    assert drawing.accessibleName() == "Learned tokens enter 6 of 6 image layers."
    wizard.draft.strategy_values[("starter", "vpt")] = {"prompt_depth": 2, "upsampler": "blend"}
    step.enter()
    drawing = step.cards.card("vpt").findChild(StrategyDrawing)
    assert drawing.accessibleName() == "Learned tokens enter 2 of 6 image layers. A new upsampler learns."


def test_every_strategy_says_where_it_learns(wizard: Wizard) -> None:
    silent = [known.name for known in wizard.catalogue.strategies if not known.learns_at]
    assert silent == ["zero_shot"]
