"""When a worker looks into a study's storage for what others want: seldom while nothing changes, at once when told.

A look costs the database a statement, and a hundred workers that look once a second are all that it does. Looks
therefore grow apart while they find nothing new. Whoever tells a study something touches a file in its folder, which
every worker with that folder reads five times a second at no cost to the database, so that commands act within a second
there; workers elsewhere hear of them at their next look.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TOLD: Final = ".told"
"""File of a study's folder; its time is that of the last command."""
LEAST_S: Final = 1.0
MOST_S: Final = 10.0
GROWTH: Final = 1.5
SPREAD: Final = 0.2
"""Share by which a look comes earlier or later, so that workers which began together do not look together."""


def tell(folder: Path) -> None:
    """Workers of this machine look at once."""
    with suppress(OSError):  # a folder that cannot be written: they look at their own time
        (folder / TOLD).touch()


@dataclass
class Looks:
    """The looks of one worker. `least` and `most` seconds lie between them; `clock` tells seconds that only grow."""

    folder: Path
    least: float = LEAST_S
    most: float = MOST_S
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)
    _told: int = field(init=False)
    _apart: float = field(init=False)
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._told = self._when()
        self._apart = self.least
        self._next = self.clock()

    def due(self) -> bool:
        """Whether it is time, or somebody told the study something since the last look."""
        when = self._when()
        if when != self._told:
            self._told = when  # before the look: what is told meanwhile makes another one due
            self._apart = self.least
            return True
        return self.clock() >= self._next

    def looked(self, *, news: bool) -> None:
        """After a look; `news`: it found something that was not so before."""
        self._apart = self.least if news else min(self._apart * GROWTH, self.most)
        self._next = self.clock() + self._apart * (1 + SPREAD * self.chance.uniform(-1, 1))

    def _when(self) -> int:
        try:
            return (self.folder / TOLD).stat().st_mtime_ns
        except OSError:
            return 0
