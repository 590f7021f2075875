"""What may be told to a worker that is already running: one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop within a second; what was finished stays, a run can be resumed."""

    job_id: str = ""


@dataclass(frozen=True, slots=True)
class StopKeepBest:
    """End the run after this epoch as if it had reached its last one."""

    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    job_id: str = ""


Command = Cancel | StopKeepBest | Pause | Resume
