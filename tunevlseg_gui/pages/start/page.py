"""The start page: try the demo, open something, go on with a recent project."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunevlseg_gui.settings.model import Recent
from tunevlseg_gui.theme.icons import app_icon, icon, picture
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import card, label

KINDS = {
    "dataset": ("data", QT_TRANSLATE_NOOP("StartPage", "Dataset")),
    "run": ("runs", QT_TRANSLATE_NOOP("StartPage", "Run")),
    "bundle": ("models", QT_TRANSLATE_NOOP("StartPage", "Bundle")),
    "scan": ("scan", QT_TRANSLATE_NOOP("StartPage", "Scan")),
}


LOW = 560
"""Pixels of height, below which there is less air between the parts of the page."""


class DropHere(QFrame):
    """Says that files may be dropped; the window takes them anywhere."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "drop")
        self.setObjectName("dropHere")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._sign = QLabel()
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 20, 24, 20)
        rows.setSpacing(6)
        rows.addStretch(1)
        rows.addWidget(self._sign)
        for text, role in (
            (self.tr("Drop a folder or a scan anywhere"), "heading"),
            (self.tr("A folder with images and masks, a picture or volume, a bundle, or a run"), "muted"),
        ):
            line = label(text, role, wrap=True)
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            rows.addWidget(line)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        rows.addSpacing(6)
        rows.addLayout(self.buttons)
        rows.addStretch(1)
        look().changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self._sign.setPixmap(picture("import", 40, "muted", self.devicePixelRatioF()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        event.accept()


class StartPage(QWidget):
    demo_wanted = Signal()
    folder_wanted = Signal()
    scan_wanted = Signal()
    recent_wanted = Signal(str)
    recent_forgotten = Signal(str)
    unsaved_wanted = Signal(str)  # path of a scan whose edits were not saved

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("startPage")
        self._logo = QLabel()
        self.demo_button = button(
            self.tr("Try the demo"),
            "tryDemo",
            self.demo_wanted.emit,
            role="primary",
            picture="spark",
            tip=self.tr("Opens drawn sample images: tune on them, then ask for a structure by its name"),
        )
        self._demo_state = label("", "muted", wrap=True, name="demoState")
        self._demo_state.hide()
        self._demo_bar = QProgressBar()
        self._demo_bar.setTextVisible(False)
        self._demo_bar.setRange(0, 0)
        self._demo_bar.hide()
        self.recent = QListWidget()
        self.recent.setObjectName("recentProjects")
        self.recent.setAccessibleName(self.tr("Recent projects"))
        self.recent.setIconSize(QSize(22, 22))
        self.recent.setSpacing(2)
        self.recent.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recent.itemActivated.connect(self._open_recent)
        self.recent.itemClicked.connect(self._open_recent)
        self._nothing = label(self.tr("Nothing yet. What you open appears here."), "muted", wrap=True)

        columns = QHBoxLayout()
        columns.setSpacing(20)
        columns.addWidget(self._left(), 5)
        columns.addWidget(self._right(), 4)
        rows = self._rows = QVBoxLayout(self)
        self._use_air(roomy=True)
        rows.addLayout(self._head())
        rows.addWidget(self._unsaved_card())
        rows.addLayout(columns, 1)
        look().changed.connect(self._draw_logo)
        self._draw_logo()
        self.show_recent([])

    def _use_air(self, *, roomy: bool) -> None:
        """In a low window the texts come first."""
        self._rows.setContentsMargins(*((48, 36, 48, 32) if roomy else (24, 12, 24, 12)))
        self._rows.setSpacing(26 if roomy else 12)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._use_air(roomy=event.size().height() >= LOW)

    def _head(self) -> QHBoxLayout:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label("TuneVLSeg Desktop", "title"))
        texts.addWidget(
            label(
                self.tr(
                    "Teach a vision-language model your images, then find structures in scans by typing their names."
                ),
                "muted",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._logo)
        row.addLayout(texts, 1)
        return row

    def _unsaved_card(self) -> QWidget:
        self._unsaved = card("unsavedCard", "notice")
        row = QHBoxLayout(self._unsaved)
        row.setContentsMargins(20, 12, 20, 12)
        self._unsaved_words = label("", wrap=True, name="unsavedWords")
        row.addWidget(self._unsaved_words, 1)
        self._unsaved_open = button(
            self.tr("Open it"), "openUnsaved", self._open_unsaved, role="primary", picture="scan"
        )
        row.addWidget(self._unsaved_open)
        self._unsaved_path = ""
        self._unsaved.hide()
        return self._unsaved

    def show_unsaved(self, scans: list[Path]) -> None:
        """Scans of the recent list whose edited masks were not saved; the first is offered."""
        self._unsaved.setVisible(bool(scans))
        if scans:
            more = self.tr(" So were those of {n} more.").format(n=len(scans) - 1) if len(scans) > 1 else ""
            self._unsaved_path = str(scans[0])
            self._unsaved_words.setText(
                self.tr("Edits of a mask on {name} were kept, but not saved.{more}").format(
                    name=scans[0].name, more=more
                )
            )

    def _open_unsaved(self) -> None:
        self._unsaved.hide()
        self.unsaved_wanted.emit(self._unsaved_path)

    def _left(self) -> QWidget:
        demo = card("demoCard")
        rows = QVBoxLayout(demo)
        rows.setContentsMargins(20, 18, 20, 18)
        rows.setSpacing(8)
        rows.addWidget(label(self.tr("New here?"), "heading"))
        rows.addWidget(
            label(
                self.tr(
                    "The demo opens drawn (synthetic) images with masks. Five clicks tune the starter model on them in "
                    "minutes, on this computer and without the internet."
                ),
                "muted",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.addWidget(self.demo_button)
        row.addStretch(1)
        rows.addLayout(row)
        rows.addWidget(self._demo_bar)
        rows.addWidget(self._demo_state)

        drop = DropHere()
        drop.pressed.connect(self.folder_wanted)
        drop.buttons.addStretch(1)
        drop.buttons.addWidget(
            button(self.tr("Open a folder…"), "openFolder", self.folder_wanted.emit, picture="folder")
        )
        drop.buttons.addWidget(button(self.tr("Open a scan…"), "openScan", self.scan_wanted.emit, picture="scan"))
        drop.buttons.addStretch(1)

        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(20)
        column.addWidget(demo)
        column.addWidget(drop, 1)
        return made

    def _right(self) -> QWidget:
        made = card("recentCard")
        rows = QVBoxLayout(made)
        rows.setContentsMargins(20, 18, 20, 18)
        rows.setSpacing(8)
        rows.addWidget(label(self.tr("Recent"), "heading"))
        rows.addWidget(self._nothing)
        rows.addWidget(self.recent, 1)
        rows.addStretch(0)  # keeps the two lines at the top while there is no list
        self.recent.setFrameShape(QFrame.Shape.NoFrame)
        self.recent.setStyleSheet("QListWidget { border: none; }")
        return made

    def _draw_logo(self) -> None:
        self._logo.setPixmap(app_icon().pixmap(QSize(56, 56), self.devicePixelRatioF()))

    def show_recent(self, recent: list[Recent]) -> None:
        """The list; what is no longer there is greyed, not hidden."""
        self.recent.clear()
        for entry in recent:
            picture_name, kind = KINDS.get(entry.kind, ("folder", entry.kind))
            kind = translate("StartPage", kind)
            path = Path(entry.path)
            there = path.exists()
            name = entry.title or path.name
            item = QListWidgetItem(icon(picture_name, "accent_text" if there else "disabled"), "")
            item.setText(f"{name}\n{kind}  ·  {_short(path)}" + ("" if there else self.tr("  ·  not there any more")))
            item.setToolTip(str(path))
            item.setData(Qt.ItemDataRole.UserRole, entry.path)
            if not there:
                item.setForeground(look().colour("disabled"))
            self.recent.addItem(item)
        self._nothing.setVisible(not recent)
        self.recent.setVisible(bool(recent))

    def show_demo_progress(self, text: str) -> None:
        """While the samples are drawn; an empty text ends it."""
        self._demo_state.setText(text)
        self._demo_state.setVisible(bool(text))
        self._demo_bar.setVisible(bool(text))
        self.demo_button.setEnabled(not text)

    def _open_recent(self, item: QListWidgetItem) -> None:
        self.recent_wanted.emit(str(item.data(Qt.ItemDataRole.UserRole)))


def _short(path: Path) -> str:
    try:
        return f"~/{path.parent.relative_to(Path.home()).as_posix()}"
    except ValueError:
        return str(path.parent)
