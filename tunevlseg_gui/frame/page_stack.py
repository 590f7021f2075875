"""The pages: each is imported and made when it is first wanted, and one is in front."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from tunevlseg_gui.frame.page_list import PAGES


class PageStack(QStackedWidget):
    """`first` is the start page, which is there from the beginning; `make(name, class)` makes any other."""

    left = Signal()
    """Another page comes to the front: what was said belongs to the page that it was about."""
    shown = Signal(str)

    def __init__(self, first: QWidget, make: Callable[[str, type[Any]], QWidget]) -> None:
        super().__init__()
        self.setObjectName("pages")
        self._make = make
        self._pages: dict[str, QWidget] = {"start": first}
        self.addWidget(first)

    def page(self, name: str) -> QWidget:
        """The page, imported and made on first use."""
        if name not in self._pages:
            module, cls = next((module, cls) for known, _, _, module, cls in PAGES if known == name)
            made = self._make(name, getattr(importlib.import_module(module), cls))
            self._pages[name] = made
            self.addWidget(made)
        return self._pages[name]

    def made(self, name: str) -> QWidget | None:
        """The page, where it was wanted before."""
        return self._pages.get(name)

    def show_page(self, name: str) -> None:
        wanted = self.page(name)
        if wanted is not self.currentWidget():
            self.left.emit()
        self.setCurrentWidget(wanted)
        self.shown.emit(name)
        if hasattr(wanted, "came_to_front"):
            wanted.came_to_front()
