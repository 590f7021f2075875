"""Asks the engine what the run in sight would take, once nobody changes it any more; stops asking when they do."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import Estimate
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.tune.figures import Figures

PAUSE = 1500
"""Milliseconds without a change after which it is measured: that is work for the whole machine."""


class Estimator(QObject):
    """`told` carries the answer to Estimate: `words`, and what they are made of; only `words` where there is none."""

    told = Signal(dict)

    def __init__(self, client: EngineClient, figures: Figures, parent: QObject | None = None) -> None:
        """`figures` knows what was measured for the cards of the strategies."""
        super().__init__(parent)
        self._client = client
        self._figures = figures
        self._recipe: dict[str, Any] = {}
        self._job = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._ask)

    def look_at(self, recipe: dict[str, Any]) -> None:
        """This is what would run; asked about after a pause, unless it is what was asked already."""
        if recipe != self._recipe:
            self.drop()
            self._recipe = recipe
            known = self._figures.measured(recipe)
            if known is not None:
                self.told.emit(known)
            else:
                self._pause.start()

    def drop(self) -> None:
        """Something else is to be done: measuring ends."""
        self._pause.stop()
        if self._job:
            self._client.cancel(self._job)
        self._recipe, self._job = {}, ""
        self.told.emit({"words": ""})

    def _ask(self) -> None:
        recipe = self._recipe
        self.told.emit({"words": self.tr("Measuring what this would take…")})
        self._job = self._client.submit(Estimate(recipe), lambda event: self._heard(recipe, event))

    def _heard(self, recipe: dict[str, Any], event: Event) -> None:
        if recipe is not self._recipe:
            return  # changed meanwhile
        match event:
            case JobFinished(result=result):
                self._job = ""
                self._figures.keep(recipe, result)
                self.told.emit(result)
            case JobFailed(message=message, hint=hint):
                self._job = ""
                told = self.tr("What this would take could not be measured.")
                self.told.emit({"words": f"{told} {message} {hint}".strip()})
