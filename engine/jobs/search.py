"""A study from its recipe to its last trial: this process is one of its workers, others may join."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, InputError, OutOfRange
from engine.contract.events import Event, JobCancelled, JobFinished, JobStarted, Log
from engine.contract.jobs import Search, Tune
from engine.jobs import tune
from engine.jobs.perform import failure
from engine.runs.cores import share_of_cores
from engine.runs.lock import RunLock
from engine.runs.queue import device_noted
from engine.runs.studies import StudyFolder, is_study, slug, studies_folder
from engine.runs.writer import append_event

if TYPE_CHECKING:
    from engine.data.findings import DatasetReport
    from engine.search.local_workers import LocalWorkers
    from engine.search.space import Parameter
    from engine.search.study import OpenStudy
    from engine.training.plan import Plan

MOST_WORKERS: Final = 64
"""Processes on one machine."""
MOST_IN_CLUSTER: Final = 10_000


def run(job: Search, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """Raises RecipeError, InputError (no such study, other data), WeightsMissing, RunBusy where this machine already
    works on the study's folder, Cancelled (what ran goes on with the next worker), and what tuning raises."""
    emit(Log(job_id, "Loading the libraries."))
    _sensible(job)
    if job.cluster and not job.worker:
        from engine.search.ray_workers import require_shared

        require_shared(job)
    with ExitStack() as held:

        def hold(folder: Path) -> None:
            held.enter_context(device_noted(folder))
            held.enter_context(RunLock(folder))

        folder = _folder(job)
        there = is_study(folder)
        if there and not job.worker:
            hold(folder)  # before anything is asked of a study that another search may work on
        found = _open(job, folder)
        if not there and not job.worker:
            hold(folder)
        lines = _Lines(folder, emit)
        lines.keeps = not job.worker
        lines(JobStarted(job_id, "search", "Search", run=str(found.folder)))
        try:
            result = _work(job, found, lines, cancel, job_id)
        except EngineError as error:
            lines.write(JobCancelled(job_id) if cancel.cancelled else failure(job_id, error))
            raise
        lines.write(JobFinished(job_id, result))
    return result


def _sensible(job: Search) -> None:
    most = MOST_IN_CLUSTER if job.cluster else MOST_WORKERS
    if not 0 <= job.workers <= most:
        raise OutOfRange(
            f"{job.workers} workers cannot be.", hint=f"Ask for 1 to {most}, or leave it out.", field="workers"
        )
    if not 0 <= job.gpu_share <= 1:
        raise OutOfRange(
            f"A worker takes no {job.gpu_share} GPUs.", hint="Give a share of one: 0 to 1.", field="gpu_share"
        )


class _Lines:
    """Passes events on; the one worker that holds the study's folder also appends them to its events.jsonl."""

    def __init__(self, folder: Path, emit: Emit) -> None:
        self._folder, self._emit, self.keeps = folder, emit, False

    def __call__(self, event: Event) -> None:
        self.write(event)
        self._emit(event)

    def write(self, event: Event) -> None:
        """Into the file alone: the job's ending is emitted by whoever runs the job."""
        if self.keeps:
            append_event(self._folder, event)


def _folder(job: Search) -> Path:
    if job.folder:
        return Path(job.folder)
    if job.study:
        return studies_folder() / slug(job.study)
    if job.worker or not job.recipe:
        raise InputError("No study is named.", hint="Give a RECIPE.yaml, or --study NAME.", field="study")
    from engine.recipe import read_recipe

    return studies_folder() / slug(read_recipe(Path(job.recipe), list(job.overrides)).name)


def _open(job: Search, folder: Path) -> OpenStudy:
    from engine.config.yaml_io import build
    from engine.recipe import read_recipe
    from engine.search.config import SearchConfig
    from engine.search.space import space_of
    from engine.search.study import begin_study, open_study

    if job.worker or not job.recipe:
        found = open_study(folder, storage=job.storage, name=job.study)
        if job.search.get("trials") and not job.worker:
            found.ask_for(int(job.search["trials"]))
    else:
        recipe = read_recipe(Path(job.recipe), list(job.overrides))
        config = build(SearchConfig, dict(job.search), path="search")
        if is_study(folder) and StudyFolder.open(folder).name != (job.study or slug(recipe.name)):
            raise InputError(f"{folder} holds another study.", hint="Choose another folder.", field="folder")
        if job.frozen or job.narrowed:  # what is not in the space is told before there is a study
            _rules(job, {parameter.path: parameter for parameter in space_of(recipe, config.space)})
        found = begin_study(recipe, config, folder, storage=job.storage, name=job.study)
    if job.data:
        found.recipe = {**found.recipe, "data": {**found.recipe["data"], "folder": str(Path(job.data).resolve())}}
    for key, value in _rules(job, found.by_path):
        found.study.set_user_attr(key, value)
    return found


def _rules(job: Search, space: Mapping[str, Parameter]) -> list[tuple[str, Any]]:
    """Rules from the start, asked for with the study. Raises UnknownName and OutOfRange."""
    from engine.search.steering import freeze_key, narrow_key

    rules = [freeze_key(path, value, space) for path, value in job.frozen.items()]
    rules += [narrow_key(path, limits, space) for path, limits in job.narrowed.items()]
    return rules


def _work(job: Search, found: OpenStudy, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    from engine.assemble import Listener, inspect_for
    from engine.search.commands import StudyCommands
    from engine.search.worker import SearchWorker

    report = inspect_for(found.complete_recipe(), Listener(emit, cancel, job_id))
    _same_data(found, report)

    if job.cluster and not job.worker:
        return _in_cluster(job, found, emit, cancel, job_id)
    study = tune.Study(report, _plan(found))

    def tune_one(asked: Path, folder: Path, goes_on: bool, tell: Emit, token: CancelToken) -> dict[str, Any]:
        one = Tune(resume=str(folder), recipe="") if goes_on else Tune(str(asked), str(folder))
        return tune.run_trial(one, tell, token, job_id, study)

    with StudyCommands(found, cancel, emit, job_id), _helpers(job, found, emit, job_id):
        return SearchWorker(found, tune_one, emit, cancel, job_id).work()


def _helpers(job: Search, found: OpenStudy, emit: Emit, job_id: str) -> LocalWorkers:
    """The further workers of this machine; each of them is one process."""
    from engine.search.local_workers import LocalWorkers, further_places
    from engine.training.device import cuda_devices

    devices = cuda_devices(str(found.recipe["training"]["device"]))
    places = further_places(job.workers, devices)
    own = share_of_cores(job.workers) if places and not devices else {}
    return LocalWorkers(_helper(job, found), places, emit, job_id, own=own)


def _helper(job: Search, found: OpenStudy) -> Search:
    """The job of one further worker."""
    data = str(found.recipe["data"]["folder"])
    return Search(
        folder=str(found.folder.resolve()),
        study=found.study.study_name,
        storage=job.storage,
        worker=True,
        workers=1,
        data=str(Path(data).resolve()) if data else "",
    )


def _in_cluster(job: Search, found: OpenStudy, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """This process only watches; the workers are tasks."""
    from engine.search.commands import StudyCommands
    from engine.search.ray_workers import RayWorkers
    from engine.search.worker import SearchWorker

    def finish() -> dict[str, Any]:
        return SearchWorker(found, _nothing_left, emit, cancel, job_id).work()

    helper = _helper(job, found)
    with StudyCommands(found, cancel, emit, job_id):
        return RayWorkers(found, job.cluster, helper, emit, cancel, job_id, job.workers, job.gpu_share, finish).work()


def _nothing_left(*_: Any) -> dict[str, Any]:
    raise AssertionError("every trial has ended")


def _plan(found: OpenStudy) -> Plan | None:
    """How earlier trials of the study computed on this machine; None before there is one."""
    from engine.runs.studies import TRIALS
    from engine.runs.writer import RunWriter
    from engine.training.plan import Plan

    for folder in sorted((found.folder / TRIALS).glob("*")):
        noted = RunWriter(folder).noted()
        if (plan := Plan.from_values(noted.get("plan"))) is not None:
            return plan
    return None


def _same_data(found: OpenStudy, report: DatasetReport) -> None:
    """Raises InputError where this machine's dataset holds other bytes than the study's first worker saw."""
    from engine.jobs.run_data import content_sha256
    from engine.search.study import DATA

    mine = content_sha256(report)
    theirs = found.study.user_attrs.get(DATA)
    if theirs is None:
        found.study.set_user_attr(DATA, mine)
    elif theirs != mine:
        raise InputError(
            f"{report.name}: this dataset is not the one that the study is about (its content differs).",
            hint="Give the folder that holds the same files: --data FOLDER. Or begin a new study.",
            field="data.folder",
        )
