"""Commands to a worker that already runs: lines appended to commands.jsonl, read by its thread.

What a command did to the run is noted in changes.jsonl: the run's numbers are then no longer those of its recipe alone.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path

from engine.contract import wire
from engine.contract.commands import Cancel, Command, Fork, Pause, Resume, Set, StopKeepBest
from engine.contract.control import CancelToken
from engine.contract.errors import EngineError, RecipeError
from engine.contract.whole_file import told
from engine.runs.changes import add_change
from engine.runs.layout import COMMANDS


def tell(run: Path, command: Command) -> None:
    """Appends a command for the worker that holds the run."""
    path = run / COMMANDS
    with told(path), path.open("a", encoding="utf-8") as lines:
        lines.write(wire.command_to_line(command) + "\n")


def obey(command: Command, token: CancelToken) -> None:
    """Puts a command's wish on the token."""
    match command:
        case Cancel():
            token.cancel()
        case StopKeepBest():
            token.stop_keep_best()
        case Pause():
            token.pause()
        case Resume():
            token.resume()
        case Set():
            token.sets(command)
        case Fork():
            token.forks(command)


def _acts(command: Command, token: CancelToken) -> bool:
    """Whether the command itself changes anything about a run in this state; a setting is noted when it changes."""
    match command:
        case Cancel():
            return not token.cancelled
        case StopKeepBest():
            return not token.wants_stop_keep_best and not token.cancelled
        case Pause():
            return not token.paused
        case Resume():
            return token.paused
        case _:
            return False


def note_change(run: Path, command: Command) -> None:
    """Notes the command with its values in changes.jsonl."""
    values = json.loads(wire.command_to_line(command))
    del values["job_id"]
    add_change(run, values)


class CommandLines:
    """The lines that are appended to a folder's commands.jsonl from now on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / COMMANDS
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    def new(self) -> list[str]:
        """Every whole line since the last call; half a line waits for its end."""
        try:
            with self._path.open("rb") as lines:
                lines.seek(self._offset)
                found = lines.read()
        except OSError:
            return []
        whole = found[: found.rfind(b"\n") + 1]
        self._offset += len(whole)
        return whole.decode("utf-8", errors="replace").splitlines()


class CommandWatcher:
    """Reads commands.jsonl five times a second from its present end and obeys each whole new line."""

    def __init__(self, run: Path, token: CancelToken) -> None:
        self._run = run
        self._lines = CommandLines(run)
        self._token = token
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="run-commands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.2):
            self.read_once()

    def read_once(self) -> None:
        for line in self._lines.new():
            try:
                command = wire.command_from_line(line)
            except RecipeError:
                continue  # a line of another program's making; nobody waits for an answer here
            if _acts(command, self._token):
                with suppress(EngineError):  # a full disk must not keep a run from being stopped
                    note_change(self._run, command)
            obey(command, self._token)
