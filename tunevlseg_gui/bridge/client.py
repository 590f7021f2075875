"""EngineClient: what pages use to ask the engine and to hear it. Lives on the window's thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from engine.contract import wire
from engine.contract.commands import Cancel, Command, Pause, Resume, Set, StopKeepBest
from engine.contract.events import ENDINGS, Event
from engine.contract.jobs import (
    Benchmark,
    CheckRecipe,
    ComparePhrases,
    Demo,
    DomainShift,
    DrawAnswers,
    Estimate,
    Evaluate,
    Export,
    FetchModel,
    ImportModel,
    ImportPack,
    InspectData,
    Job,
    ListRuns,
    Pack,
    PhraseEffect,
    PlanLabels,
    PrepareSamples,
    QuickLook,
    ReadStudy,
    ReadTournament,
    RepairData,
    Report,
    Search,
    SplitGain,
    SteerStudy,
    Tune,
)
from engine.contract.whole_file import told, write_text
from engine.runs.layout import JOB
from tunevlseg_gui.bridge.engine_thread import EngineThread

Listener = Callable[[Event], None]
ERRANDS = (
    Benchmark,  # its tables alone; tournaments have workers of their own
    CheckRecipe,
    ComparePhrases,
    Demo,
    DomainShift,
    DrawAnswers,
    Estimate,
    Evaluate,
    Export,
    ImportModel,
    ImportPack,
    InspectData,
    Pack,
    PhraseEffect,
    PrepareSamples,
    QuickLook,
    RepairData,
    SplitGain,
    Report,
)
"""Jobs that may take minutes; they wait for each other, not for the scan that is asked meanwhile."""
GLANCES = (ListRuns, ReadStudy, ReadTournament, SteerStudy)
"""Jobs of a second, which a page asks whenever it is shown: neither a scan nor an export may keep them waiting."""
DOWNLOADS = (FetchModel,)
"""Jobs that wait for a network: nothing else waits for them."""
_TELLING = ("busy", "starting", "lost", "ready", "stopped")


class EngineClient(QObject):
    """Jobs out, events in.

    Short jobs go to one serving worker, in order, ERRANDS to a second one, GLANCES to a third, DOWNLOADS to a fourth;
    `event` tells all that they say and each page picks its job by `job_id` (or passes a `listener` to `submit`). Runs
    live in workers of their own; `run_event` tells what they append to their folders.
    """

    event = Signal(object)  # engine.contract.events.Event of a served job
    run_event = Signal(str, object)  # run folder, Event
    run_life = Signal(str, bool)  # run folder, a living worker holds it
    queue_changed = Signal(object, object)  # engine.runs.queue.Queue, Path of the run that has the device or None
    worker_state = Signal(str)  # starting | ready | busy | lost | stopped

    _submit = Signal(str, object)
    _send_on_errand = Signal(str, object)
    _glance = Signal(str, object)
    _download = Signal(str, object)
    _cancel = Signal(str)
    _warm_up = Signal()
    _watch = Signal(str)
    _unwatch = Signal(str)
    _start_run = Signal(str)
    _watch_queue = Signal()
    _move_in_queue = Signal(str, int)
    _remove_from_queue = Signal(str)
    _hold_queue = Signal(bool)
    _tell_run = Signal(str, object)

    def __init__(self, program: list[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listeners: dict[str, Listener] = {}
        self.thread_ = EngineThread(program)
        self._states: dict[str, str] = {}
        service, errands, runs = self.thread_.service, self.thread_.errands, self.thread_.runs
        glances, downloads = self.thread_.glances, self.thread_.downloads
        queued = Qt.ConnectionType.QueuedConnection
        self._submit.connect(service.submit, queued)
        self._send_on_errand.connect(errands.submit, queued)
        self._glance.connect(glances.submit, queued)
        self._download.connect(downloads.submit, queued)
        for worker in (service, errands, glances, downloads):
            # One that does not know the job leaves it alone.
            self._cancel.connect(worker.cancel, queued)
            worker.event.connect(self._heard, queued)
        self._warm_up.connect(service.warm_up, queued)
        self._watch.connect(runs.watch, queued)
        self._unwatch.connect(runs.unwatch, queued)
        self._start_run.connect(runs.start_run, queued)
        self._tell_run.connect(runs.tell, queued)
        self._watch_queue.connect(runs.watch_queue, queued)
        self._move_in_queue.connect(runs.move_in_queue, queued)
        self._remove_from_queue.connect(runs.remove_from_queue, queued)
        self._hold_queue.connect(runs.hold_queue, queued)
        service.state.connect(self._service_state, queued)
        errands.state.connect(self._errands_state, queued)
        downloads.state.connect(self._downloads_state, queued)
        runs.event.connect(self.run_event, queued)
        runs.life.connect(self.run_life, queued)
        runs.queue.connect(self.queue_changed, queued)
        self.thread_.start()

    def warm_up(self) -> None:
        """Starts the worker before the first job: it takes a moment to import what it needs."""
        self._warm_up.emit()

    def submit(self, job: Job, listener: Listener | None = None) -> str:
        """Puts a job in line and returns its id; `listener` hears the events of this job only, until it ends."""
        job_id = uuid.uuid4().hex[:12]
        if listener is not None:
            self._listeners[job_id] = listener
        others = ((ERRANDS, self._send_on_errand), (GLANCES, self._glance), (DOWNLOADS, self._download))
        next((sent for kinds, sent in others if isinstance(job, kinds)), self._submit).emit(job_id, job)
        return job_id

    def cancel(self, job_id: str) -> None:
        """Ends a waiting job at once and a running one within seconds; JobCancelled follows."""
        self._cancel.emit(job_id)

    def start_run(self, job: Tune | Search | Benchmark | PlanLabels) -> Path:
        """Starts a run, study, tournament or label plan in a worker of its own, which outlives the window; returns its
        folder.

        Where another run has the device, it waits in the queue. `job.out` (of a run to go on with `job.resume`, of a
        study `job.folder`) names the folder. Raises DiskFull or InputError where the job file cannot be written.
        """
        match job:
            case Tune():
                folder = Path(job.resume or job.out)
                job = replace(job, out=job.out or str(folder))
            case Search():
                folder = Path(job.folder)
            case _:
                folder = Path(job.out)
        with told(folder):
            folder.mkdir(parents=True, exist_ok=True)
        job_id = f"{wire.snake(type(job).__name__)}-{uuid.uuid4().hex[:8]}"
        write_text(folder / JOB, wire.job_to_line(job, job_id) + "\n")
        self._start_run.emit(str(folder))
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

    def tell_study(self, folder: Path, command: Command) -> None:
        """For the worker that holds the study; where none does, SteerStudy does the same by the storage."""
        self._tell_run.emit(str(folder), command)

    def set_in_run(self, run: Path, key: str, value: object) -> None:
        """Another value for a setting of a run that goes on; SettingChanged or SettingRefused follows."""
        self._tell_run.emit(str(run), Set(key, value))

    def watch_queue(self) -> None:
        """Tells the queue through `queue_changed`, now and when it changes, and lets waiting runs begin."""
        self._watch_queue.emit()

    def move_in_queue(self, run: Path, by: int) -> None:
        """By so many places; negative: earlier."""
        self._move_in_queue.emit(str(run), by)

    def remove_from_queue(self, run: Path) -> None:
        """The run's folder stays."""
        self._remove_from_queue.emit(str(run))

    def hold_queue(self, on: bool) -> None:
        """Held, nothing more is started, whoever else is there."""
        self._hold_queue.emit(on)

    def close(self) -> None:
        """Ends the serving workers; detached runs go on."""
        self._listeners.clear()
        self.thread_.shut_down()

    @Slot(str)
    def _service_state(self, state: str) -> None:
        self._tell_state("service", state)

    @Slot(str)
    def _errands_state(self, state: str) -> None:
        self._tell_state("errands", state)

    @Slot(str)
    def _downloads_state(self, state: str) -> None:
        self._tell_state("downloads", state)

    def _tell_state(self, worker: str, state: str) -> None:
        """One word for all: what the busiest one does."""
        self._states[worker] = state
        self.worker_state.emit(min(self._states.values(), key=_TELLING.index))

    @Slot(object)
    def _heard(self, event: Event) -> None:
        listener = self._listeners.get(event.job_id)
        if isinstance(event, ENDINGS):
            self._listeners.pop(event.job_id, None)
        if listener is not None and not _is_gone(listener):
            listener(event)
        self.event.emit(event)


def _is_gone(listener: Listener) -> bool:
    """Whether the page that asked was deleted meanwhile, with its window or without."""
    asked = listener.func if isinstance(listener, partial) else listener
    owner = getattr(asked, "__self__", None)
    return isinstance(owner, QObject) and not isValid(owner)
