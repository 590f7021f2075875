"""How many more labelled cases would pay: the recipe tuned on 1, 2, 4, … of its training cases, and the curve."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

from engine.config.yaml_io import dump_yaml, load_yaml
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import EngineError, OutOfRange, RecipeError
from engine.contract.events import Event, JobCancelled, JobFinished, JobStarted, Log, Progress
from engine.contract.jobs import PlanLabels, Tune
from engine.contract.whole_file import write_text
from engine.jobs import tune
from engine.jobs.perform import failure
from engine.runs import layout
from engine.runs.commands import CommandWatcher
from engine.runs.lock import RunLock
from engine.runs.queue import device_noted
from engine.runs.studies import LABEL_PLAN, PLAN_RECIPE, slug, tournaments_folder
from engine.runs.writer import append_event

RESULT: Final = LABEL_PLAN


def run(job: PlanLabels, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`folder`, `points` (rows: `cases`, `dice`, `low`, `high`, `val_dice`, `run`), `advice` in words, `more`, `low`,
    `high`, `unreliable`, `curve`; interrupted, the same command goes on.

    Raises RecipeError, DatasetIncomplete without test images, OutOfRange for fewer than three sizes, Cancelled.
    """
    from engine.assemble import Listener, inspect_for
    from engine.recipe import read_recipe
    from engine.tournament.label_budget import sizes_up_to

    if not 0 < job.gain < 1:
        raise OutOfRange(f"A gain of {job.gain:g} is no difference of Dice.", hint="Give --gain 0.02.", field="gain")
    recipe = read_recipe(Path(job.recipe), list(job.overrides))
    folder = Path(job.out) if job.out else tournaments_folder() / f"labels-{slug(recipe.name)}"
    report = inspect_for(recipe, Listener(emit, cancel, job_id))
    report.require_split("train", "val", "test")
    there = len(report.of_split("train"))
    sizes = sizes_up_to(there, list(job.sizes))
    if len(sizes) < 3:
        raise OutOfRange(
            f"A curve needs three sizes; {there} training cases give {len(sizes)}.",
            hint="Label some more cases, or give other --sizes.",
            field="sizes",
        )

    def tell(event: Event) -> None:
        append_event(folder, event)
        emit(event)

    def quiet(event: Event) -> None:
        if not isinstance(event, Log | Progress):
            tell(event)

    folder.mkdir(parents=True, exist_ok=True)
    watcher = CommandWatcher(folder, cancel)
    with device_noted(folder), RunLock(folder):
        _remember(folder, recipe.to_values())
        watcher.start()
        append_event(folder, JobStarted(job_id, "plan_labels", "Label budget", run=str(folder)))
        try:
            for number, size in enumerate(sizes):
                cancel.check()
                tell(Progress(job_id, number, len(sizes), "sizes", stage="Label budget"))
                tell(Log(job_id, f"Tuning on {size} of {there} cases."))
                _tune(folder / f"cases-{size:04d}", recipe.to_values(), size, quiet, cancel, job_id)
                _keep(folder, sizes, _points(folder, sizes[: number + 1])[0], job.gain)
            tell(Progress(job_id, len(sizes), len(sizes), "sizes", stage="Label budget"))
            result = _told(folder, sizes, job.gain)
        except EngineError as error:
            append_event(folder, JobCancelled(job_id) if cancel.cancelled else failure(job_id, error))
            raise
        finally:
            watcher.stop()
        append_event(folder, JobFinished(job_id, {"folder": str(folder)}))
    return result


def _remember(folder: Path, values: dict[str, Any]) -> None:
    """plan.yaml: the recipe that the sizes vary. Raises RecipeError where the folder holds sizes of another one."""
    kept = folder / PLAN_RECIPE
    if kept.is_file():
        known = load_yaml(kept)
        for key in values:
            if key != "name" and known.get(key) != json.loads(json.dumps(values[key])):
                raise RecipeError(
                    f"{folder} holds a label plan of another recipe ({key} differs).",
                    hint="Give it a folder of its own: --out DIR.",
                    field=key,
                )
    write_text(kept, dump_yaml(values))


def _tune(folder: Path, values: dict[str, Any], size: int, emit: Emit, cancel: CancelToken, job_id: str) -> None:
    from engine.assemble import Listener, inspect_for
    from engine.recipe import make_recipe

    if (folder / layout.RESULT).is_file() and (folder / layout.SCORES).is_file():
        return
    split = {**values["data"]["split"], "train_cases": size}
    recipe = make_recipe({**values, "name": f"{size} cases", "data": {**values["data"], "split": split}})
    report = inspect_for(recipe, Listener(emit, cancel, job_id))
    if layout.is_run(folder):
        one = Tune(recipe="", resume=str(folder))
    else:
        asked = write_text(folder.with_name(f"{folder.name}.yaml"), recipe.to_yaml())
        one = Tune(str(asked), str(folder))
    tune.run_trial(one, emit, cancel, job_id, tune.Study(report, test=True))


def _points(folder: Path, sizes: list[int]) -> tuple[list[dict[str, Any]], dict[int, list[float]], list[str]]:
    """A row for each size that is done, its scores on the test images, and the case or patient of each score."""
    from engine.runs.reader import Run
    from engine.runs.scores import read_evaluation
    from engine.runs.statistics import mean_interval

    points: list[dict[str, Any]] = []
    scores: dict[int, list[float]] = {}
    keys: list[tuple[str, str]] | None = None
    clusters: list[str] = []
    for size in sizes:
        run = folder / f"cases-{size:04d}"
        found = read_evaluation(run / layout.SCORES)
        pairs = [(row.case, row.label) for row in found.rows]
        if keys is not None and pairs != keys:
            raise EngineError(
                "The test images differ between the sizes.", hint="Begin again in an empty folder: --out DIR."
            )
        keys = pairs
        scores[size] = [row.dice for row in found.rows]
        clusters = [found.cluster(row.case) for row in found.rows]
        interval = mean_interval(scores[size], clusters)
        points.append(
            {
                "cases": size,
                "dice": interval.mean,
                "low": interval.low if interval.known else None,
                "high": interval.high if interval.known else None,
                "val_dice": Run.open(run).best_dice,
                "run": str(run),
            }
        )
    return points, scores, clusters


def _keep(folder: Path, sizes: list[int], points: list[dict[str, Any]], gain: float, **more: Any) -> dict[str, Any]:
    """labels.json; without its advice as long as sizes are left."""
    result = {"folder": str(folder), "sizes": sizes, "points": points, "gain": gain, "advice": "", **more}
    write_text(folder / RESULT, json.dumps(result, indent=1))
    return result


def _told(folder: Path, sizes: list[int], gain: float) -> dict[str, Any]:
    from engine.tournament.label_budget import advise

    points, scores, clusters = _points(folder, sizes)
    advice = advise(scores, gain, clusters=clusters)
    return _keep(
        folder,
        sizes,
        points,
        gain,
        advice=advice.told(),
        more=advice.more if math.isfinite(advice.more) else None,
        low=advice.low if math.isfinite(advice.low) else None,
        high=advice.high if math.isfinite(advice.high) else None,
        unreliable=list(advice.unreliable),
        curve={"a": advice.curve.a, "b": advice.curve.b, "c": advice.curve.c},
    )
