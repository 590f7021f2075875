"""Undo and redo of edits: two buttons that say what they would do, and their keys on the page."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QUndoStack
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from tunevlseg_gui.theme.icons import icon


class UndoButtons(QWidget):
    """`page` receives the keys: Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y. A text field with the focus keeps its own undo."""

    def __init__(self, page: QWidget, stack: QUndoStack) -> None:
        super().__init__(page)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for action, name, picture, keys in (
            (stack.createUndoAction(page, self.tr("Undo")), "undoEdit", "undo", ("Ctrl+Z",)),
            (stack.createRedoAction(page, self.tr("Redo")), "redoEdit", "redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
        ):
            action.setObjectName(f"{name}Action")
            action.setIcon(icon(picture, "muted"))
            action.setShortcuts([QKeySequence(key) for key in keys])
            # Of the window: nothing on the page need have the focus. A page that is not shown hears no keys.
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            page.addAction(action)
            row.addWidget(_ActionButton(action, name))


class _ActionButton(QToolButton):
    """An icon whose tooltip and accessible name follow its action's text."""

    def __init__(self, action: QAction, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setDefaultAction(action)
        self.setProperty("role", "flat")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.setIconSize(QSize(18, 18))
        action.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        action = self.defaultAction()
        if action is not None:
            self.setAccessibleName(action.text())
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            self.setToolTip(f"{action.text()} ({keys})")
