"""Work that listens to nobody, on a thread of its own, so that a cancel is heard while it goes on.

Tracing a network takes up to a minute inside libraries that cannot be asked to stop. The caller waits here, tells the
progress, and leaves as soon as the token says so; what was begun then ends by itself and its result is dropped. It may
write into a folder of its own only: that folder is gone by then, which ends it the sooner.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from typing import TypeVar

from engine.contract.aside import wait_aside
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled

Result = TypeVar("Result")

_one_at_a_time = threading.Lock()
"""The tracer changes global state: a second one must not begin before one that was left behind has ended."""

# An interpreter that is torn down under a library at work crashes. Commands and workers leave by os._exit and do not
# come here; whoever uses the engine otherwise waits for what was left behind.
atexit.register(_one_at_a_time.acquire, timeout=120)


def aside(work: Callable[[], Result], cancel: CancelToken, tell: Callable[[], None] = lambda: None) -> Result:
    """What `work` returns; raises what it raises, or Cancelled at once. `tell` is called every second."""

    def alone(left: threading.Event) -> Result:
        with _one_at_a_time:
            if left.is_set():
                raise Cancelled  # nobody waits for it any more
            return work()

    return wait_aside(alone, cancel, tell, name="export")
