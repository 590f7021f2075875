"""The place for messages, above the pages; it takes no room while there is none."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.widgets.banner import Banner


class NoticeArea(QWidget):
    run_wanted = Signal(object)  # Path of the run that a message is about

    def __init__(self) -> None:
        super().__init__()
        self.banner = Banner()
        self.banner.run_wanted.connect(self.run_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 12, 24, 0)
        row.addWidget(self.banner)
        self.banner.installEventFilter(self)
        self.hide()

    @Slot(object)
    def show_notice(self, notice: Notice | None) -> None:
        """Shows a message across the top; None takes it away."""
        if notice is None:
            self.banner.hide()
        else:
            self.banner.show_notice(notice)

    def show_bug(self, crash_file: Path | None, line: str) -> None:
        where = (
            self.tr("The details are in {crash_file}.").format(crash_file=crash_file)
            if crash_file
            else self.tr("The details could not be written.")
        )
        self.show_notice(
            Notice(self.tr("A bug in the window. Your files and runs are as they were."), where, "danger", line)
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The banner's frame of margins comes and goes with it.
        if watched is self.banner and event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self.setVisible(event.type() == QEvent.Type.ShowToParent)
        return super().eventFilter(watched, event)
