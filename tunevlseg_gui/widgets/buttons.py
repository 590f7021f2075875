"""Push buttons with a role, an icon and an accessible name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
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
