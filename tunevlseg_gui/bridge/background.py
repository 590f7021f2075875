"""Short reads off the window's thread: `run_task(function, done)`; long work belongs to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from engine.contract.errors import EngineError


class _Reply(QObject):
    done = Signal(object)
    failed = Signal(object)


class _Task(QRunnable):
    def __init__(self, work: Callable[[], Any], reply: _Reply) -> None:
        super().__init__()
        self._work = work
        self._reply = reply

    def run(self) -> None:
        try:
            found = self._work()
        except (EngineError, OSError) as error:
            self._tell(self._reply.failed, error)
        else:
            self._tell(self._reply.done, found)

    def _tell(self, signal: Any, value: object) -> None:
        try:
            signal.emit(value)
        except RuntimeError:
            return  # the window was closed meanwhile: nobody waits for the answer


def run_task(
    parent: QObject,
    work: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[Exception], None] | None = None,
) -> None:
    """Runs `work` on a pool thread; `done(result)` or `failed(EngineError | OSError)` is called on the window's.

    Nothing is called when `parent` is gone by then.
    """
    reply = _Reply(parent)
    queued = Qt.ConnectionType.QueuedConnection
    reply.done.connect(done, queued)
    if failed is not None:
        reply.failed.connect(failed, queued)
    reply.done.connect(reply.deleteLater, queued)
    reply.failed.connect(reply.deleteLater, queued)
    QThreadPool.globalInstance().start(_Task(work, reply))
