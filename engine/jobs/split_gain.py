"""Is it the prompts? Runs what is missing of a run's controls, and splits its gain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract import wire
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, InputError, OutOfRange
from engine.contract.events import Log
from engine.contract.jobs import Evaluate, SplitGain, Tune
from engine.contract.whole_file import write_text
from engine.runs import layout
from engine.runs.folders import run_folder_for, runs_folder
from engine.runs.layout import finished_epochs
from engine.runs.queue import busy_with, enqueue, read_queue, start_next
from engine.runs.reader import Run, list_runs, read_labels
from engine.runs.scores import Evaluation, evaluations, paired
from engine.runs.writer import best_epoch

if TYPE_CHECKING:
    from engine.recipe import Recipe

MISSING = ("here", "queue", "none")


def run(job: SplitGain, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """As `engine.contract.jobs.SplitGain` says.

    Raises InputError for what is no finished run, a control itself, or an imported run; what tuning raises; Cancelled.
    """
    from engine.insight.control_runs import CONTROLS, TITLES, control_recipe
    from engine.recipe import make_recipe, read_recipe

    if job.missing not in MISSING:
        raise OutOfRange(f"missing: {job.missing!r} is none of {', '.join(MISSING)}.", field="missing")
    folder = Path(job.run).absolute()
    if not layout.is_run(folder) or best_epoch(folder) is None:
        raise InputError(f"{folder} is not a run with a best epoch.", hint="Give the folder of a run that ended.")
    recipe = read_recipe(folder / layout.RECIPE)
    if not recipe.data.folder:
        raise InputError(f"{folder.name} was imported without its data.", hint="Tune on data that are here.")
    controls: dict[str, str] = {}
    waiting: list[str] = []
    for name in CONTROLS:
        wanted = make_recipe(control_recipe(recipe.to_values(), name))
        found = _found(folder, wanted)
        if found is not None and found.state == "finished":
            controls[name] = str(found.folder)
            continue
        if found is not None and (found.state == "running" or _waits(found.folder)):
            place = found.folder
        elif job.missing == "none":
            continue
        else:
            cancel.check()
            place = _prepared(wanted, found)
            resumes = bool(found is not None and finished_epochs(place))
            tune = Tune(str(place / layout.RECIPE), str(place), resume=str(place) if resumes else "")
            if job.missing == "here":
                emit(Log(job_id, f"Control: {TITLES[name]}, with the same data, seed and budget."))
                _tune_here(tune, emit, cancel, job_id)
                controls[name] = str(place)
                continue
            write_text(place / layout.JOB, wire.job_to_line(tune, f"tune-{job_id}-{name}") + "\n")
            enqueue(place)
            start_next()
        controls[name] = str(place)
        waiting.append(str(place))
    result: dict[str, Any] = {"state": "waiting", "controls": controls, "waiting": waiting}
    if waiting or len(controls) < len(CONTROLS):
        return result
    result |= _split(folder, recipe, controls, emit, cancel, job_id)
    path = folder / layout.GAIN
    write_text(path, json.dumps(result, indent=1, ensure_ascii=False))
    return {**result, "path": str(path)}


def _found(folder: Path, wanted: Recipe) -> Run | None:
    """A run of this very recipe on the very same data, a finished one before others."""
    from engine.insight.control_runs import same_run

    asked = wanted.to_values()
    known = read_labels(folder).get("splits_sha256")
    places = dict.fromkeys([folder.parent.resolve(), runs_folder().resolve()])
    fitting = [
        found
        for place in places
        for found in list_runs(place)
        if _may_be(found.recipe, asked)
        and same_run(_completed(found.recipe), asked)
        and read_labels(found.folder).get("splits_sha256") in (None, known)
    ]
    finished = [found for found in fitting if found.state == "finished" and best_epoch(found.folder) is not None]
    return next(iter([*finished, *fitting]), None)


def _may_be(recipe: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """A quick look: most runs are of another strategy."""
    return recipe.get("seed") == asked["seed"] and _strategy(recipe) == _strategy(asked)


def _strategy(recipe: Mapping[str, Any]) -> str:
    found = recipe.get("strategy")
    return str(found.get("name")) if isinstance(found, dict) else ""


def _completed(recipe: dict[str, Any]) -> dict[str, Any]:
    """With the settings that came after the run was made, at their defaults; as it is where it is not right."""
    from engine.recipe import make_recipe

    try:
        return make_recipe(recipe).to_values()
    except EngineError:
        return recipe


def _waits(run: Path) -> bool:
    """Whether the run waits in the queue, or has just been given the device."""
    queue = read_queue()
    return run.absolute() in queue.waiting or any(one.run == run.absolute() and one.alive for one in queue.active)


def _prepared(wanted: Recipe, found: Run | None) -> Path:
    """The run folder with its recipe: the one that was begun, or a new one."""
    if found is not None:
        return found.folder
    folder, number = run_folder_for(wanted.name), 2
    while folder.exists():
        folder, number = folder.with_name(f"{run_folder_for(wanted.name).name}-{number}"), number + 1
    write_text(folder / layout.RECIPE, wanted.to_yaml())
    return folder


def _tune_here(job: Tune, emit: Emit, cancel: CancelToken, job_id: str) -> None:
    from engine.jobs import tune

    busy = busy_with(read_queue())
    if busy is not None:
        emit(Log(job_id, f"{busy.name} is running too: both take longer.", "warning"))
    tune.run(job, emit, cancel, job_id)


def _split(
    folder: Path, recipe: Recipe, controls: Mapping[str, str], emit: Emit, cancel: CancelToken, job_id: str
) -> dict[str, Any]:
    from engine.insight.control_runs import UPSAMPLER_ONLY, ZERO_SHOT, has_upsampler
    from engine.insight.gain import split_gain

    runs = {"tuned": folder, **{name: Path(path) for name, path in controls.items()}}
    split = "test" if all(_scored(run, "test") for run in runs.values()) else "val"
    scores = {name: _scored(run, split) or _score(run, split, emit, cancel, job_id) for name, run in runs.items()}
    tuned = scores["tuned"]
    first, second = paired(tuned, scores[ZERO_SHOT]), paired(tuned, scores[UPSAMPLER_ONLY])
    if first.keys != second.keys or not first.keys:
        raise InputError(
            "The three runs were not scored on the same cases.", hint="Evaluate them again, then look once more."
        )
    gain = split_gain(first.second, second.second, first.first, first.clusters, recipe.seed)
    notes = []
    if split == "val":
        notes.append("Scored on validation images, which chose each run's best epoch: there is no test split.")
    if not has_upsampler(recipe.to_values()):
        notes.append(
            "This run has no upsampler of its own. The control shows what one reaches in place of the prompts; it is "
            "no part of this run."
        )
    if recipe.training.start_from:
        notes.append("This run began with what another one had learned: its gain is that of both.")
    return {"state": "done", "split": split, "notes": notes, **gain.to_values()}


def _scored(run: Path, split: str) -> Evaluation | None:
    """The run's scores on this split of its own data."""
    return next((found for found in evaluations(run) if found.split == split and not found.data), None)


def _score(run: Path, split: str, emit: Emit, cancel: CancelToken, job_id: str) -> Evaluation:
    from engine.jobs import evaluate

    emit(Log(job_id, f"Scoring {run.name} on {split}."))
    evaluate.run(Evaluate(str(run), split=split), emit, cancel, job_id)
    found = _scored(run, split)
    if found is None:
        raise InputError(f"{run.name} has no scores on {split}.", hint=f"Evaluate it: --split {split}.")
    return found
