"""What has just appeared is brought into sight, where a view scrolls it."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QScrollArea, QWidget


def bring_into_sight(widget: QWidget) -> None:
    """Scrolls what holds it, once its place is known: in a turn of the event loop of its own."""

    def bring() -> None:
        above = widget.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(widget, 0, 24)
            above = above.parentWidget()

    QTimer.singleShot(0, widget, bring)
