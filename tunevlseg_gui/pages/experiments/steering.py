"""Tells a study what a person wants of it: by its worker's commands, or by its storage where none runs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.contract import wire
from engine.contract.commands import Ban, Command, Enqueue, Freeze, Narrow, Pause, Resume, StopTrial
from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import SteerStudy
from engine.runs.lock import holder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.pages.experiments.study_data import title_of
from tunevlseg_gui.translation import translate


@dataclass
class Told:
    """One thing that was told. `state` asked | done | refused; `said`: the engine's answer."""

    command: Command
    words: str
    began: float
    state: str = "asked"
    said: str = ""
    seconds: float = 0.0


class Steering(QObject):
    """`told`: everything that was told from this window, the newest last."""

    changed = Signal()  # of `told`
    done = Signal()  # the study is to be read anew
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self.folder = Path()
        self.told: list[Told] = []

    def use(self, folder: Path) -> None:
        if folder != self.folder:
            self.folder, self.told = folder, []
            self.changed.emit()

    def tell(self, command: Command) -> None:
        """Done within a second; `done` follows, or a notice of what stands in its way."""
        one = Told(command, in_words(command), time.monotonic())
        self.told = [*self.told, one][-50:]
        self.changed.emit()
        folder = self.folder
        run_task(self, lambda: _worked_on(folder), lambda there: self._send(folder, one, there))

    def _send(self, folder: Path, one: Told, there: bool) -> None:
        if there:
            self._client.tell_study(folder, one.command)
        else:
            self._client.submit(job_of(folder, one.command), lambda event: self._answered(one, event))

    def _answered(self, one: Told, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                self._close(one, "done", str(result.get("said", "")))
            case JobFailed() as failure:
                self._close(one, "refused", failure.message)
                self.notice.emit(of_failure(failure))

    def heard(self, message: str) -> None:
        """A line of the worker's log: its answer to the first command that still waits for one."""
        refused = message.startswith("Not done")
        waiting = next((one for one in self.told if one.state == "asked"), None)
        if waiting is None or not (refused or _answers(waiting.command, message)):
            return
        self._close(waiting, "refused" if refused else "done", message)
        if refused:
            self.notice.emit(Notice(message, tone="warning"))

    def _close(self, one: Told, state: str, said: str) -> None:
        one.state, one.said, one.seconds = state, said, time.monotonic() - one.began
        self.changed.emit()
        self.done.emit()


def _worked_on(folder: Path) -> bool:
    known = holder(folder)
    return known is not None and known.alive


def job_of(folder: Path, command: Command) -> SteerStudy:
    """The command as a job, which a terminal can do too."""
    values = json.loads(wire.command_to_line(command))
    values.pop("job_id", None)
    return SteerStudy(str(folder), values)


def _answers(command: Command, message: str) -> bool:
    """Whether the engine's line is about this command; other lines are about trials and data."""
    match command:
        case Enqueue():
            return message.startswith("Put in line")
        case Freeze(key=key) | Narrow(key=key):
            return message.startswith(key)
        case Ban(lift=lift):
            return message.startswith("Free again" if lift else "Banned")
        case StopTrial(number=number):
            return message.startswith(f"Trial {number} is")
        case Pause() | Resume():
            return message.startswith("The study")
    return False


def in_words(command: Command) -> str:
    """What the command asks for."""
    match command:
        case Enqueue(params=params):
            return translate("Steering", "Try next: {point}").format(point=told_point(params))
        case Freeze(key=key, value=None) | Narrow(key=key, limits=None):
            return translate("Steering", "Free {name} again").format(name=title_of(key))
        case Freeze(key=key, value=value):
            return translate("Steering", "Keep {name} at {value}").format(name=title_of(key), value=told_value(value))
        case Narrow(key=key, limits=limits):
            return translate("Steering", "Keep {name} within {limits}").format(
                name=title_of(key), limits=told_limits(limits)
            )
        case Ban(region=region, lift=True):
            return translate("Steering", "Lift the ban on {region}").format(region=told_region(region))
        case Ban(region=region):
            return translate("Steering", "Ban {region}").format(region=told_region(region))
        case StopTrial(number=number):
            return translate("Steering", "Stop trial {n}").format(n=number)
        case Pause():
            return translate("Steering", "Pause the study")
        case Resume():
            return translate("Steering", "Let the study go on")
    return type(command).__name__


def told_point(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{title_of(key)} {told_value(value)}" for key, value in params.items())


def told_region(region: Mapping[str, Any]) -> str:
    return translate("Steering", " and ").join(
        f"{title_of(key)} {told_limits(limits)}" for key, limits in region.items()
    )


def told_limits(limits: Any) -> str:
    known = list(limits)
    numbers = len(known) == 2 and all(isinstance(one, int | float) and not isinstance(one, bool) for one in known)
    ends = translate("Steering", "{low} to {high}")
    return (
        ends.format(low=told_value(known[0]), high=told_value(known[1]))
        if numbers
        else ", ".join(str(one) for one in known)
    )


def told_value(value: Any) -> str:
    """A number with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
