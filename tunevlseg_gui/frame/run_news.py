"""What became of a run while another page was looked at: it has finished, or failed; with a way to it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.contract.errors import EngineError
from engine.contract.events import JobFailed
from engine.runs.layout import METRICS
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.frame.page_stack import PageStack
from tunevlseg_gui.pages.runs.run_keeper import RunKeeper
from tunevlseg_gui.translation import translate


class RunNews(QObject):
    """Says nothing of the run that is on show, of studies, nor of what was cancelled by hand."""

    told = Signal(object)

    def __init__(self, keeper: RunKeeper, pages: PageStack) -> None:
        super().__init__(keeper)
        self._pages = pages
        keeper.ended.connect(self._ended)

    @Slot(object)
    def _ended(self, run: Path) -> None:
        run_task(self, partial(news_of, run), partial(self._tell, run))

    def _tell(self, run: Path, notice: Notice | None) -> None:
        page: Any = self._pages.made("runs")
        on_show = page is not None and page.isVisible() and page.shows(run)
        if notice is not None and not on_show:
            self.told.emit(notice)


def news_of(run: Path) -> Notice | None:
    """How a run ended, read from its folder; None where there is nothing to say."""
    from engine.runs.reader import Run, last_event

    try:
        found = Run.open(run) if (run / METRICS).is_file() else None
    except EngineError:
        return None
    if found is None:
        return None
    if found.state == "finished":
        words = translate("RunNews", "{run} has finished.").format(run=found.name)
        best = translate("RunNews", "Best validation Dice {dice}, epoch {epoch}.")
        known = found.best_dice is not None and found.best_epoch is not None
        hint = best.format(dice=f"{found.best_dice:.3f}", epoch=found.best_epoch) if known else ""
        return Notice(words, hint, "good", run=run)
    if found.state in ("failed", "interrupted"):
        last = last_event(run)
        words = translate("RunNews", "{run} has stopped before its end.").format(run=found.name)
        why = f"{last.message} {last.hint}".strip() if isinstance(last, JobFailed) else ""
        return Notice(words, why, "danger", run=run)
    return None
