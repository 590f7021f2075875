"""Push buttons with a role, an icon and an accessible name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton

from tunevlseg_gui.theme.icons import icon


def button(
    text: str,
    name: str,
    clicked: Callable[[], object] | None = None,
    *,
    role: str = "",
    picture: str = "",
    tip: str = "",
) -> QPushButton:
    """`role` is primary | danger | flat or empty; `name` is the object name that tests and drivers look for."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setAccessibleName(text or tip)
    if role:
        made.setProperty("role", role)
    if picture:
        token = {"primary": "on_accent", "danger": "danger", "flat": "accent_text"}.get(role, "muted")
        made.setIcon(icon(picture, token))
        made.setIconSize(QSize(18, 18))
    if tip:
        made.setToolTip(tip)
    if clicked is not None:
        made.clicked.connect(lambda _checked=False: clicked())
    return made


def swap(first: QPushButton, other: QPushButton, *, second: bool) -> None:
    """Shows one of two buttons; the keyboard goes from the one that leaves to the one that comes.

    Left alone it would go on to whatever stands behind, where a second stroke presses something else.
    """
    comes, goes = (other, first) if second else (first, other)
    focused = goes.hasFocus()
    comes.setVisible(True)
    if focused:
        comes.setFocus(Qt.FocusReason.OtherFocusReason)
    goes.setVisible(False)
