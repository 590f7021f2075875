"""One run: from a recipe to a run folder with its best epoch, its scores, and every event on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract import wire
from engine.contract.commands import Fork, Set
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, DiskFull, EngineError, InputError, RecipeError
from engine.contract.events import (
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobStarted,
    Log,
    Paused,
    Resumed,
    RunForked,
    SettingChanged,
    SettingRefused,
)
from engine.contract.jobs import Estimate, Tune
from engine.contract.whole_file import write_text
from engine.jobs.fork_run import fork
from engine.jobs.perform import failure, new_job_id
from engine.runs import layout
from engine.runs.changes import add_change, read_changes
from engine.runs.commands import CommandWatcher
from engine.runs.environment import environment
from engine.runs.folders import run_folder_for
from engine.runs.layout import finished_epochs
from engine.runs.lock import RunLock
from engine.runs.queue import device_noted, enqueue
from engine.runs.writer import RunWriter

if TYPE_CHECKING:
    from engine.data.findings import DatasetReport
    from engine.training.adjustments import Adjustments
    from engine.training.loop import Trainer
    from engine.training.plan import Plan


def run(job: Tune, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"run", "best_epoch", "val_dice", "epochs", "ended", "test": [scores per label]}`.

    Raises RecipeError, DatasetIncomplete, WeightsMissing, RunBusy, Cancelled and what tuning raises. The run folder
    keeps what was reached; a run that was cancelled or killed goes on with `resume`. While it runs it obeys commands,
    and whatever way it ends, the next run of the queue gets the device.
    """
    writer, recipe_path = _open(job, lambda: _largest_batch(job, emit, cancel, job_id))
    with device_noted(writer.folder):
        return _run(writer, recipe_path, job, emit, cancel, job_id)


@dataclass
class Study:
    """What the trials of a study share: its dataset, looked at once, and how the first of them found to compute."""

    report: DatasetReport
    plan: Plan | None = None
    test: bool = False
    """Whether the best epoch is scored on the test images."""


def run_trial(job: Tune, emit: Emit, cancel: CancelToken, job_id: str, study: Study) -> dict[str, Any]:
    """As `run`, for whoever holds the device himself and tunes several recipes on one dataset."""
    writer, recipe_path = _open(job)
    return _run(writer, recipe_path, job, emit, cancel, job_id, study)


def _run(
    writer: RunWriter,
    recipe_path: Path,
    job: Tune,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
    study: Study | None = None,
) -> dict[str, Any]:
    watcher = CommandWatcher(writer.folder, cancel)

    def tell(event: Event) -> None:
        writer.event(event)
        emit(event)

    cancel.waits = lambda waiting: tell(Paused(job_id) if waiting else Resumed(job_id))
    cancel.forks = lambda command: _fork(writer.folder, command, tell, job_id)
    with RunLock(writer.folder):
        writer.event(JobStarted(job_id, "tune", "Tune", run=str(writer.folder)))
        watcher.start()
        try:
            result = _tune(writer, recipe_path, job, tell, cancel, job_id, study)
        except (Cancelled, KeyboardInterrupt):
            writer.event(JobCancelled(job_id))
            raise
        except EngineError as error:
            writer.event(failure(job_id, error))
            raise
        except Exception as error:
            writer.event(JobFailed(job_id, f"A bug in the program stopped this run: {error}", error="Bug"))
            raise
        finally:
            watcher.stop()
        writer.result(result)
        writer.event(JobFinished(job_id, result))
    return result


def _open(job: Tune, largest: Callable[[], str] | None = None) -> tuple[RunWriter, Path]:
    """The run folder with its complete recipe in it: a new one, or the one to go on with.

    `largest` finds the batch size of a recipe that asks for the largest, as an override; None: for a run among others,
    which has one budget with them and whose settings were looked at already.
    """
    from engine.jobs.check_recipe import sketched
    from engine.recipe import read_recipe

    if job.fork:
        if job.recipe or job.resume:
            raise RecipeError(
                "A fork takes its recipe from the run that it leaves.",
                hint="Give --fork RUN without RECIPE or --resume.",
            )
        folder = Path(fork(Path(job.fork), job.epoch, list(job.overrides), Path(job.out) if job.out else None)["run"])
        return RunWriter(folder), folder / layout.RECIPE
    if job.resume:
        folder = Path(job.resume)
        if not layout.is_run(folder):
            raise InputError(f"{folder} is not a run.", hint="Give the folder of an interrupted run to --resume.")
        if job.overrides:
            raise InputError(
                "A run's recipe is not changed when it goes on.", hint="Leave --set out, or fork the run (--fork)."
            )
        if (folder / layout.BEST).is_file() and not finished_epochs(folder):
            raise InputError(
                f"{folder} was imported: it has its best weights, and no epoch to go on from.",
                hint=f"Start a new run from it: --set training.start_from={folder}.",
            )
        return RunWriter(folder), folder / layout.RECIPE
    recipe = read_recipe(Path(job.recipe), list(job.overrides))
    if largest is not None:
        sketched(recipe)  # what the weights cannot take is refused before an image is opened or a folder made
        if found := largest():
            recipe = read_recipe(Path(job.recipe), [*job.overrides, found])
    folder = Path(job.out) if job.out else run_folder_for(recipe.name)
    if (folder / layout.RECIPE).exists() and Path(job.recipe).resolve() == (folder / layout.RECIPE).resolve():
        # The window writes the recipe into the new folder first; it becomes complete here, before anything is run.
        if finished_epochs(folder):
            raise InputError(f"{folder} already holds a run.", hint="Resume it, or choose another folder.")
        (folder / layout.RECIPE).unlink()
    return RunWriter.create(folder, recipe.to_yaml(), environment()), folder / layout.RECIPE


def _largest_batch(job: Tune, emit: Emit, cancel: CancelToken, job_id: str) -> str:
    """`training.batch_size=64` where the recipe asks for the largest, else ""."""
    from engine.config.yaml_io import apply_overrides, load_yaml
    from engine.jobs import estimate
    from engine.recipe import LARGEST

    path = Path(job.recipe)
    values = apply_overrides(load_yaml(path), list(job.overrides))
    if values.get("training", {}).get("batch_size") != LARGEST:
        return ""
    found = estimate.run(Estimate(values, str(path.resolve().parent)), emit, cancel, job_id)["largest_batch"]
    emit(Log(job_id, f"The largest batch that goes together here: {found} images."))
    return f"training.batch_size={found}"


def _adjustments(writer: RunWriter, tell: Emit, job_id: str) -> Adjustments:
    """What may be changed while the run goes on: noted with the run, told to whoever listens."""
    from engine.training.adjustments import Adjustments, Change, noted_changes

    def changed(change: Change) -> None:
        with suppress(DiskFull):  # the run goes on with it all the same
            add_change(writer.folder, change.to_values())
        tell(SettingChanged(job_id, change.key, change.value, change.epoch, change.step))

    def refused(command: Set, error: EngineError) -> None:
        tell(SettingRefused(job_id, error.message, error.hint, str(command.key)))

    return Adjustments(noted_changes(read_changes(writer.folder)), changed, refused)


def _fork(folder: Path, command: Fork, tell: Emit, job_id: str) -> None:
    """A fork of this run as it stands, put into the queue: its epoch may be gone when this run has ended."""
    overrides = [f"{key}={json.dumps(value)}" for key, value in dict(command.changes).items()]
    try:
        made = fork(folder, int(command.epoch), overrides, Path(command.out) if command.out else None)
        run = Path(made["run"])
        write_text(run / layout.JOB, wire.job_to_line(Tune("", resume=str(run)), f"tune-{new_job_id()}") + "\n")
        enqueue(run)
    except (EngineError, ValueError, TypeError) as error:
        hint, key = (error.hint, error.field) if isinstance(error, EngineError) else ("", None)
        tell(SettingRefused(job_id, f"It was not forked: {getattr(error, 'message', error)}", hint, key))
        return
    tell(RunForked(job_id, str(run), int(made["epoch"])))


def _tune(
    writer: RunWriter,
    recipe_path: Path,
    job: Tune,
    tell: Emit,
    cancel: CancelToken,
    job_id: str,
    study: Study | None,
) -> dict[str, Any]:
    tell(Log(job_id, "Loading the libraries and the model."))
    from engine.assemble import Listener, inspect_for, make_network, make_trainer, run_network
    from engine.jobs.run_data import CHANGED, remember, same_data
    from engine.jobs.start_from import first_weights
    from engine.recipe import read_recipe
    from engine.training.checkpoint import load_checkpoint
    from engine.training.device import device_name

    hear = Listener(tell, cancel, job_id)
    recipe = read_recipe(recipe_path)
    report = study.report if study else inspect_for(recipe, hear)
    if not same_data(writer.folder, report):
        raise InputError(
            f"{writer.folder.name}: {CHANGED} Its numbers would not be those of one run.",
            hint="Put the dataset back as it was, or start a new run.",
            field="data.folder",
        )
    remember(writer.folder, report)
    names = [label.name for label in report.labels]
    done = finished_epochs(writer.folder) if job.resume or job.fork else []
    # A run that goes on has its own weights: the run that it began with may be gone.
    network = make_network(recipe, names, learned=None if done else first_weights(recipe, names))
    writer.note(**environment(device_name(network.device)))
    tell(Log(job_id, f"Tuning on {device_name(network.device)}: {learned_in_words(network.tuned)}."))
    trainer = make_trainer(network, report, writer, hear)
    trainer.adjustments = _adjustments(writer, tell, job_id)
    cancel.sets = trainer.adjustments.ask
    writer.note(random_changes=trainer.train.augment.told())
    checkpoint = load_checkpoint(layout.epoch_folder(writer.folder, done[-1])) if done else None
    if checkpoint is not None:
        tell(Log(job_id, f"Going on after epoch {checkpoint.epoch}."))
        writer.row({"epoch": float(checkpoint.epoch), **checkpoint.state["metrics"]})
    _settle(trainer, report, writer, tell, job_id, study, resumes=checkpoint is not None)
    fitted = trainer.fit(checkpoint)
    result: dict[str, Any] = {
        "run": str(writer.folder),
        "best_epoch": fitted.best_epoch,
        "val_dice": fitted.best_dice,
        "epochs": fitted.epochs,
        "ended": fitted.ended,
    }
    if (study is None or study.test) and report.slice_count("test"):
        from engine.jobs.evaluate import score_network

        best = run_network(writer.folder, recipe)
        result["test"] = score_network(
            best, report, "test", writer.folder / layout.SCORES, hear, recipe.training.surface_tolerance
        )
    return result


def _settle(
    trainer: Trainer,
    report: DatasetReport,
    writer: RunWriter,
    tell: Emit,
    job_id: str,
    study: Study | None,
    *,
    resumes: bool,
) -> None:
    """How the run computes: measured before its first step; a run that goes on computes as it did, a trial as the first
    of its study did (measuring would take as long as some epochs, and its noise would tell trials apart)."""
    from engine.jobs.estimate import settle_run
    from engine.training.plan import Plan

    known = Plan.from_values(writer.noted().get("plan")) if resumes else None
    if known is not None:
        trainer.plan = known
        return
    if not trainer.model.learned():
        return
    if study is not None and study.plan is not None:
        trainer.plan = study.plan
        writer.note(plan=study.plan.to_values(), plan_from="the first trial of the study on this machine")
        return
    settled = settle_run(trainer, report)
    trainer.plan = settled.plan
    if study is not None:
        study.plan = settled.plan
    writer.note(plan=settled.plan.to_values(), estimate=settled.estimate.to_values())
    tell(Log(job_id, settled.estimate.in_words()))


def learned_in_words(tuned: Any) -> str:
    """How much learns."""
    count = sum(parameter.numel() for parameter in tuned.learned().values())
    return f"{count:,} learned parameters" if count else "nothing learns (zero-shot)"
