"""The driver's hand: it waits for conditions, stops at what the window tells, and presses what is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tunevlseg_gui.demo_driver.hand import Hand, StepFailed
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.main_window import MainWindow


@pytest.fixture
def hand(window: MainWindow, tmp_path: Path) -> Hand:
    return Hand(window, tmp_path, patience=20.0)


def test_it_presses_a_button_and_waits_for_what_follows(window: MainWindow, hand: Hand) -> None:
    hand.stage("demo", "Try the demo")
    hand.click("tryDemo")
    hand.wait("Opening the demo data", lambda: window.project.ready)
    hand.stage("rest", "Looking")
    seconds = hand.seconds()
    assert list(seconds) == ["demo", "rest", "all"]
    assert seconds["all"] >= seconds["demo"]


def test_an_error_in_the_window_ends_the_wait_with_its_message(window: MainWindow, hand: Hand) -> None:
    window.show_notice(Notice("The disk is full.", "Free some space.", "danger"))
    with pytest.raises(StepFailed, match="Saving: The disk is full") as stopped:
        hand.wait("Saving", lambda: False)
    assert stopped.value.hint == "Free some space."


def test_patience_ends(window: MainWindow, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="Nothing: not within 0 seconds"):
        Hand(window, tmp_path, patience=0.0).wait("Nothing", lambda: False)


def test_pictures_are_numbered_and_of_the_window(window: MainWindow, hand: Hand) -> None:
    paths = [hand.picture(name) for name in ("one", "two")]
    assert [path.name for path in paths] == ["01-one.png", "02-two.png"]
    assert Image.open(paths[0]).size == (window.width(), window.height())
