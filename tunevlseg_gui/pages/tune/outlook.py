"""Asks the engine what the recipe in sight would learn and what it warns of, once nobody changes it any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import CheckRecipe
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.tune.draft import learned_in_words

PAUSE = 400
"""Milliseconds without a change after which it is asked: nobody is asked at every key that is pressed."""
_MATTERS = ("data", "model", "strategy")


@dataclass(frozen=True)
class Seen:
    """`learned` in words; `warnings`, and `refused`: the field that the engine would not take, and why."""

    learned: str = ""
    warnings: tuple[str, ...] = ()
    refused: tuple[str, str] = ("", "")
    reserve: int = 0
    """Places of the text encoder that learned words take."""


class Outlook(QObject):
    """`told` carries a `Seen` for the recipe that was looked at last; an empty one while there is no answer."""

    told = Signal(object)

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._recipe: dict[str, Any] = {}
        self._asked: dict[str, Any] = {}
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._ask)

    def look_at(self, recipe: dict[str, Any]) -> None:
        """This is what would run; asked about after a pause, unless it is what was asked already."""
        self._recipe = recipe
        self._pause.start()

    def drop(self) -> None:
        self._pause.stop()

    def _ask(self) -> None:
        matters = {name: self._recipe[name] for name in _MATTERS}
        if matters == self._asked:
            return
        self._asked = matters
        self._client.submit(CheckRecipe(self._recipe), lambda event: self._heard(matters, event))

    def _heard(self, matters: dict[str, Any], event: Event) -> None:
        if matters is not self._asked:
            return  # changed meanwhile: another answer is on its way
        match event:
            case JobFinished(result=result):
                rows = result.get("problems") or []
                said = (f"{row.get('message', '')} {row.get('fix', '')}".strip() for row in rows)
                self.told.emit(
                    Seen(learned_in_words(result), tuple(said), reserve=int(result.get("learned_words") or 0))
                )
            case JobFailed(message=message, hint=hint, field=field):
                text = f"{message} {hint}".strip()
                self.told.emit(Seen(warnings=(text,), refused=(field or "", text)))
