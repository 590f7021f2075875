"""Follows runs whose workers live on their own: new lines of events.jsonl, and whether the worker still lives."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.contract import wire
from engine.contract.commands import Command
from engine.contract.errors import EngineError, RecipeError
from engine.contract.events import ENDINGS, Event, JobFailed, JobStarted
from engine.runs.commands import tell
from engine.runs.layout import EVENTS
from engine.runs.lock import holder
from tunevlseg_gui.bridge.launching import OUTPUT, start_detached
from tunevlseg_gui.bridge.outcome import outcome_in_words

TICK_MS = 200
LIFE_SECONDS = 1.0
START_PATIENCE = 120.0
"""Seconds that a worker started by another window may take to show its lock."""
CHUNK = 1 << 20


@dataclass
class Watched:
    """One run: how far its events were read, and the process where this window started it."""

    folder: Path
    offset: int = 0
    rest: bytes = b""
    over: bool = False
    alive: bool | None = None
    process: subprocess.Popen[bytes] | None = None
    since: float = field(default_factory=time.monotonic)
    looked: float = 0.0
    job_id: str = ""


class RunWatcher(QObject):
    """Lives on the engine thread; reads only new bytes, five times a second."""

    event = Signal(str, object)  # run folder, Event
    life = Signal(str, bool)  # run folder, a living worker holds it

    def __init__(self, program: list[str]) -> None:
        super().__init__()
        self._program = program
        self._runs: dict[str, Watched] = {}
        self._timer: QTimer | None = None

    @Slot(str)
    def watch(self, folder: str) -> None:
        """Tells the run's events from its first one; a run watched already is told again from the start."""
        known = self._runs.get(folder)
        process = known.process if known else None
        self._runs[folder] = Watched(Path(folder), process=process)
        self._start_timer()
        self._tick()

    @Slot(str)
    def unwatch(self, folder: str) -> None:
        known = self._runs.get(folder)
        # The exit code of our own child is still to be collected.
        if known is not None and (known.process is None or known.process.poll() is not None):
            del self._runs[folder]

    @Slot(str, str)
    def start_run(self, folder: str, job_file: str) -> None:
        """Starts the detached worker for a job file and watches the run."""
        known = Watched(Path(folder), offset=_size(Path(folder) / EVENTS))
        self._runs[folder] = known
        try:
            known.process = start_detached(self._program, Path(job_file))
        except EngineError as error:
            known.over = True
            self.event.emit(folder, JobFailed("", error.message, hint=error.hint, error=type(error).__name__))
            return
        self._start_timer()

    @Slot(str, object)
    def tell(self, folder: str, command: Command) -> None:
        try:
            tell(Path(folder), command)
        except EngineError as error:
            self.event.emit(folder, JobFailed("", error.message, hint=error.hint, error=type(error).__name__))

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
                return
            known.offset += len(new)
            *whole, known.rest = (known.rest + new).split(b"\n")
            for line in whole:
                self._tell_line(folder, known, line.decode("utf-8", errors="replace"))

    def _tell_line(self, folder: str, known: Watched, line: str) -> None:
        if not line.strip():
            return
        try:
            found: Event = wire.event_from_line(line)
        except RecipeError:
            return  # half a line after a power cut; the next one is whole again
        known.over = isinstance(found, ENDINGS)
        if isinstance(found, JobStarted):
            known.job_id = found.job_id
        self.event.emit(folder, found)

    def _look_after(self, folder: str, known: Watched) -> None:
        code = known.process.poll() if known.process is not None else None
        ours_runs = known.process is not None and code is None
        lock = holder(known.folder)
        alive = ours_runs or (lock is not None and lock.alive)
        if alive != known.alive:
            known.alive = alive
            self.life.emit(folder, alive)
        if alive or known.over:
            return
        # Its last words may have been written between our last look and its end.
        self._read_new(folder, known)
        if known.over or (known.process is None and lock is None and not self._ever_spoke(known)):
            return
        known.over = True
        if self._last_words(folder, known):
            return
        how = outcome_in_words(code) if code is not None else "ended without saying why"
        self.event.emit(
            folder,
            JobFailed(
                known.job_id,
                f"The worker of {known.folder.name} {how}.",
                hint="Every finished epoch is kept: press Resume to go on from the last one.",
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
        return known.offset > 0 or time.monotonic() - known.since > START_PATIENCE


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
