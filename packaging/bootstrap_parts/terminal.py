"""What the bootstrap says, and how it runs other programs while saying it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Event, Thread

DONE, BUG, MENDABLE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: all went well; a check or a program failed; the user can mend it (the text says how); Ctrl+C."""


class Problem(Exception):
    """Something the user can mend: what happened, and the next step (often the exact command)."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def say(text: str = "") -> None:
    # A redirected terminal on Windows may not know every letter; a question mark is better than a traceback.
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


def quoted(command: Sequence[str]) -> str:
    """The command as a person can paste it into a terminal."""
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)


def run_shown(command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> int:
    """Run a program on this terminal; its exit code."""
    return subprocess.run(command, env=env, cwd=cwd, check=False).returncode


class _Heartbeat:
    """Says every half minute that a quiet program is still at work."""

    def __init__(self, every_s: float = 30.0) -> None:
        self._every_s = every_s
        self._ended = Event()
        self._begun = time.monotonic()
        self._thread = Thread(target=self._beat, daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self._every_s):
            say(f"    … still working ({time.monotonic() - self._begun:.0f} s)")


def run_told(command: Sequence[str], *, env: Mapping[str, str] | None = None, tell: tuple[str, ...]) -> tuple[int, str]:
    """Run a talkative program; show only its lines that begin with one of `tell`.

    Returns its exit code and the last 200 lines of its output, so that a failure can be explained.
    """
    tail: deque[str] = deque(maxlen=200)
    with (
        _Heartbeat(),
        subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                line = line.rstrip()
                tail.append(line)
                if line.strip().startswith(tell):
                    say(f"    {line.strip()[:150]}")
        except BaseException:
            process.kill()
            raise
    return process.returncode, "\n".join(tail)
