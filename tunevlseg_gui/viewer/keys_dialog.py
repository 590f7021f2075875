"""Keys and mouse of the slice views in one list; keys can be changed, and two actions with one key are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QKeySequenceEdit,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.key_map import ACTIONS, FIXED, MOUSE, conflicts, keys_of, normal, said_pairs, title_of

PLAIN = QKeySequence.SequenceFormat.PortableText


class KeysDialog(QDialog):
    """Only OK changes keys; conflicting keys cannot be kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keysDialog")
        self.setWindowTitle(self.tr("Keys and mouse"))
        self.resize(560, 640)
        self.edits: dict[str, QKeySequenceEdit] = {}
        self._others: dict[str, tuple[str, ...]] = {}  # further keys of an action, which stay as they are
        inside = QWidget()
        rows = QGridLayout(inside)
        rows.setColumnStretch(0, 1)
        rows.setVerticalSpacing(4)
        self._heading(rows, self.tr("Keys, while a slice has the focus"))
        for action in ACTIONS:
            edit = QKeySequenceEdit()
            edit.setObjectName(f"key_{action.id}")
            edit.setMaximumSequenceLength(1)
            edit.setClearButtonEnabled(True)
            edit.setAccessibleName(action.said)
            edit.setFixedWidth(150)
            edit.keySequenceChanged.connect(self._tell_conflicts)
            self.edits[action.id] = edit
            also = QLabel()
            also.setObjectName(f"also_{action.id}")
            also.setProperty("role", "muted")
            row = rows.rowCount()
            rows.addWidget(QLabel(action.said), row, 0)
            rows.addWidget(edit, row, 1)
            rows.addWidget(also, row, 2)
        for heading, listed in ((self.tr("Keys that stay"), FIXED), (self.tr("Mouse"), MOUSE)):
            self._heading(rows, heading)
            for does, meaning in said_pairs(listed):
                row = rows.rowCount()
                words = QLabel(meaning)
                words.setWordWrap(True)
                rows.addWidget(QLabel(does), row, 0)
                rows.addWidget(words, row, 1, 1, 2)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.told = QLabel()
        self.told.setObjectName("keyConflicts")
        self.told.setProperty("tone", "warning")
        self.told.setWordWrap(True)
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel | kinds.RestoreDefaults)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(kinds.RestoreDefaults).clicked.connect(lambda: self._show({}))
        column = QVBoxLayout(self)
        column.addWidget(scroll, 1)
        column.addWidget(self.told)
        column.addWidget(self.buttons)

    def open_with(self, changed: Mapping[str, Sequence[str]]) -> None:
        self._show(changed)
        self.open()
        self.buttons.setFocus()  # else the first key pressed would be taken down as a new one

    def chosen(self) -> dict[str, list[str]]:
        """Keys of those actions whose keys are not the usual ones."""
        found: dict[str, list[str]] = {}
        for action in ACTIONS:
            typed = normal(self.edits[action.id].keySequence().toString(PLAIN))
            keys = [*([typed] if typed else []), *(key for key in self._others[action.id] if key != typed)]
            if tuple(keys) != action.keys:
                found[action.id] = keys
        return found

    def accept(self) -> None:
        habits().set_keys(self.chosen())
        super().accept()

    def _show(self, changed: Mapping[str, Sequence[str]]) -> None:
        for action in ACTIONS:
            keys = keys_of(action, changed)
            self._others[action.id] = keys[1:]
            self.edits[action.id].setKeySequence(QKeySequence(keys[0] if keys else ""))
            also = self.findChild(QLabel, f"also_{action.id}")
            also.setText(f"or {', '.join(keys[1:])}" if keys[1:] else "")
        self._tell_conflicts()

    def _tell_conflicts(self) -> None:
        if len(self._others) < len(ACTIONS):
            return
        found = conflicts(self.chosen())
        lines = [f"{key}: {' and '.join(f'“{title_of(one)}”' for one in actions)}" for key, actions in found.items()]
        self.told.setText(self.tr("Two actions have the same key. ") + "; ".join(lines) if lines else "")
        self.told.setVisible(bool(lines))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not lines)

    @staticmethod
    def _heading(rows: QGridLayout, text: str) -> None:
        words = QLabel(text)
        words.setProperty("role", "heading")
        rows.addWidget(words, rows.rowCount(), 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
