"""Progress of an export by stage, with an estimate: the tracer says nothing while it works."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Progress


class Stages:
    """`plan` names the stages in order, each with its usual share of the whole, in any unit.

    Shares were measured on the starter model and on CLIPSeg's published size; the first stage that ends sets the pace.
    """

    def __init__(self, emit: Emit, cancel: CancelToken, job_id: str, plan: Sequence[tuple[str, float]]) -> None:
        self.emit, self.cancel, self.job_id = emit, cancel, job_id
        self._plan = list(plan)
        self._at = -1
        self._began = time.monotonic()
        self._stage_began = self._began

    @property
    def name(self) -> str:
        return self._plan[self._at][0]

    def next(self) -> None:
        """The next stage begins; raises Cancelled."""
        self.cancel.check()
        self._at += 1
        self._stage_began = time.monotonic()
        self.tell()

    def tell(self) -> None:
        """Says again where the work is; what remains is known better than before."""
        self.emit(Progress(self.job_id, self._at, len(self._plan), "steps", self._left(), self.name))

    def end(self) -> None:
        self.emit(Progress(self.job_id, len(self._plan), len(self._plan), "steps", 0.0, "Exported"))

    def _left(self) -> float | None:
        """Seconds that remain, at the pace of the stages that are over; None before one is."""
        over = sum(share for _, share in self._plan[: self._at])
        if not over:
            return None
        pace = (self._stage_began - self._began) / over
        now = self._plan[self._at][1] * pace
        later = sum(share for _, share in self._plan[self._at + 1 :]) * pace
        return max(0.0, now - (time.monotonic() - self._stage_began)) + later
