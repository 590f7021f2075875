"""Text for a person: tables, progress bars, errors. Events become lines or a bar on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from tqdm import tqdm

from engine.contract import wire
from engine.contract.events import (
    CellEnded,
    Degraded,
    EpochEnded,
    Event,
    JobCancelled,
    JobFailed,
    Log,
    PreviewReady,
    Progress,
    RunForked,
    SettingChanged,
    SettingRefused,
    TrialEnded,
    TrialStarted,
)


def say(text: str = "", *, stream: TextIO | None = None) -> None:
    """A line for a person, on standard output unless told otherwise."""
    (stream or sys.stdout).write(text + "\n")


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns of equal width; numbers to the right, fractions with three digits."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[at]) for row in cells)]) for at, name in enumerate(head)]
    right = [bool(rows) and all(isinstance(row[at], int | float) for row in rows) for at in range(len(head))]

    def line(values: Sequence[str]) -> str:
        parts = [value.rjust(widths[at]) if right[at] else value.ljust(widths[at]) for at, value in enumerate(values)]
        return "  ".join(parts).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *(line(row) for row in cells)])


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _cell_short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write_nowhere(stream: TextIO) -> None:
    """From now on what is written to `stream` is lost without an error: nobody reads it any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class JsonLines:
    """Every event as one line of JSON on `stream`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        try:
            self._stream.write(wire.event_to_line(event) + "\n")
            self._stream.flush()
        except BrokenPipeError:
            # A reader that went away ends the writing, not the job.
            write_nowhere(self._stream)


class ForPeople:
    """A bar for progress, a line for each epoch and message; all on standard error."""

    def __init__(self, *, bars: bool = True) -> None:
        self._bars = bars
        self._bar: tqdm[Any] | None = None
        self._stage = ""

    def __call__(self, event: Event) -> None:
        match event:
            case Progress():
                if self._bars:
                    self._progress(event)
            case EpochEnded(epoch=epoch, epochs=epochs, metrics=metrics, best=best):
                train, val = metrics.get("train_loss"), metrics.get("val_loss")
                dice = metrics.get("val_dice")
                mark = "  best so far" if best else ""
                self._line(f"epoch {epoch}/{epochs}  loss {_cell(train)} / {_cell(val)}  Dice {_cell(dice)}{mark}")
            case Log(message=message, level=level):
                self._line(message if level == "info" else f"{level}: {message}")
            case Degraded(message=message):
                self._line(f"note: {message}")
            case SettingChanged(key=key, value=value):
                self._line(f"note: {key} is {value} from now on.")
            case SettingRefused(message=message, hint=hint):
                self._line(f"note: {message} {hint}".rstrip())
            case RunForked(run=run):
                self._line(f"note: {run} waits in the queue.")
            case TrialStarted(number=number, params=params):
                settings = ", ".join(f"{key} {_cell_short(value)}" for key, value in params.items())
                self._line(f"trial {number}: {settings}")
            case TrialEnded(number=number, state=state, values=values, best=best, why=why):
                told = ", ".join(_cell_short(value) for value in values) or why
                self._line(f"trial {number} {state}: {told}{'  best so far' if best else ''}")
            case CellEnded(dataset=dataset, model=model, row=row, seed=seed, state=state, dice=dice, why=why):
                told = f"Dice {_cell(dice)}" if dice is not None else f"{state}: {why}"
                self._line(f"{dataset}  {model}  {row}  seed {seed}  {told}")
            case PreviewReady(path=path):
                del path  # for the window
            case JobFailed(message=message, hint=hint):
                self.close()
                self._line(f"error: {message}" + (f"\n  {hint}" if hint else ""))
            case JobCancelled():
                self.close()
                self._line("cancelled")
            case _:
                pass

    def _progress(self, event: Progress) -> None:
        if self._bar is None or self._stage != event.stage:
            self.close()
            self._stage = event.stage
            self._bar = tqdm(total=event.total, unit=event.unit, desc=event.stage or None, leave=False)
        self._bar.total = event.total
        self._bar.update(event.done - self._bar.n)

    def _line(self, text: str) -> None:
        tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
