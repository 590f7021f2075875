"""What is told to a study while it runs: by its commands.jsonl or by a job, into the storage where all workers look."""

from __future__ import annotations

import threading
from typing import Any, Final

from optuna.trial import FrozenTrial, TrialState

from engine.contract import wire
from engine.contract.commands import Ban, Cancel, Command, Enqueue, Freeze, Narrow, Pause, Resume, StopTrial
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, InputError, RecipeError
from engine.contract.events import Log
from engine.runs.commands import CommandLines
from engine.search.looking import tell
from engine.search.steering import PAUSED, as_point, ban_key, freeze_key, narrow_key
from engine.search.study import SURPLUS, OpenStudy
from engine.search.trial import WANTED
from engine.search.waiting import at_once

ROUND_S: Final = 0.2


def steer(found: OpenStudy, command: Command) -> str:
    """Carries a command out in the storage, and lets workers of this machine know; what was done, in words.

    Raises UnknownName and OutOfRange for settings and values that are not in the study's space, InputError for a trial
    that does not run and for a command that studies do not know.
    """
    said = _steered(found, command)
    tell(found.folder)
    return said


def _steered(found: OpenStudy, command: Command) -> str:
    attributes: tuple[str, Any]
    match command:
        case Enqueue(params=params):
            asked = as_point(params, found.by_path)
            found.study.enqueue_trial(asked)
            return f"Put in line: {_told(asked)}."
        case Freeze(key=key, value=value):
            attributes = freeze_key(key, value, found.by_path)
            said = f"{key} is free again." if value is None else f"{key} stays at {attributes[1]}."
        case Narrow(key=key, limits=limits):
            attributes = narrow_key(key, limits, found.by_path)
            said = f"{key} is free again." if limits is None else f"{key} is narrowed to {limits}."
        case Ban(region=region, lift=lift):
            attributes = ban_key(region, found.by_path, lift=lift)
            said = f"{'Free again' if lift else 'Banned'}: {_told(region)}."
        case StopTrial(number=number):
            return _stop(found, number)
        case Pause() | Resume():
            attributes = (PAUSED, isinstance(command, Pause))
            said = "The study is paused." if isinstance(command, Pause) else "The study goes on."
        case _:
            raise InputError(f"A study does not know the command {wire.snake(type(command).__name__)!r}.")
    found.study.set_user_attr(*attributes)
    return said


def _stop(found: OpenStudy, number: int) -> str:
    trial = _known(found, number)
    if trial is not None and trial.state is TrialState.WAITING:
        found.mark(number, SURPLUS, True)
        found.storage.set_trial_state_values(found.id_of(number), TrialState.FAIL)
        return f"Trial {number} is taken back."
    if trial is None or trial.state is not TrialState.RUNNING:
        raise InputError(f"Trial {number} does not run.", hint="Choose one that runs or waits.")
    found.wants(number, WANTED, "stop")
    return f"Trial {number} is stopped."


def _known(found: OpenStudy, number: Any) -> FrozenTrial | None:
    """One trial alone: reading all of a large study would take longer than a person wants to wait."""
    if not isinstance(number, int) or number < 0:  # a line of JSON may hold anything; a journal counts -1 from the end
        return None
    try:
        trial = found.trial(number)
    except KeyError:
        return None
    return None if SURPLUS in trial.user_attrs else trial


def _told(values: Any) -> str:
    return ", ".join(f"{path} {value}" for path, value in values.items()) or "nothing"


class StudyCommands:
    """Reads a study folder's commands.jsonl from its present end, five times a second, in a thread of its own.

    `cancel` ends the worker that reads; everything else goes into the storage and counts for all workers.
    """

    def __init__(self, found: OpenStudy, token: CancelToken, emit: Emit, job_id: str) -> None:
        self._found, self._token, self._emit, self._job_id = found, token, emit, job_id
        self._lines = CommandLines(found.folder)
        self._end = threading.Event()

    def __enter__(self) -> StudyCommands:
        self._thread = threading.Thread(target=self._watch, name="study-commands", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        with at_once(self._found.storage):
            while not self._end.wait(ROUND_S):
                self.read_once()

    def read_once(self) -> None:
        """Carries out every whole new line; one that makes no sense is told and passed over."""
        for line in self._lines.new():
            try:
                command = wire.command_from_line(line)
                if isinstance(command, Cancel):
                    self._token.cancel()
                else:
                    self._emit(Log(self._job_id, steer(self._found, command)))
            except (EngineError, RecipeError) as error:
                self._emit(Log(self._job_id, f"Not done: {error}", "warning"))
            except Exception as error:  # noqa: BLE001 - a database that does not answer must not end the search
                self._emit(
                    Log(self._job_id, f"Not done, the storage does not answer ({type(error).__name__}).", "warning")
                )
