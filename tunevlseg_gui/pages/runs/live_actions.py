"""What can be done with a run beside watching it: fork it, change it while it runs, leave the queue."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.runs.queue import Queue
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.pages.runs.live_adjust import AdjustDialog
from tunevlseg_gui.pages.runs.live_fork import ForkDialog
from tunevlseg_gui.pages.runs.live_view import LiveView


class LiveActions(QObject):
    """Opens the dialogs of a live view and tells it its place in the queue."""

    notice = Signal(object)
    run_wanted = Signal(object)  # Path of a run to show

    def __init__(self, client: EngineClient, view: LiveView, parent: QWidget) -> None:
        super().__init__(parent)
        self._client, self._view, self._window = client, view, parent
        self._queue = Queue()
        view.fork_wanted.connect(self.fork)
        view.adjust_wanted.connect(self.adjust)
        view.leave_queue_wanted.connect(lambda: client.remove_from_queue(view.folder))
        view.curves.notice.connect(self.notice)
        client.queue_changed.connect(self._queue_changed)
        client.watch_queue()

    def fork(self) -> ForkDialog:
        dialog = ForkDialog(self._client, self._view.folder, self._window)
        dialog.started.connect(self.run_wanted)
        dialog.open()
        return dialog

    def adjust(self) -> AdjustDialog:
        dialog = AdjustDialog(self._client, self._view.folder, self._window)
        dialog.told.connect(lambda words: self.notice.emit(Notice(words, "", "good")))
        dialog.open()
        return dialog

    def _queue_changed(self, queue: Queue, busy: Path | None) -> None:
        del busy
        self._queue = queue
        self.show_place()

    def show_place(self) -> None:
        """Whether the run that is shown waits, and where."""
        waiting = self._queue.waiting
        folder = self._view.folder.absolute()
        self._view.show_waiting(waiting.index(folder) + 1 if folder in waiting else None)
