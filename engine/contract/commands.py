"""What may be told to a worker that is already running: one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Set:
    """Another value for a setting that may change while the run goes on; counts from its next step on.

    SettingChanged or SettingRefused answers.
    """

    key: str = ""  # as in a recipe: training.learning_rate, training.patience, training.epochs …
    value: Any = None
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Fork:
    """A new run from a kept epoch of this one, with some settings changed; it waits in the queue.

    RunForked or SettingRefused answers; this run goes on as it is.
    """

    epoch: int = 0  # 0: the last one that was kept
    changes: dict[str, Any] = field(default_factory=dict)  # "training.learning_rate" → value
    out: str = ""  # folder of the new run; empty: beside the other runs
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """To a study: try this point next; settings that it leaves open are proposed."""

    params: dict[str, Any] = field(default_factory=dict)  # "training.learning_rate" → value
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Freeze:
    """To a study: propose only this value of a setting from now on; None: any again."""

    key: str = ""
    value: Any = None
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Narrow:
    """To a study: propose only values in [low, high], or some of the choices; None: any again."""

    key: str = ""
    limits: list[Any] | None = None
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class Ban:
    """To a study: propose no point that matches all of these limits (as in Narrow); with `lift`, do so again."""

    region: dict[str, list[Any]] = field(default_factory=dict)
    lift: bool = False
    job_id: str = ""


@dataclass(frozen=True, slots=True)
class StopTrial:
    """To a study: end a running trial within a second; what it reached so far counts as that of a pruned one.

    One that still waits is taken back.
    """

    number: int = -1
    job_id: str = ""


Command = (
    Cancel | StopKeepBest | Pause | Resume | Set | Fork  # to a run
    | Enqueue | Freeze | Narrow | Ban | StopTrial  # to a study
)  # fmt: skip
