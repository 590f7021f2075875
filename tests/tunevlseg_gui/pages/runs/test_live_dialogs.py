"""Forking a run and changing it while it runs, on the real engine and real run folders."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.contract import wire
from engine.contract.commands import Set
from engine.contract.events import EpochEnded, Event, SettingChanged, SettingRefused
from engine.recipe import make_recipe
from engine.runs import layout, queue
from engine.runs.folders import runs_folder
from engine.runs.writer import RunWriter, read_metrics
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.live_adjust import AdjustDialog
from tunevlseg_gui.pages.runs.live_fork import ForkDialog

WAIT = 60_000


@pytest.fixture
def run(tiny_weights: Path) -> Path:
    """A run of four epochs, of which 2, 3 and 4 are kept and 2 is the best; its rate was changed in epoch 4."""
    values: dict[str, Any] = {
        "name": "parent",
        "data": {"folder": "/nowhere"},
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 2},
        "training": {"epochs": 8, "learning_rate": 0.01, "keep_epochs": 3},
    }
    writer = RunWriter.create(runs_folder() / "parent", make_recipe(values).to_yaml(), {"device": "cpu"})

    def fill(epoch: int, dice: float) -> None:
        progress = {"epoch": epoch, "best_epoch": min(epoch, 2), "best_dice": 0.6, "lowest_loss": 0.5, "stalled": 0}
        schedule = {"step_count": 3, "factor": 1.0, "best": 0.5, "bad_epochs": 0}
        state = {"epoch": epoch, "whole": True, "progress": progress, "schedule": schedule}
        state |= {"metrics": {"val_dice": dice}, "set": {"learning_rate": 0.05} if epoch == 4 else {}}

        def write(folder: Path) -> None:
            (folder / layout.STATE).write_text(json.dumps(state))
            for name in (layout.LEARNER, layout.OPTIMISER):
                (folder / name).write_bytes(b"weights of a test")

        writer.row({"epoch": epoch, "val_dice": dice, "seconds": 1.0})
        writer.epoch(epoch, write, best=epoch <= 2, keep=3)

    for epoch, dice in ((1, 0.4), (2, 0.6), (3, 0.5), (4, 0.55)):
        fill(epoch, dice)
    (writer.folder / layout.CHANGES).write_text(
        json.dumps({"command": "set", "key": "training.learning_rate", "value": 0.05, "epoch": 4, "step": 1}) + "\n"
    )
    return writer.folder


@pytest.fixture
def real(qapp: object) -> Iterator[EngineClient]:
    queue.hold(True)  # what is started here waits: there is no data to tune on
    made = EngineClient()
    yield made
    made.close()


def test_epochs_that_the_run_puts_away_meanwhile_are_no_longer_offered(
    real: EngineClient, qtbot: QtBot, run: Path
) -> None:
    dialog = ForkDialog(real, run)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.form is not None, timeout=WAIT)
    dialog.epoch.setCurrentIndex(1)
    form = dialog.form
    assert form is not None
    form.put("learning_rate", 0.5)
    for epoch in (5, 6, 7):
        shutil.copytree(layout.epoch_folder(run, 3), layout.epoch_folder(run, epoch))
    shutil.rmtree(layout.epoch_folder(run, 3))
    shutil.rmtree(layout.epoch_folder(run, 4))
    dialog.name.setText("by hand")
    real.run_event.emit(str(run), EpochEnded("j", 7, 8, {}, False, None))
    qtbot.waitUntil(lambda: dialog.kept is not None and dialog.kept.epoch == 5, timeout=WAIT)
    assert [dialog.epoch.itemText(at)[0] for at in range(dialog.epoch.count())] == ["7", "6", "5", "2"]
    assert dialog.name.text() == "by hand"
    assert dialog.form is form, "nobody loses the field they type in"
    assert dialog.changes == {"training.learning_rate": 0.5}


def test_a_fork_begins_with_the_chosen_epoch_and_what_was_changed(real: EngineClient, qtbot: QtBot, run: Path) -> None:
    dialog = ForkDialog(real, run)
    qtbot.addWidget(dialog)
    dialog.show()
    heard: list[Path] = []
    dialog.started.connect(heard.append)
    qtbot.waitUntil(lambda: dialog.form is not None, timeout=WAIT)
    shown = [dialog.epoch.itemText(at) for at in range(dialog.epoch.count())]
    assert shown == ["4, Dice 0.550", "3, Dice 0.500", "2, Dice 0.600, the best"]
    assert dialog.form is not None
    assert dialog.form.values()["learning_rate"] == 0.05
    assert "Nothing is changed" in dialog.summary.text()
    dialog.form.put("patience", 5)
    dialog.epoch.setCurrentIndex(2)
    assert dialog.form.values()["learning_rate"] == 0.01
    assert dialog.changes == {"training.patience": 5}
    assert dialog.name.text() == "parent (fork at 2)"
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(heard), timeout=WAIT)
    [made] = heard
    assert [row["epoch"] for row in read_metrics(made)] == [1, 2]
    assert yaml.safe_load((made / layout.RECIPE).read_text())["training"]["patience"] == 5
    qtbot.waitUntil(lambda: queue.read_queue().waiting == (made,), timeout=WAIT)


def test_what_a_fork_cannot_be_is_told_at_its_field(real: EngineClient, qtbot: QtBot, run: Path) -> None:
    dialog = ForkDialog(real, run)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.form is not None, timeout=WAIT)
    assert dialog.form is not None
    dialog.form.put("epochs", 4)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "are over after epoch 4" in dialog.form._told["epochs"].text(), timeout=WAIT)
    assert dialog.start.isEnabled()
    assert [path.name for path in runs_folder().iterdir() if path.is_dir()] == ["parent"]


def test_settings_are_asked_of_the_run_and_its_answers_told(client: EngineClient, qtbot: QtBot, run: Path) -> None:
    client.watch(run)
    dialog = AdjustDialog(client, run)
    qtbot.addWidget(dialog)
    dialog.show()
    told: list[str] = []
    closed: list[int] = []
    dialog.told.connect(told.append)
    dialog.finished.connect(closed.append)
    qtbot.waitUntil(dialog.form.isEnabled, timeout=WAIT)
    assert dialog.form.values() == {"learning_rate": 0.05, "patience": 12, "epochs": 8}
    assert not dialog.apply.isEnabled()
    dialog.form.put("learning_rate", 0.2)
    dialog.form.put("epochs", 3)
    qtbot.mouseClick(dialog.apply, Qt.MouseButton.LeftButton)
    path = run / layout.COMMANDS
    qtbot.waitUntil(lambda: path.exists() and len(path.read_text().splitlines()) == 2, timeout=WAIT)
    given = [wire.command_from_line(line) for line in path.read_text().splitlines()]
    assert given == [Set("training.learning_rate", 0.2), Set("training.epochs", 3)]

    answer(run, SettingChanged("j", "training.learning_rate", 0.2, 5, 2))
    answer(run, SettingRefused("j", "training.epochs: epoch 5 has begun.", "Choose 5 or more.", "training.epochs"))
    qtbot.waitUntil(lambda: "epoch 5 has begun" in dialog.form._told["epochs"].text(), timeout=WAIT)
    assert told == ["Learning rate is 0.2 now."]
    assert not closed
    dialog.form.put("epochs", 9)
    qtbot.mouseClick(dialog.apply, Qt.MouseButton.LeftButton)
    answer(run, SettingChanged("j", "training.epochs", 9, 5, 3))
    qtbot.waitUntil(lambda: bool(closed), timeout=WAIT)


def test_a_change_needs_no_mouse(client: EngineClient, qtbot: QtBot, run: Path) -> None:
    """The first field has the keyboard, and Enter in it applies what was typed rather than closing the dialog."""
    client.watch(run)
    dialog = AdjustDialog(client, run)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(dialog.form.isEnabled, timeout=WAIT)
    field = dialog.focusWidget()
    assert isinstance(field, QLineEdit)
    assert field.objectName() == "adjust_learning_rate"
    field.selectAll()
    qtbot.keyClicks(field, "0.2")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    path = run / layout.COMMANDS
    qtbot.waitUntil(lambda: path.exists() and len(path.read_text().splitlines()) == 1, timeout=WAIT)
    assert wire.command_from_line(path.read_text()) == Set("training.learning_rate", 0.2)
    assert dialog.isVisible()


def test_tab_goes_through_a_fork_as_it_is_read(real: EngineClient, qtbot: QtBot, run: Path) -> None:
    dialog = ForkDialog(real, run)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.form is not None, timeout=WAIT)
    first = dialog.form
    dialog.epoch.setCurrentIndex(1)  # the form is made anew
    assert dialog.form is not None
    assert dialog.form is not first
    qtbot.waitUntil(lambda: stops(dialog).count("fork_patience") == 1 and dialog.form.isVisible(), timeout=WAIT)
    assert stops(dialog)[:4] == ["forkEpoch", "forkName", "fork_learning_rate", "fork_patience"]
    dialog.form.show_expert(True)
    qtbot.waitUntil(lambda: "fork_flip_horizontal" in stops(dialog), timeout=WAIT)
    assert stops(dialog)[-3:] == ["forkCommand", "forkClose", "forkStart"]


def stops(dialog: ForkDialog) -> list[str]:
    """Where Tab halts, from the epoch on."""
    found, widget = [dialog.epoch.objectName()], dialog.epoch.nextInFocusChain()
    while widget is not dialog.epoch:
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(widget.objectName())
        widget = widget.nextInFocusChain()
    return [name for name in found if name and not name.startswith("qt_")]


def answer(run: Path, event: Event) -> None:
    RunWriter(run).event(event)
