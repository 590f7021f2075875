"""Files dragged across the window: said what a drop would do, and taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow

from tunevlseg_gui.widgets.drop_veil import DropVeil


class DropTarget(QMainWindow):
    """A main window that files are dropped on; `take_drops` begins it, once its middle is laid out."""

    def take_drops(self, dropped: Callable[[list[Path]], None]) -> None:
        self.setAcceptDrops(True)
        self.veil = DropVeil(self)
        self._dropped = dropped

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = _local(event)
        if paths:
            event.acceptProposedAction()
            self.veil.show_for(paths)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.veil.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.veil.hide()
        paths = _local(event)
        if paths:
            self._dropped(paths)


def _local(event: QDropEvent) -> list[Path]:
    """Files and folders of a drag; links to elsewhere are none."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
