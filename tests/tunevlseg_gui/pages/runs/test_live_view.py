"""A run while its events arrive: where it stands, what can be done, and what a fork has of its parent."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.contract.events import EpochEnded, JobFinished, JobStarted, Log, Paused, SettingChanged
from tunevlseg_gui.pages.runs.live_view import LiveView


@pytest.fixture
def view(qtbot: QtBot, tmp_path: Path) -> LiveView:
    made = LiveView()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    made.show_run(tmp_path / "run", "run", "")
    return made


def ended(epoch: int, dice: float, *, best: bool = False) -> EpochEnded:
    metrics = {"epoch": epoch, "train_loss": 0.4, "val_loss": 0.5, "train_dice": dice, "val_dice": dice, "seconds": 2.0}
    return EpochEnded("j", epoch, 20, metrics, best, 7, "cpu", 12.34, 640_000_000)


def test_where_it_stands_is_told(view: LiveView, qtbot: QtBot) -> None:
    for event in (JobStarted("j", "tune", ""), ended(1, 0.5, best=True), ended(2, 0.4), Log("j", "hello")):
        view.take(event)
    view.draw()
    told = {name: number.text() for name, number in view.facts.numbers.items()}
    assert told == {"epoch": "2 of 20", "dice": "0.400", "best": "0.500 (1)", "left": "36 s", "patience": "7"}
    assert view.facts.machine.text() == "processor  ·  12.3 images/s  ·  640 MB"
    assert view.log.toPlainText() == "hello"
    assert view.dice.best == (1, 0.5)
    view.take(SettingChanged("j", "training.patience", 3, 3, 1))
    view.draw()
    assert view.log.toPlainText().splitlines()[-1] == "training.patience is 3 from epoch 3, step 1 on"


def test_what_can_be_done_follows_what_it_does(view: LiveView) -> None:
    def offered() -> set[str]:
        view.draw()
        known = {
            name: getattr(view, name)
            for name in ("pause", "stop", "cancel", "adjust", "leave_queue", "resume", "export")
        }
        return {name for name, button in known.items() if not button.isHidden()}

    view.show_waiting(2)
    assert offered() == {"leave_queue"}
    assert view.phase.text() == "Waiting in the queue"
    view.show_waiting(None)
    assert offered() == {"pause", "stop", "cancel", "adjust"}
    view.take(JobStarted("j", "tune", ""))
    view.take(ended(1, 0.5))
    view.take(Paused("j"))
    assert offered() == {"pause", "stop", "cancel", "adjust"}
    assert view.pause.text() == "Go on"
    view.take(JobFinished("j", {}))
    assert offered() == {"export"}
    assert view.fork.isEnabled()


@pytest.mark.parametrize("events_first", [True, False])
def test_a_fork_has_its_parents_first_part(view: LiveView, events_first: bool) -> None:
    rows = [{"epoch": float(epoch), "val_dice": epoch / 10, "val_loss": 0.5, "seconds": 6.0} for epoch in (1, 2, 3)]
    if events_first:
        view.take(ended(3, 0.9, best=True))
    view.show_metrics(rows if events_first else rows[:2], 20, 100.0)
    if not events_first:
        assert (view.state.epoch, view.state.epochs) == (2, 20)
        assert view.state.seconds_left == 100.0
        view.take(ended(3, 0.9, best=True))
    view.draw()
    assert [epoch for epoch, _ in view.dice.points("val")] == [1, 2, 3]
    assert view.dice.points("val")[0] == (1, 0.1)
    assert view.state.best == (3, 0.9)
    assert view.state.epoch == 3
    assert view.dice.series("val").minutes[:2].tolist() == [0.1, 0.2]


def test_many_events_are_drawn_once(view: LiveView, qtbot: QtBot) -> None:
    drawn: list[int] = []
    view._timer.timeout.connect(lambda: drawn.append(view.state.epoch))
    for epoch in range(1, 301):
        view.take(ended(epoch, 0.5))
    qtbot.waitUntil(lambda: bool(drawn), timeout=5000)
    assert drawn == [300]
