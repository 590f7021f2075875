"""Which models can be asked, and which one is: base models, tuned ones, bundles that were opened by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.contract.jobs import ListModels
from engine.runs.layout import BEST, is_run
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.model_choice import ModelChoice, base_choices, bundle_choice, tuned_choices
from tunevlseg_gui.pages.segment.page_jobs import Errand, PageJobs
from tunevlseg_gui.viewer.mask_overlay import MOST_LAYERS

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class ModelList(QObject):
    """`threshold` is called with that of each model that is chosen."""

    def __init__(self, jobs: PageJobs, page: SegmentPage, threshold: Callable[[float], None]) -> None:
        super().__init__(page)
        self._jobs, self._page, self._threshold = jobs, page, threshold
        self._listing = False
        self._models: list[ModelChoice] = []
        self._opened: list[ModelChoice] = []  # by hand
        self._filled = ""  # phrases that were put into the box by us
        self.chosen: ModelChoice | None = None

    def refresh(self) -> None:
        """Asks again which models there are."""
        if self._listing:
            return
        self._listing = True
        self._jobs.send(ListModels(), Errand(self._listed, ended=self._answered))

    def open_bundle(self, path: Path) -> None:
        def add(choice: ModelChoice) -> None:
            self._opened = [known for known in self._opened if known.key != choice.key] + [choice]
            self._show(self._models, chosen=choice)
            self._page.show_status(self.tr("{title} is chosen.").format(title=choice.title))

        run_task(self, lambda: bundle_choice(path), add, self._page.show_error)

    def choose(self, choice: ModelChoice | None) -> None:
        self.chosen = choice
        self._page.side.show_model(choice)
        if choice is None:
            return
        self._page.side.answers.set_threshold(choice.threshold)
        self._threshold(choice.threshold)
        edit = self._page.side.prompt_edit
        if choice.labels and edit.toPlainText().strip() in ("", self._filled):
            self._filled = "\n".join(choice.labels[:MOST_LAYERS])
            edit.setPlainText(self._filled)

    def tuned_run(self) -> Path | None:
        """The run that the chosen model came from."""
        if self.chosen is None or self.chosen.kind == "base":
            return None
        folder = Path(self.chosen.reference).parent
        return folder if is_run(folder) and (folder / BEST).is_file() else None

    def _answered(self, _finished: bool) -> None:
        self._listing = False

    def _listed(self, result: dict[str, Any]) -> None:
        base = base_choices(result)
        run_task(self, tuned_choices, lambda tuned: self._show([*base, *tuned]), self._page.show_error)

    def _show(self, models: list[ModelChoice], chosen: ModelChoice | None = None) -> None:
        self._models = models
        by_hand = {choice.key for choice in self._opened}
        shown = [choice for choice in models if choice.key not in by_hand] + self._opened
        wanted = chosen or self.chosen
        found = next((choice for choice in shown if wanted is not None and choice.key == wanted.key), None)
        found = found or (shown[0] if shown else None)
        self._page.side.list_models(shown, found)
        if found != self.chosen:
            self.choose(found)
