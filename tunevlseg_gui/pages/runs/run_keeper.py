"""Runs and the window's own life: one that goes on is found when the window opens, and asked about when it closes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.runs.queue import Queue
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.settings.model import WindowSettings


class RunKeeper(QObject):
    found = Signal(object)  # Path of a run that goes on since before the window was opened
    ended = Signal(object)  # Path of a run that had the device and has it no more
    queue_found = Signal(object)  # Queue that waits since before, where it will not go on by itself
    close_wanted = Signal()  # the question was answered
    settings_changed = Signal()

    def __init__(self, client: EngineClient, settings: WindowSettings, window: QWidget) -> None:
        super().__init__(window)
        self._client, self._settings, self._window = client, settings, window
        self._busy: Path | None = None
        self._waiting = 0
        self._announces = False
        self._agreed = False
        client.queue_changed.connect(self._queue_changed)

    def watch(self, *, announce: bool) -> None:
        """Follows the queue; `announce`: tells of what goes on already."""
        self._announces = announce
        self._client.watch_queue()

    def _queue_changed(self, queue: Queue, busy: Path | None) -> None:
        before, self._busy, self._waiting = self._busy, busy, len(queue.waiting)
        if before is not None and before != busy:
            self.ended.emit(before)
        announces, self._announces = self._announces, False
        if announces and busy is not None:
            self.found.emit(busy)
        elif announces and queue.held and queue.waiting:
            self.queue_found.emit(queue)

    def may_close(self) -> bool:
        """False where a question was put first; `close_wanted` follows when it is answered with a yes."""
        if self._busy is None or self._agreed or self._settings.closing == "background":
            return True
        if self._settings.closing == "stop":
            self._stop()
            return True
        self._ask(self._busy)
        return False

    def _ask(self, run: Path) -> None:
        from tunevlseg_gui.pages.runs.closing_dialog import ClosingDialog

        dialog = self._window.findChild(ClosingDialog)
        if dialog is None:
            dialog = ClosingDialog(run, self._waiting, self._window)
            dialog.answered.connect(self._answered)
            dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _answered(self, answer: str, remember: bool) -> None:
        if remember:
            self._settings.closing = answer
            self.settings_changed.emit()
        if answer == "stop":
            self._stop()
        self._agreed = True
        self.close_wanted.emit()

    def _stop(self) -> None:
        """Held first: the end of the run would start the next one."""
        if self._busy is not None:
            if self._waiting:
                self._client.hold_queue(True)
            self._client.stop_run(self._busy, keep_best=False)
