"""Another program's window, to drag files out of and into: prints the path of each file that is dropped on it.

    python tests/drives/drag_partner.py LEFT TOP FILE

Its left half is a file that can be dragged away, its right half takes files. It is ended by whoever started it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

SIDE = 160
"""Of either half, in pixels of the window."""


class Source(QLabel):
    def __init__(self, file: Path) -> None:
        super().__init__(f"drag\n{file.name}")
        self._file = file

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        del event
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._file))])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)


class Target(QLabel):
    def __init__(self) -> None:
        super().__init__("drop here")
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        for url in event.mimeData().urls():
            sys.stdout.write(f"{url.toLocalFile()}\n")
        sys.stdout.flush()


def main() -> int:
    app = QApplication(sys.argv)
    window = QWidget()
    row = QHBoxLayout(window)
    row.setContentsMargins(0, 0, 0, 0)
    for part in (Source(Path(sys.argv[3])), Target()):
        part.setFixedSize(SIDE, SIDE)
        part.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(part)
    window.move(int(sys.argv[1]), int(sys.argv[2]))
    window.show()
    QTimer.singleShot(300, lambda: (sys.stdout.write("ready\n"), sys.stdout.flush()))
    return int(app.exec())


if __name__ == "__main__":
    sys.exit(main())
