"""Pause and cancel, as the job that obeys them sees them."""

from __future__ import annotations

import threading

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled


def test_a_pause_is_told_by_the_job_that_waits() -> None:
    token, told, paused = CancelToken(), [], threading.Event()

    def hear(waiting: bool) -> None:
        told.append(waiting)
        if waiting:
            paused.set()

    token.waits = hear
    token.pause()
    assert told == []  # asked for, not yet obeyed
    job = threading.Thread(target=token.check)
    job.start()
    assert paused.wait(10)
    token.resume()
    job.join(10)
    assert not job.is_alive()
    assert told == [True, False]
    token.check()
    assert told == [True, False]


@pytest.mark.parametrize("paused", [True, False])
def test_cancel_acts_on_a_paused_job_too(paused: bool) -> None:
    token, told, ended, waiting = CancelToken(), [], threading.Event(), threading.Event()
    token.waits = lambda waits: (told.append(waits), waiting.set())  # type: ignore[func-returns-value]

    def work() -> None:
        try:
            while True:
                token.check()
        except Cancelled:
            ended.set()

    if paused:
        token.pause()
    job = threading.Thread(target=work)
    job.start()
    assert not paused or waiting.wait(10)
    token.cancel()
    assert ended.wait(10)
    job.join(10)
    assert told == ([True] if paused else [])
