"""One run in detail: its name and actions above, its curves and what else is known of it in tabs below.

A tab is a panel: a widget made with the client, whose `show_run(folder)` is called when it comes to the front for
another run than before. A panel may have the signals `notice` (a Notice or None) and `bundle_wanted` (Path). Panels
are imported when they are first shown.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.live_actions import LiveActions
from tunevlseg_gui.pages.runs.live_view import LiveView
from tunevlseg_gui.widgets.buttons import button

PANELS = [
    # id, title, module, class.
    (
        "scores",
        QT_TRANSLATE_NOOP("RunDetail", "Scores"),
        "tunevlseg_gui.pages.runs.scores_panel",
        "ScoresPanel",
    ),
    (
        "phrase",
        QT_TRANSLATE_NOOP("RunDetail", "Phrase"),
        "tunevlseg_gui.pages.runs.phrase_effect_panel",
        "PhraseEffectPanel",
    ),
    (
        "gain",
        QT_TRANSLATE_NOOP("RunDetail", "Gain"),
        "tunevlseg_gui.pages.runs.gain_panel",
        "GainPanel",
    ),
    (
        "pack",
        QT_TRANSLATE_NOOP("RunDetail", "Prompt pack"),
        "tunevlseg_gui.pages.runs.pack_panel",
        "PackPanel",
    ),
    (
        "settings",
        QT_TRANSLATE_NOOP("RunDetail", "Settings"),
        "tunevlseg_gui.pages.runs.settings_panel",
        "SettingsPanel",
    ),
]


class RunDetail(QWidget):
    notice = Signal(object)
    bundle_wanted = Signal(object)
    report_wanted = Signal(object)  # Path of the run
    run_wanted = Signal(object)  # Path of another run to show

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runDetail")
        self._client = client
        self._panels: dict[str, QWidget] = {}
        self._shown: dict[str, Path] = {}
        self.live = LiveView()
        self.report = button(
            self.tr("Report…"), "runReport", lambda: self.report_wanted.emit(self.live.folder), picture="report"
        )
        self.live.header.add(self.report, shrinks=True)
        self.actions = LiveActions(client, self.live, self)
        self.actions.notice.connect(self.notice)
        self.actions.run_wanted.connect(self.run_wanted)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("runTabs")
        self.tabs.tabBar().setObjectName("runTabsBar")
        self.tabs.tabBar().setAccessibleName(self.tr("What is known of the run"))
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.live, self.tr("Curves"))
        for name, title, _, _ in PANELS:
            place = QWidget()
            place.setObjectName(f"panel_{name}")
            rows = QVBoxLayout(place)
            rows.setContentsMargins(0, 12, 0, 0)
            self.tabs.addTab(place, self.tr(title))
        self.tabs.currentChanged.connect(self._show_tab)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(8)
        # The name of the run and what can be done with it stay in sight above every tab.
        rows.addWidget(self.live.header)
        rows.addWidget(self.tabs, 1)
        inner = self.live.layout()
        if inner is not None:
            inner.setContentsMargins(0, 12, 0, 0)

    def panel(self, name: str) -> QWidget:
        """A tab's widget, imported and made on first use."""
        if name not in self._panels:
            at, (_, _, module, cls) = next((at, row) for at, row in enumerate(PANELS) if row[0] == name)
            made: QWidget = getattr(importlib.import_module(module), cls)(self._client)
            for signal in ("notice", "bundle_wanted"):
                if hasattr(made, signal):
                    getattr(made, signal).connect(getattr(self, signal))
            place = self.tabs.widget(at + 1)
            layout = place.layout()
            if layout is not None:
                layout.addWidget(made)
            self._panels[name] = made
        return self._panels[name]

    def show_panel(self, name: str) -> None:
        """Brings a tab to the front; "" is the one with the curves."""
        names = ["", *(row[0] for row in PANELS)]
        self.tabs.setCurrentIndex(names.index(name))

    def show_run(self, folder: Path) -> None:
        """Another run: its curves are shown first; panels follow when they come to the front."""
        if folder != self.live.folder:
            self.show_panel("")
        self.live.show_run(folder, "", "")
        self.actions.show_place()
        self._shown.clear()
        self._show_tab(self.tabs.currentIndex())

    def _show_tab(self, index: int) -> None:
        folder = self.live.folder
        if index < 1 or folder == Path():
            return
        name = PANELS[index - 1][0]
        made: Any = self.panel(name)
        if self._shown.get(name) != folder:
            self._shown[name] = folder
            made.show_run(folder)
