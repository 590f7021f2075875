"""How a job speaks and listens: an `emit` callable and a token that carries the user's wishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.contract.commands import Fork, Set
from engine.contract.errors import Cancelled
from engine.contract.events import Event, Progress

Emit = Callable[[Event], None]


class CancelToken:
    """Set from another thread, read by the job once per step.

    `check()` raises Cancelled after a cancel, and waits while paused; `waits` then hears True, and False when the job
    goes on. `sets` and `forks` hear those commands, on the thread that read them; most jobs leave them unheard.
    """

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()
        self._stop_keep_best = threading.Event()
        self.waits: Callable[[bool], None] = lambda waiting: None
        self.sets: Callable[[Set], None] = lambda command: None
        self.forks: Callable[[Fork], None] = lambda command: None

    def cancel(self) -> None:
        self._cancelled.set()
        self._running.set()

    def stop_keep_best(self) -> None:
        self._stop_keep_best.set()
        self._running.set()

    def pause(self) -> None:
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    @property
    def wants_stop_keep_best(self) -> bool:
        return self._stop_keep_best.is_set()

    def check(self) -> None:
        """Raises Cancelled after a cancel; waits while paused."""
        if not self._running.is_set():
            self.waits(True)
            self._running.wait()
            if not self._cancelled.is_set():
                self.waits(False)
        if self._cancelled.is_set():
            raise Cancelled


@dataclass
class Ticker:
    """Turns steps into `Progress` events with an estimate, at most ten a second."""

    emit: Emit
    job_id: str
    total: float
    unit: str
    stage: str = ""
    done: float = 0.0
    _started: float = field(default_factory=time.monotonic)
    _last: float = 0.0

    def step(self, count: float = 1.0) -> None:
        self.done += count
        now = time.monotonic()
        if now - self._last < 0.1 and self.done < self.total:
            return
        self._last = now
        spent = now - self._started
        eta = spent / self.done * (self.total - self.done) if self.done else None
        self.emit(Progress(self.job_id, self.done, self.total, self.unit, eta, self.stage))
