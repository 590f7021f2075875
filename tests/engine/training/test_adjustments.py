"""Settings that change while a run goes on: when they count, what is refused, what a resumed run makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.contract.commands import Set
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, EngineError
from engine.contract.events import EpochEnded, Event, Progress
from engine.runs import layout
from engine.runs.writer import read_metrics
from engine.training.adjustments import Adjustments, Change, noted_changes
from engine.training.checkpoint import load_checkpoint
from engine.training.config import TrainingConfig
from engine.training.loop import Trainer

Make = Callable[..., Trainer]
DEEP = {"prompt_depth": 2}


class Asking:
    """Asks for changes as the run comes to a place, and keeps what is told."""

    def __init__(self, *wishes: tuple[str, Set]) -> None:
        self.wishes = dict(wishes)
        self.told: list[Change] = []
        self.refused: list[tuple[Set, EngineError]] = []
        self.adjustments = Adjustments(
            (), self.told.append, lambda command, error: self.refused.append((command, error))
        )
        self.ended: list[EpochEnded] = []

    def hear(self, event: Event) -> None:
        if isinstance(event, EpochEnded):
            self.ended.append(event)
        place = f"{event.stage} {event.done:.0f}" if isinstance(event, Progress) else type(event).__name__
        if place in self.wishes:
            self.adjustments.ask(self.wishes.pop(place))

    def trainer(self, make: Make, **settings: Any) -> Trainer:
        trainer = make(settings=DEEP, emit=self.hear, **settings)
        trainer.adjustments = self.adjustments
        return trainer


def rates(trainer: Trainer) -> list[float]:
    return [row["learning_rate"] for row in read_metrics(trainer.sink.folder)]  # type: ignore[attr-defined]


def test_a_rate_counts_from_the_next_step_and_is_told(make_trainer: Make) -> None:
    asking = Asking(("epoch 2/4: tuning 3", Set("training.learning_rate", 0.5)))
    trainer = asking.trainer(make_trainer, epochs=4, schedule="constant")
    trainer.fit()
    assert rates(trainer) == [0.01, 0.01, 0.5, 0.5]
    assert asking.told == [Change("learning_rate", 0.5, 3, 1)]


def test_more_epochs_and_patience(make_trainer: Make) -> None:
    asking = Asking(("epoch 2/2: validating 2", Set("training.epochs", 5)))
    trainer = asking.trainer(make_trainer, epochs=2, min_epochs=0)
    assert trainer.fit().epochs == 5
    assert [event.epochs for event in asking.ended] == [2, 2, 5, 5, 5]

    asking = Asking(("epoch 2/9: tuning 3", Set("training.patience", 1)))
    early = asking.trainer(make_trainer, folder="early", epochs=9, min_epochs=0, min_delta=1e6)
    fitted = early.fit()
    assert (fitted.ended, fitted.epochs) == ("early", 2)
    assert [event.patience_left for event in asking.ended] == [12, 11]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Set("training.batch_size", 2), "cannot change while a run goes on"),
        (Set("strategy.prompt_depth", 3), "cannot change"),
        (Set("training.learning_rate", "fast"), "training.learning_rate"),
        (Set("training.learning_rate", -1), "greater than 0"),
        (Set("training.patience", None), "training.patience"),
        (Set("training.epochs", 1), "epoch 2 has begun"),
        (Set(), "without a name"),
        (Set("training.learning_rate", {"a": 1}), "training.learning_rate"),
    ],
)
def test_what_cannot_be_is_told_and_the_run_goes_on(make_trainer: Make, command: Set, words: str) -> None:
    asking = Asking(("epoch 2/3: tuning 3", command))
    trainer = asking.trainer(make_trainer, epochs=3)
    assert trainer.fit().epochs == 3
    assert asking.told == []
    [(refused, error)] = asking.refused
    assert refused == command
    assert words in error.message


def test_a_resumed_run_meets_its_changes_again(make_trainer: Make, table_of: Callable[[Trainer], Any]) -> None:
    """Killed after a change that no checkpoint knows of yet: what was noted is in force at the same step again."""
    wish = ("epoch 3/4: tuning 1", Set("training.learning_rate", 0.2))
    common = {"epochs": 4, "schedule": "plateau", "plateau_patience": 0, "min_delta": 0.5}
    straight = Asking(wish)
    whole = straight.trainer(make_trainer, folder="straight", **common)
    whole.fit()

    cancel = CancelToken()
    first = Asking(wish)
    broken = first.trainer(make_trainer, folder="broken", cancel=cancel, **common)
    hear = first.hear

    def kill(event: Event) -> None:
        hear(event)
        if isinstance(event, Progress) and event.stage == "epoch 3/4: validating":
            cancel.cancel()

    broken.emit = kill
    with pytest.raises(Cancelled):
        broken.fit()
    noted = noted_changes([change.to_values() for change in first.told])
    assert noted == [Change("learning_rate", 0.2, 3, noted[0].step)]
    folder = broken.sink.folder  # type: ignore[attr-defined]
    again = make_trainer(settings=DEEP, folder="broken", **common)
    again.adjustments = Adjustments(noted)
    again.fit(load_checkpoint(layout.epoch_folder(folder, 2)))
    assert table_of(again) == table_of(whole)
    assert 0.2 in rates(again)

    # Later its checkpoints know the change themselves, whatever was noted.
    third = make_trainer(settings=DEEP, folder="broken", **{**common, "epochs": 5})
    third.fit(load_checkpoint(layout.epoch_folder(folder, 4)))
    assert third.config.learning_rate == 0.2


def test_damaged_lines_are_no_changes() -> None:
    lines: list[dict[str, Any]] = [
        {"command": "set", "key": "training.learning_rate", "value": 0.1, "epoch": 2, "step": 1},
        {"command": "set", "key": "training.device", "value": "cpu", "epoch": 2, "step": 1},
        {"command": "set", "key": "training.patience", "value": 3},
        {"command": "pause"},
    ]
    assert noted_changes(lines) == [Change("learning_rate", 0.1, 2, 1)]
    assert TrainingConfig().learning_rate != 0.1
