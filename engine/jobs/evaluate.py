"""Scores of a run or a bundle on a split of a dataset, per case and label."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import engine
from engine.bundle.manifest import DataSplit
from engine.bundle.reader import Bundle, is_bundle
from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError, OutOfRange
from engine.contract.events import Log
from engine.contract.jobs import Evaluate
from engine.contract.whole_file import write_text
from engine.data.config import DataConfig, SplitConfig
from engine.data.dataset import SliceDataset
from engine.data.report import inspect
from engine.data.split import SPLITS
from engine.inference.session import BundleSession
from engine.jobs.run_data import CHANGED, recipe_on, same_data
from engine.runs import layout
from engine.runs.scores import about_path
from engine.training.evaluate import Score, score, scores_csv, summarise
from engine.training.surfaces import DEFAULT_TOLERANCE
from engine.volumes.preprocess import normalise

if TYPE_CHECKING:
    from engine.assemble import Listener, Network
    from engine.data.findings import DatasetReport


def run(job: Evaluate, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"summary": [per label], "scores": path of scores.csv, "tolerance": of the surface Dice}`.

    Raises InputError for what is neither run nor bundle, NotABundle, DatasetIncomplete, OutOfRange, Cancelled.
    """
    if job.tolerance is not None and not 0 <= job.tolerance < math.inf:
        raise OutOfRange(f"A tolerance of {job.tolerance:g} is no distance.", hint="Give 0 or more: --tolerance 2.")
    target = Path(job.target)
    if layout.is_run(target):
        return _run(target, job, emit, cancel, job_id)
    if not is_bundle(target):
        raise InputError(
            f"{target} is neither a run nor a bundle.", hint="Give a run folder, a bundle folder or a .vlseg file."
        )
    return _bundle(target, job, emit, cancel, job_id)


def _run(folder: Path, job: Evaluate, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    from engine.assemble import Listener, inspect_for, run_network

    hear = Listener(emit, cancel, job_id)
    recipe = recipe_on(folder, job.data)
    network = run_network(folder, recipe)
    report = inspect_for(recipe, hear)
    if not job.data and not same_data(folder, report):
        emit(Log(job_id, CHANGED, "warning"))
    path = scores_path(job, folder / layout.SCORES)
    if job.data and not job.out:
        # The run's folder holds what the run itself says; scores on other data lie where they were asked for.
        path = scores_path(job, Path.cwd() / f"{folder.resolve().name}-{Path(job.data).resolve().name}-{layout.SCORES}")
    tolerance = recipe.training.surface_tolerance if job.tolerance is None else job.tolerance
    summary = score_network(network, report, job.split, path, hear, tolerance, own_data=not job.data)
    return {"summary": summary, "scores": str(path), "tolerance": tolerance}


def scores_path(job: Evaluate, usual: Path) -> Path:
    """Where the scores go: `usual`, or under its name in the folder `job.out`, or that very .csv file.

    Other splits than the test split have their name in the file's, so that none is written over another.
    """
    out = Path(job.out)
    if job.out and out.suffix.lower() == usual.suffix:
        return out
    folder, name = (out, layout.SCORES) if job.out else (usual.parent, usual.name)
    return folder / (name if job.split == "test" else f"{Path(name).stem}-{job.split}{usual.suffix}")


def score_network(
    network: Network,
    report: DatasetReport,
    split: str,
    path: Path,
    hear: Listener,
    tolerance: float,
    *,
    own_data: bool = True,
) -> list[dict[str, Any]]:
    """Scores a torch network; writes `path` and what is known of it, returns the summary.

    `tolerance` of the surface Dice, mm or px; `own_data`: the report is of the data that the run was tuned on.
    """
    from engine.assemble import make_split

    scores = []
    for name in _splits(report, split):
        dataset = make_split(network, report, name, hear)
        ask = network.answer(report, dataset)
        scores += score(ask, dataset, 0.5, hear.emit, hear.cancel, hear.job_id, tolerance)
    return _keep(path, scores, _about(report, split, tolerance, own_data=own_data), network.recipe.seed)


def _about(report: DatasetReport, split: str, tolerance: float, *, own_data: bool) -> dict[str, Any]:
    """What scores.csv does not say. Patients are numbers, and only where they are known: no name is kept."""
    cases = [finding.case for finding in report.cases]
    numbers: dict[str, int] = {}
    known = any(case.patient != case.case_id for case in cases)
    patients = {case.case_id: numbers.setdefault(case.patient, len(numbers) + 1) for case in cases} if known else {}
    return {
        "split": split,
        "data": str(report.folder),
        "own_data": own_data,
        "synthetic": report.synthetic,
        "tolerance": tolerance,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "tunevlseg": engine.__version__,
        "patients": patients,
    }


def _keep(path: Path, scores: list[Score], about: dict[str, Any], seed: int = 0) -> list[dict[str, Any]]:
    """Writes the scores and what is known of them; returns the summary."""
    scored = {score.case for score in scores}
    patients = {case: number for case, number in about["patients"].items() if case in scored}
    write_text(path, scores_csv(scores))
    write_text(about_path(path), json.dumps({**about, "patients": patients}, indent=1, ensure_ascii=False))
    return summarise(scores, seed, {case: f"patient {number}" for case, number in patients.items()})


def _splits(report: DatasetReport, split: str) -> list[str]:
    if split != "all":
        report.require_split(split)
        return [split]
    return [name for name in SPLITS if report.slice_count(name)]


def _bundle(path: Path, job: Evaluate, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    if not job.data:
        raise InputError("A bundle brings no data of its own.", hint="Name a folder: --data FOLDER.")
    bundle = Bundle.open(path)
    manifest = bundle.manifest
    labels = [
        {"value": item.value, "name": item.name, "phrase": item.phrase, "colour": item.colour}
        for item in manifest.labels
    ]
    values: dict[str, Any] = {"folder": job.data, "plane": manifest.plane, "labels": labels}
    seed = DataSplit().seed
    if manifest.split is not None:
        # The run's own split: with another one, images that were learnt from would count as test images.
        seed, values["max_cases"] = manifest.split.seed, manifest.split.max_cases
        values["split"] = manifest.split.model_dump(include=set(SplitConfig.model_fields))
    report = inspect(build(DataConfig, values, path="data"), seed, emit, cancel, job_id=job_id)
    report.require_usable()
    session = BundleSession(bundle)
    places = {label.name: at for at, label in enumerate(manifest.labels)}
    texts = [session.encode_text(label.phrase, label_index=places.get(label.name)) for label in report.labels]

    def ask(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        inputs = np.stack([normalise(image, manifest.preprocess) for image in images])
        return session.ask(inputs, texts)

    scores = []
    tolerance = DEFAULT_TOLERANCE if job.tolerance is None else job.tolerance
    for name in _splits(report, job.split):
        dataset = SliceDataset.build(report, name, manifest.preprocess, emit, cancel, job_id=job_id)
        scores += score(ask, dataset, manifest.threshold, emit, cancel, job_id, tolerance)
    # Beside the bundle may be a run with scores of its own.
    out = scores_path(job, path.with_name(f"{path.stem}-{layout.SCORES}"))
    summary = _keep(out, scores, _about(report, job.split, tolerance, own_data=False))
    return {"summary": summary, "scores": str(out), "tolerance": tolerance}
