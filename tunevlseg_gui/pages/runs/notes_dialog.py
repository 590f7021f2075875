"""Note, star and tags of a run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from engine.runs.notes import LONGEST_NOTE, Notes, as_tags
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label


class NotesDialog(QDialog):
    kept = Signal(object)  # Notes

    def __init__(self, name: str, notes: Notes, known: Sequence[str], parent: QWidget | None = None) -> None:
        """`known`: tags of other runs, offered while one is typed."""
        super().__init__(parent)
        self.setObjectName("notesDialog")
        self.setWindowTitle(self.tr("Notes"))
        self.setMinimumWidth(520)
        self.star = QCheckBox(self.tr("Starred"))
        self.star.setObjectName("notesStar")
        self.star.setChecked(notes.star)
        self.tags = QLineEdit(", ".join(notes.tags))
        self.tags.setObjectName("notesTags")
        self.tags.setAccessibleName(self.tr("Tags, with commas between them"))
        self.tags.setPlaceholderText(self.tr("to repeat, paper, …"))
        self.note = QPlainTextEdit(notes.note)
        self.note.setObjectName("notesText")
        self.note.setAccessibleName(self.tr("Note"))
        self.note.setTabChangesFocus(True)
        self.keep = button(self.tr("Keep"), "notesKeep", self._keep, role="primary")
        self.keep.setDefault(True)
        self.note.textChanged.connect(self._check)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(button(self.tr("Cancel"), "notesCancel", self.reject))
        foot.addWidget(self.keep)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(8)
        rows.addWidget(label(name, "heading"))
        rows.addWidget(self.star)
        rows.addWidget(label(self.tr("Tags, with commas between them"), "muted"))
        rows.addWidget(self.tags)
        if known:
            rows.addWidget(label(self.tr("Used so far: {tags}").format(tags=", ".join(known)), "muted", wrap=True))
        rows.addWidget(label(self.tr("Note"), "muted"))
        rows.addWidget(self.note, 1)
        rows.addLayout(foot)
        self.tags.setFocus()

    def _check(self) -> None:
        self.keep.setEnabled(len(self.note.toPlainText()) <= LONGEST_NOTE)

    def _keep(self) -> None:
        tags = as_tags(self.tags.text().split(","))
        self.kept.emit(Notes(self.note.toPlainText().strip(), self.star.isChecked(), tags))
        self.accept()
