"""The Studies page: what needs many runs. Each tab is imported when it is first shown."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.widgets.page_header import PageHeader

_HERE = "tunevlseg_gui.pages.experiments"
TABS = [
    # id, title, module, class.
    ("searches", QT_TRANSLATE_NOOP("ExperimentsPage", "Searches"), f"{_HERE}.searches", "SearchesTab"),
    (
        "tournaments",
        QT_TRANSLATE_NOOP("ExperimentsPage", "Tournaments"),
        f"{_HERE}.tournaments",
        "TournamentsTab",
    ),
    ("labels", QT_TRANSLATE_NOOP("ExperimentsPage", "Label budget"), f"{_HERE}.label_budget", "LabelBudgetTab"),
]


class ExperimentsPage(QWidget):
    notice = Signal(object)
    run_wanted = Signal(object)  # Path of a run to show
    recipe_wanted = Signal(object)  # Path of a recipe to tune by

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("experimentsPage")
        self._client = client
        self._tabs: dict[str, Any] = {}
        self.tabs = QTabWidget()
        self.tabs.setObjectName("experimentTabs")
        self.tabs.setDocumentMode(True)
        for name, title, _, _ in TABS:
            place = QWidget()
            place.setObjectName(f"experiment_{name}")
            rows = QVBoxLayout(place)
            rows.setContentsMargins(0, 0, 0, 0)
            self.tabs.addTab(place, self.tr(title))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(8)
        rows.addWidget(
            PageHeader(self.tr("Studies"), self.tr("Many runs under one plan: they go on when the window is closed."))
        )
        rows.addWidget(self.tabs, 1)
        self.tabs.currentChanged.connect(lambda _at: self.came_to_front())

    def tab(self, name: str) -> Any:
        """The tab, imported and made on first use."""
        if name not in self._tabs:
            module, cls = next((module, cls) for known, _, module, cls in TABS if known == name)
            made = getattr(importlib.import_module(module), cls)(self._client)
            for signal in ("notice", "run_wanted", "recipe_wanted"):
                if hasattr(made, signal):
                    getattr(made, signal).connect(getattr(self, signal))
            if hasattr(made, "study_wanted"):
                made.study_wanted.connect(self.open_study)
            self._tabs[name] = made
            self._place(name).layout().addWidget(made)
        return self._tabs[name]

    def _place(self, name: str) -> Any:
        return self.tabs.widget(next(at for at, (known, *_) in enumerate(TABS) if known == name))

    def show_tab(self, name: str) -> Any:
        made = self.tab(name)
        self.tabs.setCurrentWidget(self._place(name))
        return made

    def came_to_front(self) -> None:
        self.tab(TABS[self.tabs.currentIndex()][0]).came_to_front()

    def search(self, recipe: Path) -> None:
        """A search over this recipe is asked for."""
        self.show_tab("searches").ask(str(recipe))

    def plan_labels(self, recipe: Path) -> None:
        """A label budget of this recipe is to be planned."""
        self.show_tab("labels").use_recipe(recipe)

    def open_study(self, folder: Path) -> None:
        self.show_tab("searches").open_study(folder)
