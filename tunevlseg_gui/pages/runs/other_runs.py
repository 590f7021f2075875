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
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.curve_data import Floats

MOST = 30


@dataclass(frozen=True)
class OtherRun:
    folder: Path
    title: str


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


def other_runs(run: Path) -> list[OtherRun]:
    """Runs with curves beside `run` and in the user's folder, the latest first; without `run` itself."""
    found = {path for root in {run.parent, runs_folder()} if root.is_dir() for path in root.iterdir() if is_run(path)}
    found = {path for path in found if (path / METRICS).is_file() and path != run}
    latest = sorted(found, key=lambda path: (path / METRICS).stat().st_mtime, reverse=True)
    return [OtherRun(path, path.name) for path in latest[:MOST]]


def read_curves(run: Path) -> Curves:
    """Raises InputError where its table is damaged, and OSError where it cannot be read."""
    try:
        return Curves.of(read_metrics(run))
    except (ValueError, KeyError) as error:
        raise InputError(
            translate("OtherRuns", "The table of {name} is damaged: {error}.").format(name=run.name, error=error),
            hint=translate("OtherRuns", "It cannot be drawn."),
        ) from error
