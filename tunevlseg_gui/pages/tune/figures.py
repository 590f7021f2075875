"""Figures of every strategy that the weights can take: how much learns, and how long it would take here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import CheckRecipe, Estimate
from tunevlseg_gui.bridge.client import EngineClient

Recipe = dict[str, Any]


class Figures(QObject):
    """Asks for one after the other while it is looked at; what was answered is kept for the same recipe.

    Counting takes a moment each (the first one loads the libraries), measuring some seconds of the whole machine:
    counts come first, and the strategy that is chosen before the others.
    """

    told = Signal(str)  # strategy whose figures are other ones now

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._counted: dict[str, dict[str, Any]] = {}
        self._measured: dict[str, dict[str, Any]] = {}
        self._recipes: dict[str, Recipe] = {}
        self._left: list[tuple[type, str]] = []
        self._asked: tuple[str, type, str] | None = None  # job, kind, strategy

    def look_at(self, recipes: dict[str, Recipe], first: str, *, measure: bool) -> None:
        """The recipe of each strategy; `first` is the one that is chosen. Without `measure` they are only counted."""
        before, self._recipes = self._recipes, dict(recipes)
        if self._asked is not None:
            _, kind, strategy = self._asked
            if before.get(strategy) != recipes.get(strategy) or (kind is Estimate and not measure):
                self._stop_asking()
        order = sorted(recipes, key=lambda strategy: strategy != first)
        wanted = [(CheckRecipe, self._counted), *([(Estimate, self._measured)] if measure else [])]
        self._left = [
            (kind, strategy)
            for kind, known in wanted
            for strategy in order
            if key_of(recipes[strategy]) not in known and (self._asked is None or self._asked[1:] != (kind, strategy))
        ]
        for strategy in recipes:
            self.told.emit(strategy)
        self._ask()

    def drop(self) -> None:
        """Nobody looks any more: measuring ends."""
        self._left, self._recipes = [], {}
        self._stop_asking()

    def _stop_asking(self) -> None:
        if self._asked is not None:
            job, _, _ = self._asked
            self._asked = None
            self._client.cancel(job)

    def learned(self, strategy: str) -> dict[str, Any] | None:
        """The answer to CheckRecipe; None while there is none."""
        return self._of(strategy, self._counted)

    def takes(self, strategy: str) -> dict[str, Any] | None:
        """The answer to Estimate; None while there is none."""
        return self._of(strategy, self._measured)

    def asking(self, strategy: str) -> bool:
        """It is being measured right now."""
        return self._asked is not None and self._asked[1:] == (Estimate, strategy)

    def waiting(self, strategy: str) -> bool:
        """It will be counted, or is being counted."""
        return (CheckRecipe, strategy) in [*self._left, *([self._asked[1:]] if self._asked else [])]

    def measured(self, recipe: Recipe) -> dict[str, Any] | None:
        """What was measured of a recipe, whatever its name; None where nothing was."""
        return self._measured.get(key_of(recipe))

    def keep(self, recipe: Recipe, found: dict[str, Any]) -> None:
        """What was measured of it elsewhere."""
        self._measured[key_of(recipe)] = found

    def _of(self, strategy: str, known: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
        recipe = self._recipes.get(strategy)
        return known.get(key_of(recipe)) if recipe is not None else None

    def _ask(self) -> None:
        if self._asked is not None or not self._left:
            return
        kind, strategy = self._left.pop(0)
        recipe = self._recipes[strategy]
        mark: list[str] = []
        job = self._client.submit(kind(recipe), self._listener(kind, strategy, recipe, mark))
        mark.append(job)
        self._asked = (job, kind, strategy)
        if kind is Estimate:
            self.told.emit(strategy)

    def _listener(self, kind: type, strategy: str, recipe: Recipe, mark: list[str]) -> Callable[[Event], None]:
        def heard(event: Event) -> None:
            known = self._counted if kind is CheckRecipe else self._measured
            match event:
                case JobFinished(result=result):
                    known[key_of(recipe)] = result
                case JobFailed(message=message):
                    known[key_of(recipe)] = {"problem": message}
                case _:
                    return
            if self._asked is not None and [self._asked[0]] == mark:
                self._asked = None
                self.told.emit(strategy)
                self._ask()

        return heard


def key_of(recipe: Recipe) -> str:
    """What decides the figures of a recipe: all but its name."""
    return json.dumps({name: value for name, value in recipe.items() if name != "name"}, sort_keys=True, default=str)
