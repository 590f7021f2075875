"""Short reads off the window's thread: `run_task(function, done)`; long work belongs to the engine.

Answers come through one object that lives as long as the program. One of their own for each task would be deleted
by the window's thread while the pool's still speaks through it, which ends the program. For the same reason the
pool's thread lets go of what it was given before it answers: the last hand on a widget must be the window's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal
from shiboken6 import isValid

from engine.contract.errors import EngineError


@dataclass
class _Asked:
    """What waits for an answer; it stays with the window's thread."""

    parent: QObject
    work: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None] | None


class _Answers(QObject):
    """Hands answers over to the window's thread, in which it is made."""

    come = Signal(int, object)  # number of the task, and a box with (whether it went well, result or error)

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[int, _Asked] = {}
        self._last = 0
        self.come.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def expect(self, asked: _Asked) -> int:
        """The number that the task answers with."""
        self._last += 1
        self._waiting[self._last] = asked
        return self._last

    def _answer(self, number: int, box: list[tuple[bool, Any]]) -> None:
        asked = self._waiting.pop(number)
        well, value = box.pop()
        if not isValid(asked.parent):
            return
        if well:
            asked.done(value)
        elif asked.failed is not None:
            asked.failed(value)


class _Task(QRunnable):
    def __init__(self, work: Callable[[], Any], number: int, answers: _Answers) -> None:
        super().__init__()
        self._work: Callable[[], Any] | None = work
        self._number = number
        self._answers = answers

    def run(self) -> None:
        work, self._work = self._work, None
        assert work is not None
        box: list[tuple[bool, Any]] = []
        try:
            box.append((True, work()))
        except (EngineError, OSError) as error:
            box.append((False, error))
        del work
        try:
            self._answers.come.emit(self._number, box)
        except RuntimeError:
            return  # the program ends


_answers: _Answers | None = None


def run_task(
    parent: QObject,
    work: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[Exception], None] | None = None,
) -> None:
    """Runs `work` on a pool thread; `done(result)` or `failed(EngineError | OSError)` is called on the window's.

    Nothing is called when `parent` is gone by then.
    """
    global _answers
    if _answers is None or not isValid(_answers):
        _answers = _Answers()
    number = _answers.expect(_Asked(parent, work, done, failed))
    QThreadPool.globalInstance().start(_Task(work, number, _answers))
