"""Dragging a run out of the window, as its prompt pack: a file that other windows and folders take.

A file must lie there when the drag begins. It is packed when the button goes down, in the cache folder; where that
takes longer than the hand, the drag begins as soon as it is there, if the button is still held.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDrag, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import Pack
from engine.runs.folders import cache_folder
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure

SUFFIX = ".tvprompt"


class PackDrag(QObject):
    """Watches `widget`. `run_at` says which run lies under a point of it, if one that can be dragged does."""

    notice = Signal(object)
    packed = Signal(object)  # Path of the pack

    def __init__(self, client: EngineClient, widget: QWidget, run_at: Callable[[QPoint], tuple[Path, str] | None]):
        super().__init__(widget)
        self._client = client
        self._widget = widget
        self._run_at = run_at
        self._from: QPoint | None = None
        self._wanted: Path | None = None
        """The pack that the hand is dragging."""
        self._ready = False
        self._moved = False
        self.carry: Callable[[Path], object] = self._carry
        """Begins the drag; it lasts until the button is let go."""
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            match event.type():
                case QEvent.Type.MouseButtonPress:
                    self._press(event)
                case QEvent.Type.MouseMove if self._from is not None:
                    return self._move(event)
                case QEvent.Type.MouseButtonRelease:
                    self._from = self._wanted = None
        return super().eventFilter(watched, event)

    def _press(self, event: QMouseEvent) -> None:
        self._from = self._wanted = None
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        found = (
            self._run_at(event.position().toPoint()) if plain and event.button() == Qt.MouseButton.LeftButton else None
        )
        if found is None:
            return
        self._from, self._ready, self._moved = event.position().toPoint(), False, False
        self._wanted = self.prepare(*found)

    def _move(self, event: QMouseEvent) -> bool:
        """A hand that drags a run selects nothing on its way."""
        assert self._from is not None
        far = (event.position().toPoint() - self._from).manhattanLength() >= QApplication.startDragDistance()
        self._moved = self._moved or far
        self._begin()
        return True

    def prepare(self, run: Path, name: str) -> Path:
        """Asks for the pack of a run; where it will lie."""
        out = pack_path(run, name)

        def heard(event: Event) -> None:
            if isinstance(event, JobFailed):
                self._from = self._wanted = None
                self.notice.emit(of_failure(event))
            elif isinstance(event, JobFinished):
                self.packed.emit(out)
                self._ready = self._ready or out == self._wanted
                self._begin()

        self._client.submit(Pack(str(run), str(out), overwrite=True, calibrate=False), heard)
        return out

    def _begin(self) -> None:
        held = bool(QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton)
        if self._wanted is None or not self._ready or not self._moved or not held:
            return
        pack, self._from, self._wanted = self._wanted, None, None
        self.carry(pack)

    def _carry(self, pack: Path) -> None:
        drag = QDrag(self._widget)
        drag.setMimeData(mime_of(pack))
        drag.exec(Qt.DropAction.CopyAction)


def mime_of(pack: Path) -> QMimeData:
    """The pack as a file."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(pack))])
    return data


def pack_path(run: Path, name: str) -> Path:
    """Where a run's pack lies while it is dragged: called like the run, in a folder of its own."""
    own = hashlib.sha256(str(run.absolute()).encode()).hexdigest()[:12]
    return cache_folder() / "packs" / own / f"{pack_name(name)}{SUFFIX}"


def pack_name(name: str) -> str:
    return re.sub(r"[^\w\-]+", "-", name).strip("-")[:60] or "prompts"
