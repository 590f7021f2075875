"""What has just appeared, or has just got the keyboard, is brought into sight, where a view scrolls it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget


def bring_into_sight(widget: QWidget) -> None:
    """Scrolls what holds it, once its place is known: in a turn of the event loop of its own."""

    def bring() -> None:
        above = widget.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(widget, 0, 24)
            above = above.parentWidget()

    QTimer.singleShot(0, widget, bring)


def keep_focus_in_sight(area: QScrollArea) -> None:
    """Tab that comes into the view from outside scrolls to where it stops, as Qt does for Tab within it."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)

    def came(old: QWidget | None, new: QWidget | None) -> None:
        inside = area.widget()
        if new is None or inside is None or not inside.isAncestorOf(new):
            return
        from_outside = old is None or not inside.isAncestorOf(old)
        if from_outside and app.mouseButtons() == Qt.MouseButton.NoButton:
            area.ensureWidgetVisible(new)

    listening = app.focusChanged.connect(came)
    area.destroyed.connect(lambda: app.focusChanged.disconnect(listening))
