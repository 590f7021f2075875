"""Work that listens to nobody, on a thread of its own, so that a cancel is heard while it goes on.

Tracing a network takes up to a minute inside libraries that cannot be asked to stop. The caller waits here, tells the
progress, and leaves as soon as the token says so; what was begun then ends by itself and its result is dropped. It may
write into a folder of its own only: that folder is gone by then, which ends it the sooner.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from engine.contract.control import CancelToken

Result = TypeVar("Result")

_one_at_a_time = threading.Lock()
"""The tracer changes global state: a second one must not begin before one that was left behind has ended."""

# An interpreter that is torn down under a library at work crashes. Commands and workers leave by os._exit and do not
# come here; whoever uses the engine otherwise waits for what was left behind.
atexit.register(_one_at_a_time.acquire, timeout=120)

_LOOK_EVERY_S = 0.05
_TELL_EVERY_S = 1.0


def aside(work: Callable[[], Result], cancel: CancelToken, tell: Callable[[], None] = lambda: None) -> Result:
    """What `work` returns; raises what it raises, or Cancelled at once. `tell` is called every second."""
    outcome: list[Result] = []
    problem: list[BaseException] = []
    over = threading.Event()

    def run() -> None:
        try:
            with _one_at_a_time:
                if not cancel.cancelled:
                    outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            problem.append(error)
        finally:
            over.set()

    thread = threading.Thread(target=run, name="export", daemon=True)
    thread.start()
    told = time.monotonic()
    while not over.wait(_LOOK_EVERY_S):
        cancel.check()
        if time.monotonic() - told >= _TELL_EVERY_S:
            told = time.monotonic()
            tell()
    cancel.check()
    if problem:
        raise problem[0]
    return outcome[0]
