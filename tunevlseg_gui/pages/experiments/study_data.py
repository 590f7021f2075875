"""A study as plots and tables need it: columns of numbers, read from what the engine wrote. No Qt."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.catalogue import setting_title
from tunevlseg_gui.translation import from_engine, translate

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NUMBER = "number"
STATES = ("complete", "pruned", "failed", "lost", "running", "waiting")


@dataclass(frozen=True)
class Column:
    """One searched setting or one objective over all trials.

    `values` (n,): as they are, a choice as its place among `choices`; NaN where a trial has none. `places` (n,): where
    they lie on an axis (the decimal logarithm where `log`).
    """

    key: str
    title: str
    values: Floats
    kind: str = "float"  # float | int | choice
    log: bool = False
    choices: tuple[Any, ...] = ()
    low: float = math.nan
    high: float = math.nan

    @property
    def places(self) -> Floats:
        return self.place_all(self.values)

    def place_all(self, values: Floats) -> Floats:
        """Values of this column as places on its axis."""
        return np.log10(values) if self.log else values

    def place(self, value: float) -> float:
        return math.log10(value) if self.log and value > 0 else value

    def at(self, place: float) -> float:
        """The value at a place of the axis, within the searched range; a whole number or a choice where it is one."""
        value = 10**place if self.log else place
        if self.kind in ("int", "choice"):
            value = float(round(value))
        return min(max(value, self.low), self.high) if self.low == self.low else value

    @property
    def extent(self) -> tuple[float, float]:
        """Both ends of the axis: of the searched range, for an objective of what was found."""
        if self.kind == "choice":
            return 0.0, float(max(1, len(self.choices) - 1))
        if self.low == self.low:
            low, high = self.place(self.low), self.place(self.high)
        else:
            known = self.places[np.isfinite(self.places)]
            low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def raw(self, value: float) -> Any:
        """As the engine knows it."""
        if self.kind == "choice":
            return self.choices[int(value)]
        return int(value) if self.kind == "int" else float(value)

    def told(self, value: float) -> str:
        """For a person."""
        if value != value:
            return "–"
        if self.kind == "choice":
            return str(self.choices[int(value)])
        return f"{int(value)}" if self.kind == "int" else f"{value:.4g}"


@dataclass(frozen=True)
class Study:
    """What ReadStudy told. Every column has an entry for each of the `n` trials, by their order."""

    folder: Path
    name: str = ""
    asked: int = 0
    best: int | None = None
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    states: NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, "U8"))
    params: tuple[Column, ...] = ()
    objectives: tuple[Column, ...] = ()
    directions: tuple[str, ...] = ()
    best_so_far: Floats = field(default_factory=lambda: np.zeros(0))
    front: tuple[int, ...] = ()
    importances: Mapping[str, float] = field(default_factory=dict)
    correlations: Sequence[Mapping[str, Any]] = ()
    figured: bool = True  # whether the two were worked out; they come after the rows
    started: Floats = field(default_factory=lambda: np.zeros(0))  # seconds since the epoch, NaN: not yet
    ended: Floats = field(default_factory=lambda: np.zeros(0))
    rules: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()

    @property
    def n(self) -> int:
        return len(self.numbers)

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.params, *self.objectives)

    def column(self, key: str) -> Column | None:
        """A setting's, an objective's (`value:0`), or `number`: when a trial was begun."""
        if key == NUMBER:
            return Column(NUMBER, translate("Study", "Trial"), self.numbers.astype(np.float64), "int")
        return next((one for one in self.columns if one.key == key), None)

    def row_of(self, number: int) -> int | None:
        """Where a trial stands in the columns."""
        found = np.flatnonzero(self.numbers == number)
        return int(found[0]) if len(found) else None

    @property
    def complete(self) -> Bools:
        found: Bools = self.states == "complete"
        return found

    @property
    def ended_trials(self) -> int:
        return int(np.isin(self.states, ("complete", "pruned", "failed")).sum())

    def of_state(self, *names: str) -> list[Mapping[str, Any]]:
        return [row for row in self.rows if row["state"] in names]

    def told(self, row: int) -> str:
        """A trial in words, for a tip: its values, then its settings."""
        lines = [translate("Study", "Trial {number}: {state}").format(number=self.numbers[row], state=self.states[row])]
        lines += [f"{one.title}: {one.told(one.values[row])}" for one in (*self.objectives, *self.params)]
        why = self.rows[row].get("why")
        return "\n".join([*lines, str(why)] if why else lines)

    def raw_params(self, row: int) -> dict[str, Any]:
        """The trial's point, as the engine takes it."""
        known = self.rows[row]["params"]
        return {one.key: known[one.key] for one in self.params if one.key in known}


TITLES = {
    "val_dice": QT_TRANSLATE_NOOP("StudyData", "Validation Dice"),
    "last_val_loss": QT_TRANSLATE_NOOP("StudyData", "Last validation loss"),
    "seconds": QT_TRANSLATE_NOOP("StudyData", "Seconds"),
    "learned": QT_TRANSLATE_NOOP("StudyData", "Learned numbers"),
}


def title_of(path: str) -> str:
    """`training.learning_rate` → "Learning rate"."""
    return from_engine(setting_title(path))


def read_study(folder: Path, told: Mapping[str, Any]) -> Study:
    """From the result of ReadStudy and the file that it names; run off the window's thread. Raises OSError."""
    found = json.loads(Path(str(told["path"])).read_text(encoding="utf-8"))
    rows = list(found["trials"])
    objectives = tuple(
        Column(
            f"value:{at}",
            translate("StudyData", TITLES[name]) if name in TITLES else title_of(name),
            np.array([_value(row, at) for row in rows], np.float64),
            log=name == "seconds",
        )
        for at, name in enumerate(told["objectives"])
    )
    return Study(
        folder,
        str(told["name"]),
        int(told["asked"]),
        told.get("best"),
        np.array([row["number"] for row in rows], np.int64),
        np.array([row["state"] for row in rows], "U8"),
        tuple(_column(spec, rows) for spec in told["space"]),
        objectives,
        tuple(told["directions"]),
        np.array([math.nan if value is None else value for value in found["best_so_far"]], np.float64),
        tuple(found["front"]),
        dict(found["importances"]),
        list(found["correlations"]),
        bool(told.get("figures", True)),
        _times(rows, "started"),
        _times(rows, "ended"),
        dict(told["rules"]),
        rows,
    )


def _value(row: Mapping[str, Any], at: int) -> float:
    values = row["values"] if row["state"] == "complete" else []
    return float(values[at]) if at < len(values) and values[at] is not None else math.nan


def _times(rows: Sequence[Mapping[str, Any]], name: str) -> Floats:
    return np.array([math.nan if row[name] is None else row[name] for row in rows], np.float64)


def _column(spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Column:
    path, kind = str(spec["path"]), str(spec["kind"])
    choices = tuple(spec.get("choices", ()))
    places = {_key(choice): float(at) for at, choice in enumerate(choices)}

    def number(row: Mapping[str, Any]) -> float:
        value = row["params"].get(path)
        if value is None:
            return math.nan
        return places.get(_key(value), math.nan) if choices else float(value)

    values = np.array([number(row) for row in rows], np.float64)
    low, high = (0.0, float(len(choices) - 1)) if choices else (float(spec["low"]), float(spec["high"]))
    return Column(path, title_of(path), values, kind, bool(spec.get("log")), choices, low, high)


def _key(value: Any) -> tuple[str, Any]:
    """True is 1 for a dictionary, and is another choice all the same."""
    return ("bool" if isinstance(value, bool) else "", value)


def to_csv(study: Study, rows: Sequence[int]) -> str:
    """The trials at these places as a table: number, state, objectives, settings by their paths, times, run."""
    import csv
    import io

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    heads = [one.title.lower().replace(" ", "_") for one in study.objectives]
    table.writerow(["trial", "state", *heads, *(one.key for one in study.params), "started", "ended", "run", "why"])
    for row in rows:
        known = study.rows[row]
        values = ["" if one.values[row] != one.values[row] else f"{one.values[row]:.9g}" for one in study.objectives]
        params = [known["params"].get(one.key, "") for one in study.params]
        times = ["" if known[name] is None else f"{known[name]:.3f}" for name in ("started", "ended")]
        run = Path(known["run"]).name if known["run"] else ""  # a path of this computer is of no use elsewhere
        table.writerow([known["number"], known["state"], *values, *params, *times, run, known["why"]])
    return text.getvalue()
