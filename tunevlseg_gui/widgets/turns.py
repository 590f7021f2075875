"""Work of the window's thread in turns: one piece at a time, with clicks, keys and painting between two of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QAbstractScrollArea
from shiboken6 import isValid

from tunevlseg_gui.widgets.veil import unveil, veil, veiled

_PAUSE_MS = 1
_waiting: deque[tuple[QObject, Callable[[], object]]] = deque()


def in_turn(owner: QObject, work: Callable[[], object]) -> None:
    """Calls `work` in a turn of its own, after those asked for before; not at all once `owner` is gone."""
    _waiting.append((owner, work))
    if len(_waiting) == 1:
        _after_painting()


def painted_after(view: QAbstractScrollArea, work: Callable[[], object]) -> None:
    """Does `work` at once, and lets `view` paint what came of it in a turn of its own.

    Until then it shows what it showed; where it is not in sight yet, nothing.
    """
    if view.isVisible() and not veiled(view):
        view.setUpdatesEnabled(False)
    else:
        veil(view)

    def show() -> None:
        view.setUpdatesEnabled(True)
        unveil(view)

    try:
        work()
    finally:
        in_turn(view, show)


def none_wait() -> bool:
    """Whether all that was asked for has been done."""
    return not _waiting


def _after_painting() -> None:
    """A timer that is due at once still belongs to the turn that goes on, the next one is for what it left to paint."""
    QTimer.singleShot(_PAUSE_MS, lambda: QTimer.singleShot(_PAUSE_MS, _next))


def _next() -> None:
    owner, work = _waiting[0]
    try:
        if isValid(owner):
            work()
    finally:
        _waiting.popleft()
        if _waiting:
            _after_painting()
