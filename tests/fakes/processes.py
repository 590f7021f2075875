"""Searches as people start them: processes of the command line, some of which are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.contract import wire
from engine.contract.events import Event
from engine.runs.detached import engine_environment

PATIENCE_S = 240


class Command:
    """`tunevlseg ARGUMENTS --json` as a process; what it says lies in files."""

    def __init__(self, out: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._events, self._text = out / "events", out / "text"
        with self._events.open("wb") as events, self._text.open("wb") as text:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "engine", *arguments, "--json"],
                stdin=subprocess.DEVNULL,
                stdout=events,
                stderr=text,
                env={**engine_environment(), **(env or {})},
            )

    def events(self) -> list[Event]:
        whole = self._events.read_text(encoding="utf-8").rpartition("\n")[0]
        return [wire.event_from_line(line) for line in whole.splitlines()]

    def said(self) -> str:
        return self._events.read_text(encoding="utf-8") + self._text.read_text(encoding="utf-8")

    def kill(self) -> None:
        """As a machine that loses power."""
        self.process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        self.process.wait()

    def until(self, true: Callable[[], bool]) -> None:
        """Waits for a condition while the process lives."""
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert self.process.poll() is None, self.said()[-3000:]
            assert time.monotonic() < end, self.said()[-3000:]
            time.sleep(0.02)

    def ended(self) -> int:
        code = self.process.wait(PATIENCE_S)
        assert code == 0, self.said()[-3000:]
        return code


def heard(command: Command, kind: type[Any], count: int) -> Callable[[], bool]:
    """Whether it has said so many events of a kind."""
    return lambda: sum(isinstance(event, kind) for event in command.events()) >= count
