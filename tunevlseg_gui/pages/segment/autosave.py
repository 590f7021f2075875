"""Keeps unsaved edits on disk: a little after the last stroke, off the window's thread, one writing at a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.recovery import Origin, content_of, forget, keep, kept_file, locked
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan

REST_MS = 700
"""Without a stroke, after which edits are written."""
MOST_MS = 5000
"""After which they are written in any case, strokes or not."""


@dataclass(eq=False)
class _Session:
    """One scan, as long as it is open in this window; its file is no other window's."""

    scan: ViewedScan
    path: Path
    scan_sum: str = ""
    lock: QLockFile | None = None
    replaced: list[Path] = field(default_factory=list)  # files whose masks came back into this session


class Autosave(QObject):
    """`layers` gives what is on show, `origin` what it came from, `failed` is told what went wrong, once."""

    def __init__(
        self,
        layers: Callable[[], list[Layer]],
        origin: Callable[[], Origin],
        failed: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._layers, self._origin, self._failed = layers, origin, failed
        self._session: _Session | None = None
        self._touched = False
        self._writing = False
        self._next: tuple[_Session, list[Layer], Origin] | None = None
        self._told = False
        self._rest = QTimer(self)
        self._most = QTimer(self)
        for timer, pause in ((self._rest, REST_MS), (self._most, MOST_MS)):
            timer.setSingleShot(True)
            timer.setInterval(pause)
            timer.timeout.connect(self.write)

    def open(self, scan: ViewedScan) -> None:
        """Another scan. What is unsaved of the last one is written now, and stays."""
        self.write()
        self._session = _Session(scan, kept_file(scan.path, scan.series, uuid.uuid4().hex[:8]))
        self._touched = False

    def replaces(self, path: Path) -> None:
        """The masks of this file came back: once they are written again, it goes."""
        if self._session is not None:
            self._session.replaced.append(path)

    def touch(self) -> None:
        """A mask was changed."""
        self._touched = True
        self._rest.start()
        if not self._most.isActive():
            self._most.start()

    def write(self) -> None:
        """Now, or as soon as a writing that goes on is over. Where nothing is unsaved, nothing is kept."""
        self._rest.stop()
        self._most.stop()
        if self._session is None or not self._touched:
            return
        # What is unsaved is told now: the list is another's as soon as another scan is open.
        self._next = (self._session, [layer for layer in self._layers() if layer.is_unsaved], self._origin())
        self._go()

    def _go(self) -> None:
        if self._writing or self._next is None:
            return
        (session, layers, origin), self._next = self._next, None
        if session.lock is None:
            session.lock = locked(session.path)
        self._writing = True

        def work() -> None:
            if layers:
                session.scan_sum = session.scan_sum or content_of(session.scan)
                keep(session.path, session.scan_sum, layers, origin)
                for path in session.replaced:
                    forget(path)
            else:
                forget(session.path)

        def done(_nothing: object) -> None:
            self._writing = False
            if layers:
                session.replaced.clear()
            if session is not self._session or not layers:
                _unlock(session)
            self._go()

        def failed(error: Exception) -> None:
            self._writing = False
            if not self._told:
                self._told = True
                self._failed(self.tr("Your edits are not kept on disk: {error}").format(error=error))
            self._go()

        run_task(self, work, done, failed)


def _unlock(session: _Session) -> None:
    if session.lock is not None:
        session.lock.unlock()
        session.lock = None
