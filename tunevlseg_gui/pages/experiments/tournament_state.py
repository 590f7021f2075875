"""A tournament's cells as the grid shows them, from a reading and from what its worker tells since; no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.contract.events import (
    CellEnded,
    CellStarted,
    EpochEnded,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Log,
    Paused,
    Progress,
    Resumed,
)


@dataclass(frozen=True)
class CellView:
    """`state` waiting | running | done | impossible | failed."""

    seed: int
    state: str = "waiting"
    dice: float | None = None
    why: str = ""
    run: str = ""


@dataclass
class TournamentState:
    """`lines`: (model, row) downwards; `datasets` across; a place holds a cell for each seed."""

    name: str = ""
    folder: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    places: dict[tuple[str, str, str], list[CellView]] = field(default_factory=dict)
    shown: Sequence[Mapping[str, Any]] = ()
    front: Sequence[Mapping[str, Any]] = ()
    synthetic: frozenset[str] = frozenset()
    budget: Mapping[str, Any] = field(default_factory=dict)
    phase: str = "none"  # none | running | paused | finished | cancelled | failed
    stage: str = ""
    epoch: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> TournamentState:
        """From the result of ReadTournament."""
        found = cls(str(told["name"]), str(told["folder"]))
        found.datasets = list(told["datasets"])
        for cell in told["cells"]:
            place = (str(cell["model"]), str(cell["row"]), str(cell["dataset"]))
            view = CellView(int(cell["seed"]), cell["state"], cell["dice"], cell["why"], cell["run"])
            found.places.setdefault(place, []).append(view)
            if place[:2] not in found.lines:
                found.lines.append(place[:2])
        found.shown, found.front = told["shown"], told["front"]
        found.synthetic = frozenset(told["synthetic"])
        found.budget = dict(told["training"])
        return found

    def goes_on_from(self, before: TournamentState) -> TournamentState:
        """A newer reading with what the worker told since."""
        self.phase, self.stage, self.epoch = before.phase, before.stage, before.epoch
        for place, cells in before.places.items():
            running = {cell.seed for cell in cells if cell.state == "running"}
            if running and before.phase in ("running", "paused") and place in self.places:
                self.places[place] = [
                    replace(cell, state="running") if cell.seed in running and cell.state == "waiting" else cell
                    for cell in self.places[place]
                ]
        return self

    @property
    def cells(self) -> list[CellView]:
        return [cell for cells in self.places.values() for cell in cells]

    @property
    def ended(self) -> int:
        return sum(cell.state in ("done", "impossible", "failed") for cell in self.cells)

    def take(self, event: Event) -> bool:
        """Whether tables and front are to be read anew."""
        match event:
            case JobStarted():
                self._rest()
                self.phase = "running"
            case CellStarted(dataset=dataset, model=model, row=row, seed=seed, run=run):
                self.epoch = ""
                self._put((model, row, dataset), CellView(seed, "running", run=run))
            case CellEnded(dataset=dataset, model=model, row=row, seed=seed, state=state, dice=dice, why=why, run=run):
                self._put((model, row, dataset), CellView(seed, state, dice, why, run))
                return True
            case EpochEnded(epoch=epoch, epochs=epochs):
                self.epoch = f"{epoch}/{epochs}"
            case Paused():
                self.phase = "paused"
            case Resumed():
                self.phase = "running"
            case Log(message=message):
                self.stage = message
            case Progress(done=done, total=total, unit=unit):
                self.stage = f"{done:.0f} of {total:.0f} {unit}"
            case JobFinished() | JobCancelled() | JobFailed():
                self._rest()
                self.phase = {JobFinished: "finished", JobCancelled: "cancelled"}.get(type(event), "failed")
                return True
        return False

    def _rest(self) -> None:
        """Nobody works on any cell."""
        self.epoch = ""
        for place, cells in self.places.items():
            self.places[place] = [replace(cell, state="waiting") if cell.state == "running" else cell for cell in cells]

    def _put(self, place: tuple[str, str, str], view: CellView) -> None:
        cells = self.places.get(place, [])
        self.places[place] = [view if cell.seed == view.seed else cell for cell in cells]

    def dice(self, place: tuple[str, str, str]) -> float | None:
        """The mean over the seeds that are done."""
        known = [cell.dice for cell in self.places.get(place, []) if cell.state == "done" and cell.dice is not None]
        return sum(known) / len(known) if known else None
