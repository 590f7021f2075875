"""The queue of runs below the page: who has the device, who waits, and in which order."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.runs.queue import Queue
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import PathLabel

ROW = 28
MOST_ROWS = 4


class WaitingList(QListWidget):
    """Alt with an arrow moves the chosen run, Delete removes it, Enter opens it."""

    move_wanted = Signal(int)
    removal_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in moves:
            self.move_wanted.emit(moves[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Delete:
            self.removal_wanted.emit()
        else:
            super().keyPressEvent(event)


class QueuePanel(QFrame):
    """Hidden while nothing waits and the queue is not held."""

    run_wanted = Signal(object)  # Path of a run to show

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queuePanel")
        self.setProperty("role", "card")
        self._client = client
        self._queue = Queue()
        self.line = PathLabel("", "")
        self.line.setObjectName("queueLine")
        self.hold = button("", "queueHold", self._hold, picture="pause")
        self.list = WaitingList()
        self.list.setObjectName("queueList")
        self.list.setAccessibleName(self.tr("Waiting runs"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.itemActivated.connect(lambda item: self.run_wanted.emit(_run_of(item)))
        self.list.currentRowChanged.connect(lambda _row: self._offer())
        self.up = button(self.tr("Earlier"), "queueUp", lambda: self._move(-1), tip=self.tr("Alt+Up"))
        self.down = button(self.tr("Later"), "queueDown", lambda: self._move(1), tip=self.tr("Alt+Down"))
        self.away = button(
            self.tr("Remove"), "queueRemove", self._remove, picture="close", tip=self.tr("Its folder stays; Delete")
        )
        self.list.move_wanted.connect(self._move)
        self.list.removal_wanted.connect(self._remove)
        head = QHBoxLayout()
        head.addWidget(self.line, 1)
        for widget in (self.up, self.down, self.away, self.hold):
            head.addWidget(widget)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(14, 8, 14, 10)
        rows.setSpacing(6)
        rows.addLayout(head)
        rows.addWidget(self.list)
        self.hide()
        client.queue_changed.connect(self.show_queue)
        client.watch_queue()

    def show_queue(self, queue: Queue, busy: Path | None) -> None:
        """The chosen run stays chosen, wherever it has moved to."""
        chosen = self.chosen
        self._queue = queue
        self.list.blockSignals(True)
        self.list.clear()
        for place, run in enumerate(queue.waiting, start=1):
            item = QListWidgetItem(self.tr("{place}. {run}").format(place=place, run=run.name))
            item.setData(Qt.ItemDataRole.UserRole, str(run))
            item.setToolTip(str(run))
            item.setSizeHint(QSize(0, ROW))
            self.list.addItem(item)
        if queue.waiting:
            self.list.setCurrentRow(queue.waiting.index(chosen) if chosen in queue.waiting else 0)
        self.list.blockSignals(False)
        for widget in (self.list, self.up, self.down, self.away):
            widget.setVisible(bool(queue.waiting))
        self.list.setFixedHeight(ROW * min(MOST_ROWS, max(1, len(queue.waiting))) + 8)
        self.line.set_path(self._told(queue, busy))
        self.hold.setText(self.tr("Let the queue go on") if queue.held else self.tr("Hold the queue"))
        self.setVisible(bool(queue.waiting) or queue.held)
        self._offer()

    def _told(self, queue: Queue, busy: Path | None) -> str:
        count = len(queue.waiting)
        if queue.held:
            return self.tr("The queue is held: nothing is started. Waiting: {count}.").format(count=count)
        if busy is None:
            return self.tr("Waiting: {count}. The next one starts at once.").format(count=count)
        return self.tr("Waiting: {count}, for {run} to end.").format(count=count, run=busy.name)

    @property
    def chosen(self) -> Path | None:
        item = self.list.currentItem()
        return _run_of(item) if item is not None else None

    def _offer(self) -> None:
        row, last = self.list.currentRow(), self.list.count() - 1
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < last)
        self.away.setEnabled(row >= 0)

    def _move(self, by: int) -> None:
        if self.chosen is not None:
            self._client.move_in_queue(self.chosen, by)

    def _remove(self) -> None:
        if self.chosen is not None:
            self._client.remove_from_queue(self.chosen)

    def _hold(self) -> None:
        self._client.hold_queue(not self._queue.held)


def _run_of(item: QListWidgetItem) -> Path:
    return Path(str(item.data(Qt.ItemDataRole.UserRole)))
