"""What was done, to be taken back and done again; bounded by memory, never by count."""

from __future__ import annotations

from typing import Protocol

MEGABYTE = 1_000_000
LIMIT_MB = 256


class Step(Protocol):
    """One thing that a user did."""

    @property
    def words(self) -> str:
        """Such as "Brush": for the tool tip of undo and redo."""

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""

    def undo(self) -> None: ...

    def redo(self) -> None: ...


class History:
    """Steps in order. The oldest are forgotten where all together take more than the limit; the newest never is."""

    def __init__(self, limit_mb: float = LIMIT_MB) -> None:
        self.limit_mb = limit_mb
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def use_limit(self, limit_mb: float) -> None:
        self.limit_mb = limit_mb
        self._trim()

    def add(self, step: Step) -> None:
        """A step that was just done; what was taken back before it cannot be done again."""
        self._undone.clear()
        self._done.append(step)
        self._trim()

    def undo(self) -> Step | None:
        if not self._done:
            return None
        step = self._done.pop()
        step.undo()
        self._undone.append(step)
        return step

    def redo(self) -> Step | None:
        if not self._undone:
            return None
        step = self._undone.pop()
        step.redo()
        self._done.append(step)
        return step

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()

    @property
    def next_undo(self) -> Step | None:
        return self._done[-1] if self._done else None

    @property
    def next_redo(self) -> Step | None:
        return self._undone[-1] if self._undone else None

    @property
    def nbytes(self) -> int:
        return sum(step.nbytes for step in (*self._done, *self._undone))

    def __len__(self) -> int:
        return len(self._done)

    def _trim(self) -> None:
        spare = self.nbytes - round(self.limit_mb * MEGABYTE)
        forgotten = 0
        while spare > 0 and forgotten < len(self._done) - 1:
            spare -= self._done[forgotten].nbytes
            forgotten += 1
        del self._done[:forgotten]
