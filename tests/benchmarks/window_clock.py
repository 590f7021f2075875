"""What benchmarks of the window measure with: how late its event loop is, how long its thread works, and at what."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

TICK_MS = 5
LOOK_S = 0.0005
WINDOW = Path(__file__).resolve().parents[2] / "tunevlseg_gui"
Ticks = tuple[list[float], list[float]]


class Pulse:
    """A timer that is due each TICK_MS: `late`, milliseconds that each tick comes later than that, which something else
    held the loop for; `busy`, of the thread's processor time since the tick before."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.busy: list[float] = []
        self._last, self._last_busy = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def take(self) -> Ticks:
        """`late` and `busy` since the last take."""
        taken = (self.late, self.busy)
        self.late, self.busy = [], []
        return taken

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now, now_busy = time.perf_counter(), time.thread_time()
        self.late.append(max(0.0, (now - self._last) * 1000 - TICK_MS))
        self.busy.append((now_busy - self._last_busy) * 1000)
        self._last, self._last_busy = now, now_busy


def lateness(seconds: float, over: Callable[[], bool] = lambda: False) -> Ticks:
    """`late` and `busy` of a pulse for so long, or until `over` says so."""
    loop, end, pulse = QEventLoop(), QTimer(), Pulse()
    end.timeout.connect(lambda: loop.quit() if over() else None)
    end.start(200)
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    pulse.stop()
    late, busy = pulse.take()
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


class Witness:
    """Says what the window's thread was at: another thread looks at its stack twice a millisecond, from `with` on.

    Looking costs a little: figures come from rounds without it, names from one more round with it.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._seen: list[tuple[float, str]] = []
        self._over = threading.Event()
        self._looker = threading.Thread(target=self._look, name="witness", daemon=True)

    def __enter__(self) -> Witness:
        self._looker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looker.join()

    def told(self, began: float, ended: float, most: int = 3) -> str:
        """The functions in which most looks between two `time.perf_counter()` found it: the window's own, innermost."""
        found = Counter(where for at, where in self._seen if began <= at <= ended)
        total = sum(found.values())
        return ", ".join(f"{where} {100 * count // total} %" for where, count in found.most_common(most))

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            self._seen.append((time.perf_counter(), self._where(sys._current_frames().get(self._thread))))

    def _where(self, frame: FrameType | None) -> str:
        while frame is not None:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(WINDOW):
                return f"{path.relative_to(WINDOW)}:{frame.f_code.co_name}"
            frame = frame.f_back
        return "Qt alone"


def rest(seconds: float) -> Callable[[], bool]:
    """True once so many seconds have gone by."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
