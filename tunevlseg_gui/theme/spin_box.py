"""Numbers in boxes stand off the border, as texts do."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractSpinBox

INSET = 6


def inset(box: QAbstractSpinBox) -> None:
    """A style sheet's padding does not reach the line edit inside of a spin box; its text margins do."""
    box.lineEdit().setTextMargins(INSET, 0, 0, 0)
