"""The theme in use: colour tokens → palette and style sheet; follows the system unless told otherwise."""

from __future__ import annotations

import json
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from tunevlseg_gui.resource_paths import icons_folder, themes_folder

Choice = Literal["system", "light", "dark"]


class Look(QObject):
    """Colour tokens by name. One instance per application: `look()`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice: Choice = "system"
        self.theme = ""
        self.tokens: dict[str, str] = {}
        self._load("light")

    def colour(self, token: str) -> QColor:
        return QColor(self.tokens[token])

    @property
    def dark(self) -> bool:
        return self.theme == "dark"

    def use(self, choice: Choice) -> None:
        """Applies a theme to the application and every window of it."""
        self.choice = choice
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        wanted = choice if choice != "system" else _system_theme()
        self._load(wanted)
        app.setPalette(self._palette())
        app.setStyleSheet(self._style_sheet())
        self.changed.emit()

    def follow_system(self) -> None:
        """Called when the desktop changes between light and dark."""
        if self.choice == "system":
            self.use("system")

    def _load(self, theme: str) -> None:
        if theme != self.theme:
            self.tokens = json.loads((themes_folder() / f"{theme}.json").read_text(encoding="utf-8"))
            self.theme = theme

    def _style_sheet(self) -> str:
        text = (themes_folder() / "tunevlseg.qss").read_text(encoding="utf-8")
        known = {**self.tokens, "icons": icons_folder().as_posix(), "theme": self.theme}
        # Longest names first: @accent must not eat the start of @accent_soft.
        for name in sorted(known, key=len, reverse=True):
            text = text.replace(f"@{name}", known[name])
        return text

    def _palette(self) -> QPalette:
        # Fusion does not follow the system's dark scheme on every platform, so every role is ours.
        role = QPalette.ColorRole
        palette = QPalette()
        for target, token in {
            role.Window: "window",
            role.WindowText: "text",
            role.Base: "surface",
            role.AlternateBase: "raised",
            role.ToolTipBase: "raised",
            role.ToolTipText: "text",
            role.PlaceholderText: "muted",
            role.Text: "text",
            role.Button: "surface",
            role.ButtonText: "text",
            role.BrightText: "danger",
            role.Link: "accent_text",
            role.LinkVisited: "accent_text",
            role.Highlight: "accent",
            role.HighlightedText: "on_accent",
            role.Light: "surface",
            role.Midlight: "raised",
            role.Mid: "border",
            role.Dark: "strong_border",
            role.Shadow: "strong_border",
            role.Accent: "accent",
        }.items():
            palette.setColor(target, self.colour(token))
        for target in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, target, self.colour("disabled"))
        return palette


def _system_theme() -> str:
    scheme = QGuiApplication.styleHints().colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


_look: Look | None = None


def look() -> Look:
    """The application's look; made on first use."""
    global _look
    if _look is None:
        _look = Look()
    return _look
