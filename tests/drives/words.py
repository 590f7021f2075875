"""Two made-up languages, to see what does not fit: every word 40 % longer, or everything from right to left."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import Qt, QTranslator
from PySide6.QtWidgets import QApplication

LANGUAGES = ("long", "rtl")
LONGER = 0.4
_PARTS = re.compile(r"\{[^{}]*\}|[^\W\d_]+")
_RIGHT_TO_LEFT_MARK = "\u200f"


class MadeUp(QTranslator):
    """`long`: "Settings" becomes "Settingsings"; `rtl`: the English text, which begins at the right."""

    def __init__(self, language: str) -> None:
        super().__init__()
        if language not in LANGUAGES:
            raise ValueError(f"{language!r} is none of {', '.join(LANGUAGES)}.")
        self._language = language

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        if not text.strip():
            return text
        return _PARTS.sub(_longer, text) if self._language == "long" else f"{_RIGHT_TO_LEFT_MARK}{text}"


def _longer(found: re.Match[str]) -> str:
    word = found[0]
    if word.startswith("{") or len(word) < 2:
        return word
    more = math.ceil(LONGER * len(word))
    return word + word[-more:].lower()


def speak(language: str) -> None:
    """From now on the running application does; its windows have to be made afterwards."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    translator = MadeUp(language)
    translator.setParent(app)
    app.installTranslator(translator)
    if language == "rtl":
        app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
