"""Work that hears no cancel, on a thread of its own, so that a cancel is heard while it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from engine.contract.control import CancelToken

Result = TypeVar("Result")

_LOOK_EVERY_S = 0.05


def wait_aside(
    work: Callable[[threading.Event], Result],
    cancel: CancelToken,
    tell: Callable[[], None] = lambda: None,
    *,
    every: float = 1.0,
    name: str = "aside",
) -> Result:
    """What `work` returns; raises what it raises, or Cancelled at once. `tell` is called every so many seconds.

    `work` is given an event that is set once nobody waits for it any more: it must then change nothing, and ends by
    itself.
    """
    outcome: list[Result] = []
    problem: list[BaseException] = []
    over, left = threading.Event(), threading.Event()

    def run() -> None:
        try:
            outcome.append(work(left))
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            problem.append(error)
        finally:
            over.set()

    threading.Thread(target=run, name=name, daemon=True).start()
    told = time.monotonic()
    try:
        while not over.wait(_LOOK_EVERY_S):
            cancel.check()
            if time.monotonic() - told >= every:
                told = time.monotonic()
                tell()
        cancel.check()
    finally:
        left.set()
    if problem:
        raise problem[0]
    return outcome[0]
