"""Fills a run folder: recipe, events, metrics, log, checkpoints, previews."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.contract import wire
from engine.contract.errors import InputError
from engine.contract.events import Degraded, Event, JobFailed, Log, RunForked, SettingChanged, SettingRefused
from engine.contract.whole_file import told, write_text, write_whole
from engine.runs import layout
from engine.runs.changes import add_change
from engine.runs.layout import finished_epochs

MOST_PREVIEWS = 100
"""Sheets of previews that a run keeps; each takes some 100 to 200 kB."""


def append_event(folder: Path, event: Event) -> None:
    """One line more in the folder's events.jsonl, where whoever follows the job reads it."""
    path = folder / layout.EVENTS
    with told(path), path.open("a", encoding="utf-8", newline="\n") as lines:
        lines.write(wire.event_to_line(event) + "\n")


class RunWriter:
    """Writes into one run folder; every file appears whole or not at all, events and log are appended line by line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path, recipe: str, environment: dict[str, Any]) -> RunWriter:
        """A new run folder; raises InputError where one is there already."""
        if (folder / layout.RECIPE).exists():
            raise InputError(
                f"{folder} already holds a run.", hint="Choose another folder, or resume it with --resume."
            )
        with told(folder):
            (folder / layout.EPOCHS).mkdir(parents=True, exist_ok=True)
            (folder / layout.PREVIEWS).mkdir(exist_ok=True)
        write_text(folder / layout.ENVIRONMENT, json.dumps(environment, indent=2))
        write_text(folder / layout.RECIPE, recipe)
        return cls(folder)

    def event(self, event: Event) -> None:
        """Appends an event to events.jsonl, and what a person would read to log.txt."""
        self._append(layout.EVENTS, wire.event_to_line(event))
        if isinstance(event, Log):
            self.log(f"{event.level}: {event.message}")
        elif isinstance(event, Degraded):
            self.log(f"adapted: {event.message}")
        elif isinstance(event, SettingChanged):
            self.log(f"set: {event.key} = {event.value} from epoch {event.epoch}, step {event.step}")
        elif isinstance(event, SettingRefused):
            self.log(f"refused: {event.message} {event.hint}".strip())
        elif isinstance(event, RunForked):
            self.log(f"forked: {Path(event.run).name} from epoch {event.epoch}")
        elif isinstance(event, JobFailed):
            self.log(f"error: {event.message} {event.hint}".strip())

    def log(self, message: str) -> None:
        self._append(layout.LOG, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}")

    def _append(self, name: str, line: str) -> None:
        path = self.folder / name
        with self._lock, told(path), path.open("a", encoding="utf-8", newline="\n") as lines:
            lines.write(line + "\n")

    def row(self, metrics: dict[str, float]) -> None:
        """One epoch's row of metrics.csv; rows of the same or a later epoch, left by an interrupted run, give way."""
        rows = [row for row in read_metrics(self.folder) if row["epoch"] < metrics["epoch"]]
        rows.append({name: float(value) for name, value in metrics.items()})
        columns = [*layout.METRIC_COLUMNS, *(name for name in metrics if name not in layout.METRIC_COLUMNS)]
        text = io.StringIO()
        table = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        for row in rows:
            table.writerow({name: _cell(name, row.get(name)) for name in columns})
        write_text(self.folder / layout.METRICS, text.getvalue())

    def epoch(self, epoch: int, write: Callable[[Path], None], *, best: bool, keep: int) -> None:
        """A checkpoint folder epochs/NNN filled by `write`, which receives the folder to fill.

        With `best`, its learner becomes best.safetensors too. Only the last `keep` epochs and the best
        one stay.
        """
        folder = layout.epoch_folder(self.folder, epoch)
        beside = folder.with_name(f".writing-{folder.name}")
        with told(folder):
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(parents=True)
            try:
                write(beside)
                if best:
                    # Before the folder counts as complete: a run killed here does the epoch again, and the best
                    # weights are never older than the checkpoint that calls them the best.
                    learner = beside / layout.LEARNER
                    write_whole(self.folder / layout.BEST, lambda path: _copy(learner, path))
                    write_text(self.folder / layout.EPOCHS / "best", str(epoch))
                shutil.rmtree(folder, ignore_errors=True)
                beside.rename(folder)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        self._forget(keep)

    def _forget(self, keep: int) -> None:
        known = finished_epochs(self.folder)
        best = best_epoch(self.folder)
        for epoch in known[: -max(keep, 1)]:
            if epoch != best:
                shutil.rmtree(layout.epoch_folder(self.folder, epoch), ignore_errors=True)

    def preview(self, epoch: int, picture: NDArray[np.uint8]) -> Path:
        """previews/NNN.jpg from (h, w, 3) bytes; returns its path. At most MOST_PREVIEWS stay."""
        path = self.folder / layout.PREVIEWS / f"{epoch:03d}.jpg"
        written = write_whole(path, lambda beside: Image.fromarray(picture).save(beside, format="JPEG", quality=88))
        known = layout.previews(self.folder)
        for old in superfluous([number for number in known if number <= epoch], MOST_PREVIEWS):
            known[old].unlink(missing_ok=True)
        return written

    def adapted(self, plan: dict[str, Any], changes: dict[str, Any]) -> None:
        """How the run computes from now on: noted as a change, and where the run that goes on looks for it."""
        add_change(self.folder, {"change": "adapted", **changes})
        self.note(plan=plan)

    def note(self, **values: Any) -> None:
        """Adds to environment.json."""
        write_text(self.folder / layout.ENVIRONMENT, json.dumps({**self.noted(), **values}, indent=2))

    def noted(self) -> dict[str, Any]:
        """What environment.json says; nothing where it is not there or damaged."""
        try:
            found = json.loads((self.folder / layout.ENVIRONMENT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def result(self, result: dict[str, Any]) -> None:
        write_text(self.folder / layout.RESULT, json.dumps(result, indent=2))


def superfluous(epochs: list[int], most: int) -> list[int]:
    """Which of these (ascending) go, so that `most` stay: the latest half of those as they are, the first one, and
    between them such as lie evenly."""
    found = list(epochs)
    gone = []
    while len(found) > max(most, 2):
        early = range(1, len(found) - most // 2)
        # The one whose neighbours lie closest together leaves the smallest gap.
        at = min(early, key=lambda place: found[place + 1] - found[place - 1])
        gone.append(found.pop(at))
    return gone


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


def _cell(name: str, value: float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if name == "epoch":
        return str(int(value))
    return f"{value:.3f}" if name == "seconds" else repr(float(value))


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """Rows of metrics.csv, an empty list where there is none; empty cells are NaN."""
    path = folder / layout.METRICS
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            {name: float(value) if value else math.nan for name, value in row.items() if name}
            for row in csv.DictReader(lines)
        ]


def best_epoch(folder: Path) -> int | None:
    """The epoch whose learner is in best.safetensors."""
    try:
        return int((folder / layout.EPOCHS / "best").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
