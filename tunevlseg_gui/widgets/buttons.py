"""Push buttons with a role, an icon and an accessible name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton

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


def tab_at_chosen(buttons: Iterable[QAbstractButton]) -> None:
    """Of buttons of which one is chosen Tab stops at that one, and the arrows go to the others.

    Qt sees to it only when one of them gets the keyboard, not when another one is chosen by the program.
    """
    known = list(buttons)
    any_chosen = any(made.isChecked() for made in known)
    for made in known:
        stops = made.isChecked() or not any_chosen
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus if stops else Qt.FocusPolicy.ClickFocus)
