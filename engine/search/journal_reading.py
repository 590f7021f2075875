"""A study's journal for who only reads: without the heartbeats, and only what came since it was read last."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from optuna.storages.journal import BaseJournalBackend, JournalStorage

MOST_KEPT: Final = 2
"""Journals that a process keeps as they were read: two studies are compared, not ten."""
_HEARTBEAT: Final = b'"user_attr":{"lease":'
"""As Optuna writes it. Most lines of a long study are these, and nothing that is shown depends on them."""


class ReadingJournal(BaseJournalBackend):
    """Lines up to the last whole one; a half one belongs to a worker that writes it at this moment, and comes later."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inode = path.stat().st_ino
        self.offset = 0
        self._last = b""  # the last line that was read: each names its writer and its time, or a value of its own
        self._given = 0

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Raises ValueError for a line that is no JSON, OSError."""
        assert log_number_from == self._given, "one storage reads from a backend"
        with self.path.open("rb") as lines:
            lines.seek(self.offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                told = None if _HEARTBEAT in line else json.loads(line)
                self.offset, self._last = self.offset + len(line), line
                if told is not None:
                    self._given += 1
                    yield told

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Never: who writes opens the study for work."""
        raise NotImplementedError

    def goes_on(self) -> bool:
        """Whether the file is still the one that was read, with more at its end or nothing.

        Its number alone does not tell: a copy over it keeps the number, and a new file may get that of a deleted one.
        """
        try:
            with self.path.open("rb") as lines:
                if os.fstat(lines.fileno()).st_ino != self.inode:
                    return False
                lines.seek(self.offset - len(self._last))
                return lines.read(len(self._last)) == self._last
        except OSError:
            return False


_kept: dict[Path, tuple[ReadingJournal, JournalStorage]] = {}


def read_journal(path: Path) -> JournalStorage:
    """The journal as it is now, which does not write: a process that reads it again reads what is new.

    Raises ValueError and KeyError for a damaged one, OSError.
    """
    there = _kept.pop(path, None)
    if there is not None and not there[0].goes_on():
        there = None
    if there is None:
        lines = ReadingJournal(path)
        there = lines, JournalStorage(lines)
    there[1].get_all_studies()  # reads what is new, so that a damaged line is met here
    _kept[path] = there
    while len(_kept) > MOST_KEPT:
        _kept.pop(next(iter(_kept)))
    return there[1]
