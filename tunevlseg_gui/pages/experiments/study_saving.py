"""What of a study is saved from its menu: the plot in sight, the selected trials."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from engine.contract.errors import EngineError
from tunevlseg_gui.errors.present import of_error
from tunevlseg_gui.pages.experiments.saving import save_plot, save_text
from tunevlseg_gui.pages.experiments.study_data import to_csv
from tunevlseg_gui.pages.experiments.study_tabs import StudyTabs
from tunevlseg_gui.widgets.saved_name import saved_name


class StudySaving(QObject):
    notice = Signal(object)

    def __init__(self, tabs: StudyTabs, parent: QWidget) -> None:
        super().__init__(parent)
        self._tabs, self._widget = tabs, parent
        self.name = ""  # what the files' names begin with

    def open_menu(self, below: QWidget) -> None:
        menu = QMenu(self._widget)
        menu.setObjectName("saveMenu")
        drawn = self._tabs.drawn() is not None
        for kind, words in (("png", self.tr("This plot as PNG…")), ("svg", self.tr("This plot as SVG…"))):
            menu.addAction(words, partial(self._plot, kind)).setEnabled(drawn)
        menu.addAction(self.tr("The selected trials as CSV…"), self._csv).setEnabled(self._tabs.study is not None)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(below.mapToGlobal(QPoint(0, below.height())))

    def _plot(self, kind: str) -> None:
        plot = self._tabs.drawn()
        chosen = self._file(f"{self.name}-{self._tabs.current_name}.{kind}", f"*.{kind}")
        if plot is not None and chosen:
            self._do(lambda: save_plot(plot, saved_name(chosen, f".{kind}")))

    def _csv(self) -> None:
        study = self._tabs.study
        chosen = self._file(f"{self.name}-trials.csv", "*.csv")
        if study is not None and chosen:
            rows = self._tabs.selection.mask(study).nonzero()[0].tolist()
            self._do(lambda: save_text(to_csv(study, rows), saved_name(chosen, ".csv")))

    def _file(self, name: str, kinds: str) -> str:
        """Empty: none was chosen."""
        chosen, _ = QFileDialog.getSaveFileName(self._widget, self.tr("Save"), str(Path.home() / name), kinds)
        return chosen

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except EngineError as error:
            self.notice.emit(of_error(error))
