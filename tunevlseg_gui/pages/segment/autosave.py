"""Keeps unsaved edits on disk: a little after the last stroke, off the window's thread, one writing at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.recovery import Origin, content_of, forget, keep, kept_file
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan

REST_MS = 700
"""Without a stroke, after which edits are written."""
MOST_MS = 5000
"""After which they are written in any case, strokes or not."""


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
        self._scan: ViewedScan | None = None
        self._sum = ""
        self._writing = False
        self._again = False
        self._told = False
        self._rest = QTimer(self)
        self._most = QTimer(self)
        for timer, pause in ((self._rest, REST_MS), (self._most, MOST_MS)):
            timer.setSingleShot(True)
            timer.setInterval(pause)
            timer.timeout.connect(self.write)

    def open(self, scan: ViewedScan) -> None:
        """Another scan. What was kept of the last one stays: it was not saved."""
        self._rest.stop()
        self._most.stop()
        self._scan, self._sum, self._again = scan, "", False

    @property
    def path(self) -> Path | None:
        return None if self._scan is None else kept_file(self._scan.path, self._scan.series)

    def touch(self) -> None:
        """A mask was changed."""
        self._rest.start()
        if not self._most.isActive():
            self._most.start()

    def forget(self) -> None:
        """All edits were saved, or are not wanted."""
        self._rest.stop()
        self._most.stop()
        self._again = False
        path = self.path
        if path is not None and not self._writing:
            run_task(self, lambda: forget(path), lambda _done: None)
        elif path is not None:
            self._again = True  # the writing that goes on is followed by another look

    def write(self) -> None:
        """Now, unless a writing goes on: then once more after it."""
        self._rest.stop()
        self._most.stop()
        scan, path = self._scan, self.path
        if scan is None or path is None:
            return
        if self._writing:
            self._again = True
            return
        layers, origin, known = [layer for layer in self._layers() if layer.is_unsaved], self._origin(), self._sum
        self._writing = True

        def work() -> str:
            if not layers:
                forget(path)
                return known
            scan_sum = known or content_of(scan)
            keep(path, scan_sum, layers, origin)
            return scan_sum

        def done(scan_sum: str) -> None:
            self._writing = False
            if self._scan is scan:
                self._sum = scan_sum
            if self._again:
                self._again = False
                self.write()

        def failed(error: Exception) -> None:
            self._writing = False
            if not self._told:
                self._told = True
                self._failed(f"Your edits are not kept on disk: {error}")

        run_task(self, work, done, failed)
