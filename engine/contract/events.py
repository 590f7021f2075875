"""What the engine says while it works: plain values, no arrays; images travel as paths of .npy or .png files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class JobStarted:
    job_id: str
    kind: str
    title: str
    pid: int = 0
    run: str | None = None  # the run folder, where the job has one


@dataclass(frozen=True, slots=True)
class Progress:
    job_id: str
    done: float
    total: float
    unit: str
    eta: float | None = None  # seconds left, None while unknown
    stage: str = ""


@dataclass(frozen=True, slots=True)
class EpochEnded:
    job_id: str
    epoch: int  # counted from 1
    epochs: int
    metrics: dict[str, float]
    best: bool = False  # this epoch has the best validation Dice so far
    patience_left: int | None = None  # further epochs without a better validation loss that would end the run
    device: str = ""
    images_per_second: float | None = None  # training images, of this epoch
    memory: int | None = None  # bytes: the most that lay on a GPU so far, elsewhere what the program holds now


@dataclass(frozen=True, slots=True)
class PreviewReady:
    job_id: str
    path: str
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    job_id: str
    message: str
    level: str = "info"  # info | warning | error


@dataclass(frozen=True, slots=True)
class SliceDone:
    job_id: str
    index: int
    total: int
    path: str = ""  # .npy with the probabilities so far


@dataclass(frozen=True, slots=True)
class ScanGrows:
    """Slices of a scan that is being opened can be looked at; they are no result yet."""

    job_id: str
    scan: dict[str, Any]  # as in the result of OpenScan: folder, voxels, geometry, value_range, display_range
    first: int  # slices `first` to `last` - 1 along the file's own axis are there
    last: int


@dataclass(frozen=True, slots=True)
class CasesListed:
    """Some cases of a dataset, in its order: a long list travels in parts, so that nobody reads it all at once."""

    job_id: str
    first: int  # number of the first of these rows, counted from 0
    total: int
    rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RunsListed:
    """Some runs, as `engine.runs.overview` tells them; of a run with a bundle also the verdict on it."""

    job_id: str
    rows: list[dict[str, Any]]
    total: int  # runs that there are, known ones too


@dataclass(frozen=True, slots=True)
class ThumbnailDrawn:
    """Two small pictures of the same size: the slice (.jpg), and the label value of each pixel in grey (.png)."""

    job_id: str
    case_id: str
    picture: str = ""  # paths; empty where the case cannot be drawn: `problem` says why
    mask: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AnswerDrawn:
    """A case with its truth outlined and a run's answer filled in (.png)."""

    job_id: str
    case_id: str
    path: str = ""  # empty where the case cannot be drawn: `problem` says why
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """Installed base weights, one event each, while they are listed; the result of the job holds the same rows."""

    job_id: str
    id: str  # what a recipe writes
    path: str
    model: str  # the network: clipseg | cris
    sha256: str = ""
    licence: str = ""
    title: str = ""
    notice: str = ""
    megabytes: float = 0.0
    verdict: str = ""  # on the bundle that is there, whether its graphs agree with the network; with the numbers
    verdict_short: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    job_id: str


@dataclass(frozen=True, slots=True)
class Resumed:
    job_id: str


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """A setting has another value from this step on (both counted from 1)."""

    job_id: str
    key: str
    value: Any
    epoch: int
    step: int


@dataclass(frozen=True, slots=True)
class SettingRefused:
    """A command asked for what cannot be; the run goes on as it is."""

    job_id: str
    message: str
    hint: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True)
class RunForked:
    """A new run was made of an epoch of this one, and waits in the queue."""

    job_id: str
    run: str  # its folder
    epoch: int


@dataclass(frozen=True, slots=True)
class Degraded:
    job_id: str
    message: str
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A study's worker begins a trial, or goes on with one that lost its worker."""

    job_id: str
    number: int  # counted from 0
    params: dict[str, Any]  # "training.learning_rate" → value
    run: str = ""  # its run folder


@dataclass(frozen=True, slots=True)
class TrialEnded:
    job_id: str
    number: int
    state: str  # complete | pruned | failed
    params: dict[str, Any]
    values: list[float] = field(default_factory=list)  # one for each objective; none unless complete
    run: str = ""
    seconds: float = 0.0
    best: bool = False  # of a study with one objective: the best trial so far
    why: str = ""  # it failed, was pruned or stopped


@dataclass(frozen=True, slots=True)
class CellStarted:
    """A tournament begins a cell, or goes on with it."""

    job_id: str
    number: int  # counted from 0
    total: int
    dataset: str
    model: str
    row: str  # strategy, with what tells its rows apart
    seed: int
    run: str = ""  # the cell's folder


@dataclass(frozen=True, slots=True)
class CellEnded:
    job_id: str
    number: int
    total: int
    dataset: str
    model: str
    row: str
    seed: int
    state: str  # done | impossible | failed
    dice: float | None = None  # mean over the test images
    why: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class StudyEnded:
    """Every trial that was asked for has ended."""

    job_id: str
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobFinished:
    job_id: str
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobFailed:
    job_id: str
    message: str
    hint: str = ""
    field: str | None = None
    error: str = "EngineError"  # class name in engine.contract.errors, or "Bug"
    crash_file: str | None = None


@dataclass(frozen=True, slots=True)
class JobCancelled:
    job_id: str


Event = (
    JobStarted
    | Progress
    | EpochEnded
    | PreviewReady
    | Log
    | SliceDone
    | ScanGrows
    | CasesListed
    | RunsListed
    | ThumbnailDrawn
    | AnswerDrawn
    | Model
    | Paused
    | Resumed
    | SettingChanged
    | SettingRefused
    | RunForked
    | Degraded
    | TrialStarted
    | TrialEnded
    | CellStarted
    | CellEnded
    | StudyEnded
    | JobFinished
    | JobFailed
    | JobCancelled
)

ENDINGS = (JobFinished, JobFailed, JobCancelled)
"""One of these is the last event of every job."""
