"""What a run's events say, without any window."""

from __future__ import annotations

from engine.contract.events import Degraded, EpochEnded, JobFailed, JobStarted, Paused, Resumed
from tunevlseg_gui.pages.runs.live_state import LiveState, in_words


def epoch(number: int, dice: float, *, best: bool = False) -> EpochEnded:
    return EpochEnded("j", number, 10, {"val_dice": dice, "seconds": 2.0}, best)


def test_best_epoch_and_time_left() -> None:
    state = LiveState()
    for event in (JobStarted("j", "tune", ""), epoch(1, 0.3, best=True), epoch(2, 0.6, best=True), epoch(3, 0.5)):
        state.take(event)
    assert state.best == (2, 0.6)
    assert state.seconds_left == 14.0
    assert state.phase == "running"


def test_pausing_and_going_on() -> None:
    state = LiveState()
    state.take(Paused("j"))
    assert state.phase == "paused"
    state.take(Resumed("j"))
    assert state.phase == "running"


def test_what_was_done_when_memory_ran_out_is_a_line_of_the_log() -> None:
    state = LiveState()
    state.take(Degraded("j", "Memory ran out: 4 images at a time instead of 8.", {"images_at_once": 4}))
    assert state.log == ["adapted: Memory ran out: 4 images at a time instead of 8."]
    assert not state.over


def test_a_lost_worker_leaves_a_run_to_resume_a_refused_recipe_does_not_look_so() -> None:
    lost, refused = LiveState(), LiveState()
    lost.take(JobFailed("j", "gone", error="WorkerLost"))
    refused.take(JobFailed("j", "bad", error="OutOfRange"))
    assert (lost.phase, refused.phase) == ("interrupted", "failed")


def test_times_in_words() -> None:
    assert [in_words(value) for value in (None, 5, 95, 1200, 4000)] == ["–", "5 s", "1 min 35 s", "20 min", "1 h 6 min"]
