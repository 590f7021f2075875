"""Phrases that were asked before, and templates for the one that is being typed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from engine.text.phrases import TEMPLATES
from tunevlseg_gui.viewer.habits import habits

MOST_SHOWN = 15


class PhraseMenu(QMenu):
    """Filled whenever it is opened."""

    phrase_chosen = Signal(str)
    template_chosen = Signal(str)  # its name

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("phraseMenu")
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        self.clear()
        self.addSection(self.tr("Asked before"))
        asked = habits().settings.phrases[:MOST_SHOWN]
        for phrase in asked:
            self.addAction(phrase.replace("&", "&&"), lambda phrase=phrase: self.phrase_chosen.emit(phrase))
        if not asked:
            self.addAction(self.tr("Nothing yet")).setEnabled(False)
        self.addSection(self.tr("Templates for this line"))
        for name, pattern in TEMPLATES.items():
            if pattern != "{}":
                self.addAction(pattern.replace("{}", "…"), lambda name=name: self.template_chosen.emit(name))
