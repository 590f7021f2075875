"""Over the window while something is dragged across it: what would happen to it here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.opening import Kind, kind_of, meant_by
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.text import label

WORDS: dict[Kind, tuple[str, str]] = {
    "dataset": (
        QT_TRANSLATE_NOOP("DropVeil", "Open the dataset"),
        QT_TRANSLATE_NOOP("DropVeil", "Its files are looked at on the Data page; nothing is copied or moved."),
    ),
    "scan": (
        QT_TRANSLATE_NOOP("DropVeil", "Open the scan"),
        QT_TRANSLATE_NOOP("DropVeil", "On the Segment page; of a DICOM file, its series are listed."),
    ),
    "bundle": (QT_TRANSLATE_NOOP("DropVeil", "Use the model"), QT_TRANSLATE_NOOP("DropVeil", "On the Segment page.")),
    "run": (
        QT_TRANSLATE_NOOP("DropVeil", "Open the run"),
        QT_TRANSLATE_NOOP("DropVeil", "Its curves are on the Runs page."),
    ),
    "pack": (
        QT_TRANSLATE_NOOP("DropVeil", "Import the prompt pack"),
        QT_TRANSLATE_NOOP("DropVeil", "It becomes a run, where its base weights are installed."),
    ),
    "recipe": (
        QT_TRANSLATE_NOOP("DropVeil", "Tune by this recipe"),
        QT_TRANSLATE_NOOP("DropVeil", "Its settings are filled into the Tune page."),
    ),
    "weights": (
        QT_TRANSLATE_NOOP("DropVeil", "Import the base weights"),
        QT_TRANSLATE_NOOP("DropVeil", "They are copied into the program's model folder."),
    ),
    "labels": (
        QT_TRANSLATE_NOOP("DropVeil", "Import the table of labels"),
        QT_TRANSLATE_NOOP("DropVeil", "Names, colours and codes, for the dataset that is open."),
    ),
}


class DropVeil(QWidget):
    """Covers its parent, so that no field of text takes a file for its path. It takes no drop: its parent does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dropVeil")
        self.title = label("", "title", name="dropTitle")
        self.line = label("", wrap=True, name="dropLine")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(80, 40, 80, 40)
        rows.addStretch(1)
        for words in (self.title, self.line):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            rows.addWidget(words)
        rows.addStretch(1)
        self._asked = 0
        self._refused = False
        parent.installEventFilter(self)
        self.hide()

    def show_for(self, paths: Sequence[Path]) -> None:
        """Looks at what is dragged on a pool thread: it may lie on a slow disk."""
        self._asked += 1
        asked = self._asked
        self._tell(self.tr("Drop it here"), "", refused=False)
        self.setGeometry(self.parentWidget().rect())
        self.raise_()
        self.show()

        def known(kind: Kind) -> None:
            if asked == self._asked:
                self._tell(*map(self.tr, WORDS[kind]), refused=False)

        def unknown(error: Exception) -> None:
            if asked == self._asked:
                hint = error.hint if isinstance(error, EngineError) else ""
                self._tell(error.message if isinstance(error, EngineError) else str(error), hint, refused=True)

        run_task(self, lambda: kind_of(meant_by(paths)), known, unknown)

    @property
    def refused(self) -> bool:
        """What is dragged cannot be opened."""
        return self._refused

    def _tell(self, title: str, line: str, *, refused: bool) -> None:
        self.title.setText(title)
        self.line.setText(line)
        self._refused = refused
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.parentWidget().rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = look()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = colours.colour("danger_soft" if self._refused else "accent_soft")
        ground.setAlpha(242)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(colours.colour("danger" if self._refused else "accent"), 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(14, 14, -14, -14), 14, 14)
        painter.end()
