"""The worker that serves the window: one process, one job at a time, restarted after a crash."""

from __future__ import annotations

import logging
import os
import signal
from collections import deque
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal, Slot

from engine.contract import wire
from engine.contract.commands import Cancel, Command
from engine.contract.errors import RecipeError
from engine.contract.events import ENDINGS, Event, JobCancelled, JobFailed
from engine.contract.jobs import Job
from engine.runs.detached import engine_environment
from tunevlseg_gui.bridge.outcome import outcome_in_words
from tunevlseg_gui.translation import translate

log = logging.getLogger(__name__)

CANCEL_PATIENCE_MS = 4000
"""A job that has not ended so long after a cancel loses its worker."""


class ServiceWorker(QObject):
    """Lives on the engine thread. Jobs wait in line; every job ends with exactly one of the ending events."""

    event = Signal(object)
    state = Signal(str)  # starting | ready | busy | lost | stopped

    def __init__(self, program: list[str]) -> None:
        super().__init__()
        self._program = program
        self._waiting: deque[tuple[str, Job]] = deque()
        self._current: str | None = None
        self._cancelled: str | None = None
        self._process: QProcess | None = None
        self._patience: QTimer | None = None
        self._closing = False

    # Slots below are called through queued signals: they run on the engine thread.

    @Slot()
    def warm_up(self) -> None:
        """Starts the process before the first job needs it."""
        if not self._closing:
            self._ensure_process()

    @Slot(str, object)
    def submit(self, job_id: str, job: Job) -> None:
        self._waiting.append((job_id, job))
        self._send_next()

    @Slot(str)
    def cancel(self, job_id: str) -> None:
        """A waiting job ends at once; the running one is asked, then loses its worker."""
        for entry in self._waiting:
            if entry[0] == job_id:
                self._waiting.remove(entry)
                self.event.emit(JobCancelled(job_id))
                return
        if job_id != self._current:
            return
        self._cancelled = job_id
        self.send(Cancel(job_id))
        if self._patience is None:
            self._patience = QTimer(self)
            self._patience.setSingleShot(True)
            self._patience.timeout.connect(self._lose_patience)
        self._patience.start(CANCEL_PATIENCE_MS)

    @Slot(object)
    def send(self, command: Command) -> None:
        """A command for the job that runs."""
        if self._process is not None:
            self._process.write((wire.command_to_line(command) + "\n").encode())

    @Slot()
    def shut_down(self) -> None:
        self._closing = True
        if self._patience is not None:
            self._patience.stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.closeWriteChannel()  # the worker ends when its standard input does
        if not process.waitForFinished(300):
            process.kill()
            process.waitForFinished(2000)
        self.state.emit("stopped")

    def _ensure_process(self) -> QProcess:
        if self._process is not None:
            return self._process
        process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in engine_environment().items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(Path.home()))
        process.readyReadStandardOutput.connect(self._read_events)
        process.readyReadStandardError.connect(self._read_text)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed_to_start)
        self._process = process
        self.state.emit("starting")
        process.start(self._program[0], [*self._program[1:], "serve"])
        return process

    def _send_next(self) -> None:
        if self._current is not None or not self._waiting or self._closing:
            return
        process = self._ensure_process()
        self._current, job = self._waiting.popleft()
        process.write((wire.job_to_line(job, self._current) + "\n").encode())
        self.state.emit("busy")

    @Slot()
    def _read_events(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            line = bytes(process.readLine().data()).decode("utf-8", errors="replace").strip()
            if not line:
                continue
            try:
                found = wire.event_from_line(line)
            except RecipeError as error:
                log.warning("the worker sent a line that is no event: %s", error.message)
                continue
            self._tell(found)

    def _tell(self, found: Event) -> None:
        if isinstance(found, JobFailed) and not found.job_id and self._current is not None:
            # The worker could not even read the line of the job that it was sent.
            found = replace(found, job_id=self._current)
        self.event.emit(found)
        if isinstance(found, ENDINGS) and found.job_id == self._current:
            self._job_over()
            self.state.emit("ready")
            self._send_next()

    def _job_over(self) -> None:
        self._current = self._cancelled = None
        if self._patience is not None:
            self._patience.stop()

    @Slot()
    def _read_text(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", errors="replace")
            for line in text.splitlines():
                log.info("worker: %s", line)

    @Slot(int, QProcess.ExitStatus)
    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_events()
        self._process_gone(outcome_in_words(code, crashed=status == QProcess.ExitStatus.CrashExit))

    @Slot(QProcess.ProcessError)
    def _failed_to_start(self, problem: QProcess.ProcessError) -> None:
        if problem is QProcess.ProcessError.FailedToStart and self._process is not None:
            waiting = [job_id for job_id, _ in self._waiting]
            self._waiting.clear()
            self._process_gone(
                self.tr("could not be started ({errorString})").format(errorString=self._process.errorString())
            )
            for job_id in waiting:
                self.event.emit(_lost(job_id, self.tr("could not be started")))

    def _process_gone(self, how: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        lost, cancelled = self._current, self._cancelled
        self._job_over()
        self.state.emit("lost")
        if lost is not None:
            self.event.emit(JobCancelled(lost) if lost == cancelled else _lost(lost, how))
        self._send_next()

    @Slot()
    def _lose_patience(self) -> None:
        if self._process is not None and self._cancelled is not None and self._cancelled == self._current:
            self._process.kill()

    @Slot()
    def kill_for_test(self) -> None:
        """Kills the process as an operating system short of memory would."""
        if self._process is not None:
            os.kill(self._process.processId(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _lost(job_id: str, how: str) -> JobFailed:
    return JobFailed(
        job_id,
        translate("ServiceWorker", "The worker {how}.").format(how=how),
        hint=translate(
            "ServiceWorker",
            "Nothing that was finished is lost. Try again; if it happens again, try a smaller image or batch size.",
        ),
        error="WorkerLost",
    )
