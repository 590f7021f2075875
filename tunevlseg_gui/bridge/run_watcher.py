"""Follows runs whose workers live on their own: new lines of events.jsonl, whether the worker lives, and the queue.

A run is started through the queue: at once where the device is free, else when its turn has come.
"""

from __future__ import annotations

import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.contract import wire
from engine.contract.commands import Command
from engine.contract.errors import EngineError, RecipeError
from engine.contract.events import ENDINGS, Event, JobFailed, JobStarted, Progress
from engine.runs.commands import tell
from engine.runs.detached import OUTPUT
from engine.runs.folders import runs_folder
from engine.runs.layout import EVENTS
from engine.runs.lock import holder
from engine.runs.queue import Queue, busy_with, enqueue, hold, move, read_queue, remove, start_next
from tunevlseg_gui.bridge.outcome import outcome_in_words

TICK_MS = 200
LIFE_SECONDS = 1.0
START_PATIENCE = 120.0
"""Seconds that a worker started by somebody else may take to show its lock."""
CHUNK = 1 << 18
BATCH = 100
"""Events told at a time: a run of many hours that is opened must not hold up the window."""
BREATH_MS = 10


@dataclass
class Watched:
    """One run: how far its events were read, and the process where this window started it."""

    folder: Path
    offset: int = 0
    rest: bytes = b""
    over: bool = False
    alive: bool | None = None
    process: subprocess.Popen[bytes] | None = None
    asked: bool = False  # this window asked for a worker: one that never says a word is missed
    since: float = field(default_factory=time.monotonic)
    looked: float = 0.0
    job_id: str = ""
    untold: deque[Event] = field(default_factory=deque)
    telling: bool = False


class RunWatcher(QObject):
    """Lives on the engine thread; reads only new bytes, five times a second."""

    event = Signal(str, object)  # run folder, Event
    life = Signal(str, bool)  # run folder, a living worker holds it
    queue = Signal(object, object)  # Queue, Path of the run that has the device (None: nobody); where they changed

    def __init__(self, program: list[str]) -> None:
        super().__init__()
        self._program = program
        self._root = runs_folder()
        self._runs: dict[str, Watched] = {}
        self._timer: QTimer | None = None
        self._queue = Queue()
        self._queue_told: tuple[Queue, Path | None] | None = None
        self._queue_looked: float | None = None  # None: nobody asked for it yet

    @Slot()
    def watch_queue(self) -> None:
        """Tells the queue and its changes, and starts waiting runs as long as the device is free."""
        self._queue_told = None
        self._look_at_queue()
        self._start_timer()

    @Slot(str, int)
    def move_in_queue(self, folder: str, by: int) -> None:
        self._with_queue(folder, lambda: move(Path(folder), by, self._root))

    @Slot(str)
    def remove_from_queue(self, folder: str) -> None:
        self._with_queue(folder, lambda: remove(Path(folder), self._root))

    @Slot(bool)
    def hold_queue(self, on: bool) -> None:
        self._with_queue("", lambda: hold(on, self._root))

    @Slot(str)
    def put_in_queue(self, folder: str) -> None:
        """A run whose folder holds its job file."""
        self._with_queue(folder, lambda: enqueue(Path(folder), self._root))

    def _with_queue(self, folder: str, change: Callable[[], object]) -> None:
        try:
            change()
        except EngineError as error:
            self._tell_error(folder, error)
        self._look_at_queue()

    def _look_at_queue(self) -> None:
        self._queue_looked = time.monotonic()
        self._queue = read_queue(self._root)
        if self._queue.waiting and not self._queue.held:
            self._start_waiting()
        now = self._queue, busy_with(self._queue, self._root)
        if now != self._queue_told:
            self._queue_told = now
            self.queue.emit(*now)

    def _start_waiting(self) -> None:
        first = str(self._queue.waiting[0])
        try:
            started = start_next(self._program, self._root)
        except EngineError as error:
            if first in self._runs:
                self._runs[first].over = True
            self._tell_error(first, error)
            started = None
        if started is not None:
            folder, process = started
            # Watched also where nobody looks at it: the exit code of our own child is to be collected.
            known = self._runs.setdefault(str(folder), Watched(folder, offset=_size(folder / EVENTS)))
            known.process, known.over, known.since = process, False, time.monotonic()
        self._queue = read_queue(self._root)

    def _tell_error(self, folder: str, error: EngineError) -> None:
        self.event.emit(folder, JobFailed("", error.message, hint=error.hint, error=type(error).__name__))

    @Slot(str)
    def watch(self, folder: str) -> None:
        """Tells the run's events from its first one; a run watched already is told again from the start."""
        known = self._runs.get(folder)
        process, asked = (known.process, known.asked) if known else (None, False)
        self._runs[folder] = Watched(Path(folder), process=process, asked=asked)
        self._start_timer()
        self._tick()

    @Slot(str)
    def unwatch(self, folder: str) -> None:
        known = self._runs.get(folder)
        # The exit code of our own child is still to be collected.
        if known is not None and (known.process is None or known.process.poll() is not None):
            del self._runs[folder]

    @Slot(str)
    def start_run(self, folder: str) -> None:
        """Puts the run of a folder with a job file into the queue, starts it if it can be, and watches it."""
        self._runs[folder] = Watched(Path(folder), offset=_size(Path(folder) / EVENTS), asked=True)
        self.put_in_queue(folder)
        self._start_timer()

    @Slot(str, object)
    def tell(self, folder: str, command: Command) -> None:
        try:
            tell(Path(folder), command)
        except EngineError as error:
            self._tell_error(folder, error)

    @Slot()
    def shut_down(self) -> None:
        """Forgets the runs; their workers go on."""
        if self._timer is not None:
            self._timer.stop()
        self._runs.clear()

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = QTimer(self)
            self._timer.setInterval(TICK_MS)
            self._timer.timeout.connect(self._tick)
        self._timer.start()

    @Slot()
    def _tick(self) -> None:
        for folder, known in list(self._runs.items()):
            self._read_new(folder, known)
            if time.monotonic() - known.looked >= LIFE_SECONDS:
                known.looked = time.monotonic()
                self._look_after(folder, known)
        if self._queue_looked is not None and time.monotonic() - self._queue_looked >= LIFE_SECONDS:
            self._look_at_queue()

    def _read_new(self, folder: str, known: Watched) -> None:
        path = known.folder / EVENTS
        while True:
            try:
                with path.open("rb") as lines:
                    lines.seek(known.offset)
                    new = lines.read(CHUNK)
            except OSError:
                return
            if not new:
                break
            known.offset += len(new)
            *whole, known.rest = (known.rest + new).split(b"\n")
            for line in whole:
                self._take_line(known, line.decode("utf-8", errors="replace"))
        self._tell_some(folder, known)

    def _take_line(self, known: Watched, line: str) -> None:
        if not line.strip():
            return
        try:
            found: Event = wire.event_from_line(line)
        except RecipeError:
            return  # half a line after a power cut; the next one is whole again
        known.over = isinstance(found, ENDINGS)
        if isinstance(found, JobStarted):
            known.job_id = found.job_id
        if isinstance(found, Progress) and known.untold and isinstance(known.untold[-1], Progress):
            known.untold.pop()  # of steps that are over only the last one matters
        known.untold.append(found)

    def _tell_some(self, folder: str, known: Watched) -> None:
        """The first of what was read, and the rest soon, so that the window comes to something else in between."""
        if self._runs.get(folder) is not known:
            return  # watched anew meanwhile: it is told again from the start
        for _ in range(min(BATCH, len(known.untold))):
            self.event.emit(folder, known.untold.popleft())
        if known.untold and not known.telling:
            known.telling = True
            QTimer.singleShot(BREATH_MS, self, lambda: self._tell_on(folder, known))

    def _tell_on(self, folder: str, known: Watched) -> None:
        known.telling = False
        self._tell_some(folder, known)

    def _look_after(self, folder: str, known: Watched) -> None:
        code = known.process.poll() if known.process is not None else None
        ours_runs = known.process is not None and code is None
        lock = holder(known.folder)
        started = any(one.run == known.folder and one.alive for one in self._queue.active)
        alive = ours_runs or started or (lock is not None and lock.alive)
        if alive != known.alive:
            known.alive = alive
            self.life.emit(folder, alive)
        if known.folder in self._queue.waiting:
            known.since = time.monotonic()
            return
        if alive or known.over:
            return
        # Its last words may have been written between our last look and its end.
        self._read_new(folder, known)
        if known.over or known.untold or (known.process is None and lock is None and not self._ever_spoke(known)):
            return
        known.over = True
        if self._last_words(folder, known):
            return
        how = outcome_in_words(code) if code is not None else self.tr("ended without saying why")
        self.event.emit(
            folder,
            JobFailed(
                known.job_id,
                self.tr("The worker of {name} {how}.").format(name=known.folder.name, how=how),
                hint=self.tr("Every finished epoch is kept: press Resume to go on from the last one."),
                error="WorkerLost",
            ),
        )

    def _last_words(self, folder: str, known: Watched) -> bool:
        """A job that was refused before its run folder was made says so on its standard output only."""
        try:
            lines = (known.folder / OUTPUT).read_text(encoding="utf-8", errors="replace").splitlines()
            found = wire.event_from_line(lines[-1]) if lines else None
        except (OSError, RecipeError):
            return False
        if not isinstance(found, ENDINGS):
            return False
        self.event.emit(folder, found)
        return True

    def _ever_spoke(self, known: Watched) -> bool:
        """A study on which only other machines worked never does here, and nothing is wrong with it."""
        return known.offset > 0 or (known.asked and time.monotonic() - known.since > START_PATIENCE)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
