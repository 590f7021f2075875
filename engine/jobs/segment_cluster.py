"""The scans of a job as tasks of a Ray cluster: large ones one by one, small ones in bunches.

A task says what became of its scans, and writes their files where all machines see them. A lost task is asked for
again, scan by scan, so that one that ends its worker each time costs the others nothing; what it had written counts by
its receipts. This process holds nothing: killed and started again, it goes on as any segmentation of a folder does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.contract import errors, wire
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, OutOfRange, WorkerLost
from engine.contract.events import JobFailed, JobFinished, Log, Progress
from engine.contract.jobs import SegmentPart
from engine.contract.whole_file import write_text
from engine.jobs.segment_account import Account, ScanOutcome, failed_outcome
from engine.jobs.segment_names import ScanNames
from engine.jobs.segment_part import plan_values
from engine.jobs.segment_question import Question
from engine.jobs.segment_summary import BatchProgress
from engine.runs.cluster import Machines, answer_of, leave, ray_connected, serve_one
from engine.runs.cores import cores_for
from engine.runs.detached import own_program
from engine.volumes.formats.base import format_name

ROUND_S: Final = 0.1
MOST_ASKED: Final = 1000
"""Tasks that wait in the cluster's queue at a time."""
SMALL_BYTES: Final = {"pictures": 4 * 1024**2, "volumes": 128 * 1024}
"""Scans in files up to this share a task: asking for it would take longer than segmenting them. Volumes are many slices
in few bytes."""
MOST_IN_BUNCH: Final = 32
BUNCHES_A_PLACE: Final = 4
"""So many bunches for each task that runs at a time, so that all machines are busy until the end."""
MOST_LOSSES: Final = 3
TOKEN: Final = ".tunevlseg-cluster"
"""How a file is called beside the masks while they are made; one that a killed process left is taken over by the same
command. Others that write into the folder have one of their own."""


@dataclass
class Part:
    """Places of scans among the plans that one task does; `losses`: how often their task was lost."""

    places: list[int]
    losses: int = 0


def bunches(plans: Sequence[ScanNames], side_by_side: int) -> list[list[int]]:
    """Places of the scans of each task, in order; `side_by_side` tasks run at a time."""
    small = [place for place, plan in enumerate(plans) if _is_small(plan.scan)]
    size = max(1, min(MOST_IN_BUNCH, len(small) // max(1, BUNCHES_A_PLACE * side_by_side)))
    found = [small[at : at + size] for at in range(0, len(small), size)]
    known = set(small)
    return sorted(found + [[place] for place in range(len(plans)) if place not in known])


def _is_small(scan: Path) -> bool:
    """A folder of slices never is."""
    kind = "pictures" if format_name(scan) == "picture" else "volumes"
    try:
        return scan.is_file() and scan.stat().st_size <= SMALL_BYTES[kind]
    except OSError:
        return True  # its task will say what is wrong


@dataclass
class ClusterBatch:
    """Does all scans of `account` by tasks of `question.job.cluster`."""

    question: Question
    account: Account
    emit: Emit
    cancel: CancelToken
    job_id: str
    _tasks: dict[Any, Part] = field(default_factory=dict)
    _providers: list[str] = field(default_factory=list)

    def go(self, *, several: bool) -> str:
        """The providers that computed. Raises what the scan raises where it is the only one or all of them did, what
        every worker refuses, ResourceError for a cluster that does not answer, Cancelled; RuntimeError for a bug."""
        job = self.question.job
        if not 0 <= job.gpu_share <= 1:
            raise OutOfRange(
                f"A task takes no {job.gpu_share} GPUs.", hint="Give a share of one: 0 to 1.", field="gpu_share"
            )
        ray = ray_connected(job.cluster)
        try:
            with self._shared_folder() as token:
                self._all(ray, token)
        finally:
            try:
                if several and self.account.reached:
                    self.account.summarise()
            finally:
                leave(ray, list(self._tasks))
        self.account.raise_if_all_failed()
        return ", ".join(dict.fromkeys(self._providers))

    def _all(self, ray: Any, token: Path) -> None:
        job, plans = self.question.job, self.account.plans
        cpus = 1 if job.gpu_share else _cores_each(Machines.of(ray, 1, 0), len(plans))
        machines = Machines.of(ray, cpus, job.gpu_share)
        if not machines.places:
            what = "no GPU" if job.gpu_share else "no cores"
            self.emit(Log(self.job_id, f"The cluster has {what} now: waiting for a machine that has.", "warning"))
        task = ray.remote(max_retries=0, num_cpus=cpus, num_gpus=job.gpu_share)(serve_one)
        environment = {} if job.gpu_share else cores_for(cpus)
        waiting = [Part(places) for places in reversed(bunches(plans, machines.places))]
        progress = BatchProgress(self.emit, self.job_id, len(plans))
        self.emit(Progress(self.job_id, 0, len(plans), "scans", stage="Segmenting"))
        while waiting or self._tasks:
            self.cancel.check()
            while waiting and len(self._tasks) < MOST_ASKED:
                part = waiting.pop()
                # A process that was kept has its graphs loaded; on a GPU it would hold memory that Ray thinks is free.
                kept = not job.gpu_share
                self._tasks[task.remote(self._line(part, token), own_program(), environment, keep=kept)] = part
            ended, _ = ray.wait(list(self._tasks), num_returns=1, timeout=ROUND_S)
            for one in ended:
                waiting += self._ended(self._tasks.pop(one), answer_of(ray, one), progress)

    def _line(self, part: Part, token: Path) -> str:
        plans = [plan_values(self.account.plans[place]) for place in part.places]
        bundle = self.question.bundle
        # Not in turn a job for the cluster; the phrases as they were understood here.
        asked = {**asdict(self.question.job), "cluster": "", "prompts": list(self.question.prompts)}
        job = SegmentPart(asked, plans, str(bundle.path.resolve()), bundle.sha256, str(token))
        return wire.job_to_line(job, f"{self.job_id}-{part.places[0]}-{part.losses}")

    def _ended(self, part: Part, answer: Any, progress: BatchProgress) -> list[Part]:
        """Takes what a task did into the account; parts that have to be done again."""
        if isinstance(answer, JobFailed) and answer.error == "Bug":
            raise RuntimeError(f"in a task of the cluster: {answer.message} {answer.hint}")
        if isinstance(answer, JobFailed):
            raise raised(answer)
        if not isinstance(answer, JobFinished):
            return self._lost(part, answer if isinstance(answer, str) else "cancelled", progress)
        for message, level in answer.result["said"]:
            self.emit(Log(self.job_id, message, level))
        self._providers.append(answer.result["provider"])
        for place, known in zip(part.places, answer.result["outcomes"], strict=True):
            problem = known.pop("problem")
            outcome = ScanOutcome(**known)
            self.account.add(place, outcome, None if problem is None else raised(JobFailed(self.job_id, **problem)))
            progress.finished(worked=outcome.worked)
        return []

    def _lost(self, part: Part, why: str, progress: BatchProgress) -> list[Part]:
        again = [Part([place], part.losses + 1) for place in reversed(part.places)]
        if part.losses + 1 < MOST_LOSSES or len(part.places) > 1:
            what = "its scan is" if len(part.places) == 1 else f"its {len(part.places)} scans are"
            self.emit(Log(self.job_id, f"A worker was lost ({why}); {what} done again.", "warning"))
            return again
        (place,) = part.places
        plan = self.account.plans[place]
        error = WorkerLost(
            f"{plan.shown} ended its worker {MOST_LOSSES} times ({why}).",
            hint="It may need more memory than the machines have; try it alone, without --cluster.",
        )
        self.emit(Log(self.job_id, str(error), "error"))
        self.account.add(place, failed_outcome(plan, error), error)
        progress.finished(worked=False)
        return []

    @contextmanager
    def _shared_folder(self) -> Iterator[Path]:
        """A file in the folder of the masks, by which workers know that they see the same one."""
        folder = self.account.plans[0].mask_files[0].parent
        asked = json.dumps(asdict(self.question.job), sort_keys=True)
        token = folder / f"{TOKEN}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"
        write_text(token, "Masks are being written here by machines of a cluster.\n")
        try:
            yield token
        finally:
            token.unlink(missing_ok=True)


def _cores_each(machines: Machines, tasks: int) -> int:
    """Cores for each task: one where there are many scans, more where machines would be idle otherwise."""
    on_one = -(-tasks // max(1, machines.count))
    return max(1, machines.least_cpus // on_one)


def raised(failed: JobFailed) -> EngineError:
    """The error of a worker, by its name."""
    kind = getattr(errors, failed.error, EngineError)
    known = kind if isinstance(kind, type) and issubclass(kind, EngineError) else EngineError
    return known(failed.message, hint=failed.hint, field=failed.field)
