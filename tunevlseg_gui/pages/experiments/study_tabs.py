"""The plots of a study in tabs. Each is imported once it is looked at, then made, filled and painted in turns."""

from __future__ import annotations

import importlib
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, Signal
from PySide6.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget

from tunevlseg_gui.pages.experiments.saving import view_of
from tunevlseg_gui.pages.experiments.selection import Selection
from tunevlseg_gui.pages.experiments.study_data import Study
from tunevlseg_gui.widgets.text import label
from tunevlseg_gui.widgets.turns import in_turn

_PLOTS = "tunevlseg_gui.pages.experiments.plots"
PANELS = [
    # id, title, module, class. Each is imported when it is first shown.
    ("history", QT_TRANSLATE_NOOP("StudyTabs", "History"), f"{_PLOTS}.history", "HistoryPanel"),
    ("importance", QT_TRANSLATE_NOOP("StudyTabs", "Importance"), f"{_PLOTS}.importance", "ImportancePanel"),
    ("parallel", QT_TRANSLATE_NOOP("StudyTabs", "Parallel"), f"{_PLOTS}.parallel", "ParallelPanel"),
    ("slices", QT_TRANSLATE_NOOP("StudyTabs", "Slices"), f"{_PLOTS}.slices", "SlicesPanel"),
    ("contour", QT_TRANSLATE_NOOP("StudyTabs", "Contour"), f"{_PLOTS}.contour", "ContourPanel"),
    ("timeline", QT_TRANSLATE_NOOP("StudyTabs", "Timeline"), f"{_PLOTS}.timeline", "TimelinePanel"),
    ("pareto", QT_TRANSLATE_NOOP("StudyTabs", "Pareto"), f"{_PLOTS}.history", "ParetoPanel"),
    ("trials", QT_TRANSLATE_NOOP("StudyTabs", "Trials"), "tunevlseg_gui.pages.experiments.trial_table", "TrialTable"),
]
PARETO = next(at for at, (name, *_) in enumerate(PANELS) if name == "pareto")


class StudyTabs(QTabWidget):
    menu_wanted = Signal(object, object, object)  # number of a trial or None, key → value here, QPoint on the screen
    opened = Signal(object)  # number of a trial

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("studyTabs")
        self.setDocumentMode(True)
        self.selection = selection
        self.study: Study | None = None
        self._panels: dict[str, Any] = {}
        self._stale: set[str] = set()
        for name, title, _, _ in PANELS:
            place = QWidget()
            place.setObjectName(f"study_{name}")
            rows = QVBoxLayout(place)
            rows.setContentsMargins(0, 10, 0, 0)
            waiting = label(self.tr("Reading the study…"), "muted", name=f"reading_{name}")
            waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
            rows.addWidget(waiting)
            self.addTab(place, self.tr(title))
        self.setTabVisible(PARETO, False)
        self.currentChanged.connect(lambda _at: self._show_current())

    @property
    def current_name(self) -> str:
        return PANELS[self.currentIndex()][0]

    def forget(self) -> None:
        """Another study is read: until then none of the one before stands under its name."""
        self.study = None
        for name, panel in self._panels.items():
            panel.hide()
            self._waiting(name).show()

    def show_study(self, study: Study) -> None:
        self.study = study
        self.setTabVisible(PARETO, len(study.objectives) > 1)
        self._stale = {name for name, *_ in PANELS}
        self._show_current()

    def _show_current(self) -> None:
        name, _, module, cls = PANELS[self.currentIndex()]
        if self.study is None or name not in self._stale:
            return
        in_turn(self, self._fill)
        if name not in self._panels:
            made = getattr(importlib.import_module(module), cls)(self.selection)
            self._waiting(name).hide()
            self.widget(self.currentIndex()).layout().addWidget(made)
            self._panels[name] = made
            for plot in made.plots:
                self._connect(plot)
            if hasattr(made, "made"):
                made.made.connect(self._connect)
            if hasattr(made, "opened"):
                made.opened.connect(self.opened)

    def _fill(self) -> None:
        """From what was read last."""
        name = self.current_name
        if self.study is not None and name in self._stale and name in self._panels:
            self._stale.discard(name)
            self._panels[name].show_study(self.study)
            self._waiting(name).hide()
            self._panels[name].show()

    def _waiting(self, name: str) -> QLabel:
        found = self.findChild(QLabel, f"reading_{name}")
        assert found is not None
        return found

    def panel(self, name: str) -> Any:
        """The panel of a tab, brought to the front."""
        self.setCurrentIndex(next(at for at, (known, *_) in enumerate(PANELS) if known == name))
        self._show_current()
        self._fill()
        return self._panels.get(name)

    def drawn(self) -> QWidget | None:
        """The plot that is looked at: the one with the keyboard, else the first one of the tab."""
        panel = self._panels.get(self.current_name)
        if panel is None or self.study is None:
            return None
        focused = next((plot for plot in panel.plots if plot.hasFocus() and view_of(plot)), None)
        return focused or next((plot for plot in panel.plots if view_of(plot)), None)

    def _connect(self, plot: Any) -> None:
        if hasattr(plot, "menu_wanted"):
            plot.menu_wanted.connect(self.menu_wanted)
