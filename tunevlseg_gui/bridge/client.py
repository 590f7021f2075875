"""EngineClient: what pages use to ask the engine and to hear it. Lives on the window's thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.contract import wire
from engine.contract.commands import Cancel, Command, Pause, Resume, StopKeepBest
from engine.contract.events import ENDINGS, Event
from engine.contract.jobs import Job, Tune
from engine.contract.whole_file import told, write_text
from engine.runs.layout import JOB
from tunevlseg_gui.bridge.engine_thread import EngineThread

Listener = Callable[[Event], None]


class EngineClient(QObject):
    """Jobs out, events in.

    Short jobs go to one serving worker, in order; `event` tells all that it says and each page picks its job by
    `job_id` (or passes a `listener` to `submit`). Runs live in workers of their own; `run_event` tells what they
    append to their folders.
    """

    event = Signal(object)  # engine.contract.events.Event of a served job
    run_event = Signal(str, object)  # run folder, Event
    run_life = Signal(str, bool)  # run folder, a living worker holds it
    worker_state = Signal(str)  # starting | ready | busy | lost | stopped

    _submit = Signal(str, object)
    _cancel = Signal(str)
    _send = Signal(object)
    _warm_up = Signal()
    _watch = Signal(str)
    _unwatch = Signal(str)
    _start_run = Signal(str, str)
    _tell_run = Signal(str, object)

    def __init__(self, program: list[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listeners: dict[str, Listener] = {}
        self.thread_ = EngineThread(program)
        service, runs = self.thread_.service, self.thread_.runs
        queued = Qt.ConnectionType.QueuedConnection
        self._submit.connect(service.submit, queued)
        self._cancel.connect(service.cancel, queued)
        self._send.connect(service.send, queued)
        self._warm_up.connect(service.warm_up, queued)
        self._watch.connect(runs.watch, queued)
        self._unwatch.connect(runs.unwatch, queued)
        self._start_run.connect(runs.start_run, queued)
        self._tell_run.connect(runs.tell, queued)
        service.event.connect(self._heard, queued)
        service.state.connect(self.worker_state, queued)
        runs.event.connect(self.run_event, queued)
        runs.life.connect(self.run_life, queued)
        self.thread_.start()

    def warm_up(self) -> None:
        """Starts the worker before the first job: it takes a moment to import what it needs."""
        self._warm_up.emit()

    def submit(self, job: Job, listener: Listener | None = None) -> str:
        """Puts a job in line and returns its id; `listener` hears the events of this job only, until it ends."""
        job_id = uuid.uuid4().hex[:12]
        if listener is not None:
            self._listeners[job_id] = listener
        self._submit.emit(job_id, job)
        return job_id

    def cancel(self, job_id: str) -> None:
        """Ends a waiting job at once and a running one within seconds; JobCancelled follows."""
        self._cancel.emit(job_id)

    def send(self, command: Command) -> None:
        """A command for the serving worker's job."""
        self._send.emit(command)

    def start_run(self, job: Tune) -> Path:
        """Starts a tuning run in a worker of its own, which outlives the window; returns the run folder.

        `job.out` (or, to go on with a run, `job.resume`) names the folder. Raises DiskFull or InputError where the
        job file cannot be written.
        """
        folder = Path(job.resume or job.out)
        with told(folder):
            folder.mkdir(parents=True, exist_ok=True)
        job_id = f"tune-{uuid.uuid4().hex[:8]}"
        file = write_text(folder / JOB, wire.job_to_line(replace(job, out=job.out or str(folder)), job_id) + "\n")
        self._start_run.emit(str(folder), str(file))
        return folder

    def watch(self, run: Path) -> None:
        """Tells the run's events through `run_event`, from the first one, and goes on as long as it grows."""
        self._watch.emit(str(run))

    def unwatch(self, run: Path) -> None:
        self._unwatch.emit(str(run))

    def stop_run(self, run: Path, *, keep_best: bool = True) -> None:
        """Ends a run: after its epoch, keeping the best one, or at once (it can then be resumed)."""
        self._tell_run.emit(str(run), StopKeepBest() if keep_best else Cancel())

    def pause_run(self, run: Path) -> None:
        self._tell_run.emit(str(run), Pause())

    def resume_run(self, run: Path) -> None:
        """Lets a paused run go on. A run that ended is gone on with by `start_run(Tune(…, resume=…))`."""
        self._tell_run.emit(str(run), Resume())

    def close(self) -> None:
        """Ends the serving worker; detached runs go on."""
        self._listeners.clear()
        self.thread_.shut_down()

    @Slot(object)
    def _heard(self, event: Event) -> None:
        listener = self._listeners.get(event.job_id)
        if isinstance(event, ENDINGS):
            self._listeners.pop(event.job_id, None)
        if listener is not None:
            listener(event)
        self.event.emit(event)
