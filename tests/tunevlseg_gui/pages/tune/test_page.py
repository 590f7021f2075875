"""The frame of the wizard: back and forth, what can be entered, what cannot and why, the keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.pages.tune.page import DATA, MODEL, REVIEW, STRATEGY, TunePage
from tunevlseg_gui.project import Project
from tunevlseg_gui.weights.store import WeightStore

STEPS = ("data", "model", "strategy", "settings", "review")


@pytest.fixture
def page(qtbot: QtBot, later: Any, project: Project) -> TunePage:
    made = TunePage(later, project)
    qtbot.addWidget(made)
    made.show()
    made.came_to_front()
    return made


def enabled(page: QWidget, name: str) -> bool:
    found = page.findChild(QPushButton, name)
    assert found is not None
    return found.isEnabled()


def test_a_step_can_be_entered_when_all_before_it_can_be_left(page: TunePage, later: Any) -> None:
    assert [enabled(page, f"step_{name}") for name in STEPS] == [True, True, False, False, False]
    later.describe()
    assert all(enabled(page, f"step_{name}") for name in STEPS)
    page.wizard.project.open(page.wizard.project.folder)  # looked at again
    assert [enabled(page, f"step_{name}") for name in STEPS] == [True, False, False, False, False]


def test_a_step_that_cannot_be_left_says_why(qtbot: QtBot, later: Any) -> None:
    page = TunePage(later, Project())
    qtbot.addWidget(page)
    assert not page.walk.next.isEnabled()
    assert page.walk.told.text() == page.walk.next.accessibleDescription() == "Open a dataset first."


def test_every_step_explains_itself_in_a_sentence(page: TunePage) -> None:
    for step in page.walk.all:
        assert step.title()
        assert step.sentence().endswith(".")


def test_the_keyboard_goes_back_and_forth_and_starts(page: TunePage, qtbot: QtBot, later: Any) -> None:
    later.describe()
    alt = Qt.KeyboardModifier.AltModifier
    page.activateWindow()
    page.walk.next.setFocus()
    for step in range(1, 5):
        qtbot.keyClick(page, Qt.Key.Key_Right, alt)
        assert page.walk.here == step
    qtbot.keyClick(page, Qt.Key.Key_Left, alt)
    assert page.walk.here == REVIEW - 1


class Panel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def enter(self) -> None:
        self.heard.append("enter")

    def leave(self) -> None:
        self.heard.append("leave")


def test_a_panel_hears_when_its_step_comes_and_goes(page: TunePage, later: Any) -> None:
    later.describe()
    panel = Panel()
    page.strategy_step.add_panel(panel, first=True)
    page.walk.show_step(STRATEGY)
    assert panel.isVisible()
    page.walk.show_step(DATA)
    page.walk.show_step(STRATEGY)
    page.hide()
    assert panel.heard == ["enter", "leave", "enter", "leave"]


def test_tab_stops_at_the_step_in_sight(page: TunePage, later: Any) -> None:
    later.describe()
    for step in (2, 0, 4):
        page.walk.show_step(step)
        buttons = [page.findChild(QPushButton, f"step_{name}") for name in STEPS]
        stops = [bool(made.focusPolicy() & Qt.FocusPolicy.TabFocus) for made in buttons if made is not None]
        assert stops == [number == step for number in range(5)]


def test_what_is_told_of_new_weights_goes_with_its_step(page: TunePage, later: Any) -> None:
    later.describe()
    page.walk.show_step(MODEL)
    told: list[Any] = []
    page.notice.connect(told.append)
    WeightStore.of(later).notice.emit(Notice("tiny is installed.", "It can be chosen in the wizard.", "good"))
    assert (told[-1].message, told[-1].hint) == ("tiny is installed.", "It is chosen.")
    page.walk.show_step(STRATEGY)
    assert told[-1] is None


def test_a_strategy_that_one_model_cannot_take_comes_back_with_the_next(page: TunePage, later: Any) -> None:
    later.describe()
    page.walk.show_step(STRATEGY)
    assert page.draft.strategy == "vpt"
    page.prefer("starter-cris")
    assert page.draft.strategy != "vpt"
    page.prefer("starter")
    assert page.draft.strategy == "vpt"
    page.strategy_step.cards.choose("coop")
    page.prefer("starter-cris")
    assert page.draft.strategy == "coop"
