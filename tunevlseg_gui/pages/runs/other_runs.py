"""Runs that may be drawn over another one, and their curves; read off the window's thread, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import InputError
from engine.runs.folders import runs_folder
from engine.runs.layout import METRICS, is_run
from engine.runs.writer import read_metrics
from tunevlseg_gui.pages.runs.kept_epochs import read_recipe
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.curve_data import Floats

MOST = 30


@dataclass(frozen=True)
class OtherRun:
    """One run, or with `seeds` several of one recipe that are drawn as a band."""

    folder: Path
    title: str
    seeds: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.folder} × {len(self.seeds)}" if self.seeds else str(self.folder)


@dataclass(frozen=True)
class Curves:
    """Columns of metrics.csv as arrays over `epochs`; `minutes` since the run began, at each epoch's end."""

    epochs: Floats
    minutes: Floats
    columns: dict[str, Floats]

    @classmethod
    def of(cls, rows: Sequence[dict[str, float]]) -> Curves:
        """`rows` ascending by epoch; what a row lacks is NaN."""
        names = [name for name in (rows[-1] if rows else {}) if name != "epoch"]
        columns = {name: np.array([row.get(name, np.nan) for row in rows], dtype=np.float64) for name in names}
        epochs = np.array([row["epoch"] for row in rows], dtype=np.float64)
        spent = np.nan_to_num(columns.get("seconds", np.full(len(epochs), np.nan)))
        return cls(epochs, np.cumsum(spent) / 60, columns)


@dataclass(frozen=True)
class Spread:
    """Several runs by epoch: lowest, highest and mean value of each column over those that came so far."""

    epochs: Floats
    minutes: Floats
    low: dict[str, Floats]
    high: dict[str, Floats]
    mean: dict[str, Floats]

    @classmethod
    def of(cls, runs: Sequence[Curves]) -> Spread:
        """Of one run or more, whose epochs ascend."""
        epochs = np.unique(np.concatenate([run.epochs for run in runs]))
        places = [np.searchsorted(epochs, run.epochs) for run in runs]

        def laid(columns: Sequence[Floats | None]) -> Floats:
            table = np.full((len(runs), len(epochs)), np.nan)
            for row, place, values in zip(table, places, columns, strict=True):
                if values is not None:
                    row[place] = values
            return table

        names = list(dict.fromkeys(name for run in runs for name in run.columns))
        tables = {name: laid([run.columns.get(name) for run in runs]) for name in names}
        tables = {name: table for name, table in tables.items() if np.isfinite(table).any(axis=0).all()}
        minutes = np.nanmean(laid([run.minutes for run in runs]), axis=0)
        return cls(
            epochs,
            np.maximum.accumulate(minutes),  # runs that end early took longer or shorter than the rest
            {name: np.nanmin(table, axis=0) for name, table in tables.items()},
            {name: np.nanmax(table, axis=0) for name, table in tables.items()},
            {name: np.nanmean(table, axis=0) for name, table in tables.items()},
        )


def other_runs(run: Path) -> list[OtherRun]:
    """Runs with curves beside `run` and in the user's folder, the latest first; without `run` itself.

    Before them, seeds of one recipe taken together, `run` among them: its own recipe's first.
    """
    found = {path for root in {run.parent, runs_folder()} if root.is_dir() for path in root.iterdir() if is_run(path)}
    found = {path for path in found if (path / METRICS).is_file() and path != run}
    latest = sorted(found, key=lambda path: (path / METRICS).stat().st_mtime, reverse=True)[:MOST]
    return [*_repeated(run, latest), *(OtherRun(path, path.name) for path in latest)]


def _repeated(run: Path, others: Sequence[Path]) -> list[OtherRun]:
    """Runs that differ in their seed alone, together."""
    groups: dict[str, list[Path]] = {}
    for path in (run, *others):
        same = _same(path)
        if same:
            groups.setdefault(same, []).append(path)
    return [OtherRun(paths[0], paths[0].name, tuple(paths)) for paths in groups.values() if len(paths) > 1]


def _same(run: Path) -> str:
    """What runs of one recipe share; empty where it cannot be read or nothing was tuned yet."""
    from engine.runs.overview import sameness

    try:
        return sameness(read_recipe(run)) if (run / METRICS).is_file() else ""
    except InputError:
        return ""


def read_spread(runs: Sequence[Path]) -> Spread:
    """Raises as `read_curves`."""
    return Spread.of([read_curves(run) for run in runs])


def read_curves(run: Path) -> Curves:
    """Raises InputError where its table is damaged, and OSError where it cannot be read."""
    try:
        return Curves.of(read_metrics(run))
    except (ValueError, KeyError) as error:
        raise InputError(
            translate("OtherRuns", "The table of {name} is damaged: {error}.").format(name=run.name, error=error),
            hint=translate("OtherRuns", "It cannot be drawn."),
        ) from error
