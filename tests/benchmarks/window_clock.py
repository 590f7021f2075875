"""What benchmarks of the window measure with: how late its event loop is, how long its thread works in a piece."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

TICK_MS = 5
Ticks = tuple[list[float], list[float]]


def lateness(seconds: float, over: Callable[[], bool] = lambda: False) -> Ticks:
    """Milliseconds between the ticks of a timer beyond its own, and of the thread's processor time between them; for so
    long, or until `over` says so."""
    late: list[float] = []
    busy: list[float] = []
    last, last_busy = time.perf_counter(), time.thread_time()

    def tick() -> None:
        nonlocal last, last_busy
        now, now_busy = time.perf_counter(), time.thread_time()
        late.append(max(0.0, (now - last) * 1000 - TICK_MS))
        busy.append((now_busy - last_busy) * 1000)
        last, last_busy = now, now_busy

    loop, timer, end = QEventLoop(), QTimer(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(TICK_MS)
    end.timeout.connect(lambda: loop.quit() if over() else None)
    end.start(200)
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    timer.stop()
    return late[1:], busy[1:]


class Pieces:
    """Processor time of the window's thread from one turn of its event loop to the next, told for each step."""

    def __init__(self, app: Any, interval_ms: int) -> None:
        self._app = app
        self._found: list[float] = []
        self._last = time.thread_time()
        self._timer = QTimer()
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.thread_time()
        self._found.append(1000 * (now - self._last))
        self._last = now

    def until(self, done: Callable[[], Any], title: str) -> None:
        """Lets the window work until `done`, then tells how long that took and its longest pieces."""
        assert isinstance(self._app, QApplication)
        self._found.clear()
        began = time.monotonic()
        while not done():
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        longest = ", ".join(f"{piece:.0f}" for piece in sorted(self._found, reverse=True)[:3])
        sys.stdout.write(f"{title:34} {time.monotonic() - began:6.2f} s; longest pieces of work: {longest} ms\n")


def rest(seconds: float) -> Callable[[], bool]:
    """True once so many seconds have gone by."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
