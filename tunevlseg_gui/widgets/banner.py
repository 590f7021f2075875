"""A message across the top: what happened, what to do, details to copy. It stays until it is closed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.theme.icons import icon, picture
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label, set_tone


class Banner(QFrame):
    """Hidden until `show_notice`."""

    run_wanted = Signal(object)  # Path of the run that the message is about

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._notice: Notice | None = None
        self._sign = QLabel()
        self._message = label(wrap=True, name="bannerMessage")
        self._hint = label(role="muted", wrap=True, name="bannerHint")
        for text in (self._message, self._hint):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = button(self.tr("Copy details"), "bannerCopy", self._copy_details, role="flat", picture="copy")
        self._open = button(self.tr("Open the run"), "bannerOpenRun", self._open_run, picture="runs")
        close = QToolButton()
        close.setObjectName("bannerClose")
        close.setProperty("role", "flat")
        close.setIcon(icon("close", "muted"))
        close.setIconSize(QSize(16, 16))
        close.setAccessibleName(self.tr("Close the message"))
        close.setToolTip(self.tr("Close"))
        close.clicked.connect(self.hide)

        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._message)
        texts.addWidget(self._hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 8, 10)
        row.setSpacing(10)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(self._open, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        look().changed.connect(self._draw_sign)
        self.hide()

    @property
    def notice(self) -> Notice | None:
        """What is shown, None while hidden."""
        return self._notice if not self.isHidden() else None

    def show_notice(self, notice: Notice) -> None:
        self._notice = notice
        self._message.setText(notice.message)
        self._hint.setText(notice.hint)
        self._hint.setVisible(bool(notice.hint))
        self._copy.setVisible(bool(notice.details))
        self._open.setVisible(notice.run is not None)
        set_tone(self, notice.tone)
        self._draw_sign()
        self.setAccessibleName(f"{notice.message} {notice.hint}")
        self.show()

    def _draw_sign(self) -> None:
        if self._notice is not None:
            tone = self._notice.tone
            self._sign.setPixmap(picture(tone, 20, tone, self.devicePixelRatioF()))

    def _open_run(self) -> None:
        if self._notice is not None and self._notice.run is not None:
            self.run_wanted.emit(self._notice.run)

    def _copy_details(self) -> None:
        if self._notice is not None:
            QGuiApplication.clipboard().setText(self._notice.details)
