"""What the review leads to: the recipe as a file, a search over its settings, or the run."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.contract.errors import EngineError
from engine.contract.jobs import Tune
from engine.contract.whole_file import write_text
from tunevlseg_gui.errors.present import of_error
from tunevlseg_gui.pages.tune.review_step import ReviewStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.saved_name import saved_name


class Launch(QObject):
    """`ended`: the run goes on, or was refused."""

    notice = Signal(object)
    run_started = Signal(object)  # Path of the run folder
    search_wanted = Signal(object)  # Path of the recipe
    ended = Signal()

    def __init__(self, wizard: Wizard, review: ReviewStep, parent: QWidget) -> None:
        super().__init__(parent)
        self._wizard, self._review, self._window = wizard, review, parent
        review.save_wanted.connect(self.save_recipe)
        review.refused.connect(self._refused)

    def save_recipe(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save the recipe"),
            f"{self._wizard.draft.name}.yaml",
            self.tr("Recipe (*.yaml)"),
        )
        if chosen:
            try:
                write_text(saved_name(chosen, ".yaml", ".yml"), self._review.recipe_shown())
            except EngineError as error:
                self._refused(error)

    def search(self) -> None:
        self._review.keep_recipe(lambda: self.search_wanted.emit(self._review.file))

    def start(self) -> None:
        if self._wizard.out.exists():  # started before, by the same draft
            self._review.enter()
        self._review.keep_recipe(self._start_kept)

    def _start_kept(self) -> None:
        job: Any = Tune(str(self._review.file), str(self._wizard.out))
        try:
            run = self._wizard.client.start_run(job)
        except EngineError as error:
            self._refused(error)
            return
        self.ended.emit()
        self.notice.emit(None)
        self.run_started.emit(run)

    def _refused(self, error: Exception) -> None:
        if isinstance(error, EngineError):
            self.notice.emit(of_error(error))
        self.ended.emit()
