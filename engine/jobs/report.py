"""A report of runs as one HTML file: settings, data, curves, scores with intervals, examples, versions, limits."""

from __future__ import annotations

import base64
import importlib.util
import io
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from engine.config.yaml_io import build
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, InputError
from engine.contract.events import AnswerDrawn, Event, Log, Progress
from engine.contract.jobs import DrawAnswers, Report
from engine.contract.whole_file import check_folder, write_text
from engine.data.config import DataConfig
from engine.data.report import inspect
from engine.report.document import document
from engine.report.gather import RunFacts, examples_of, facts_of

QUALITY = 88
MOST_RUNS = 20


def run(job: Report, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"report": path, "megabytes": size, "notes": [what is missing in it, and why]}`.

    Raises InputError for what is no run and for a file that is there, DiskFull, Cancelled. A dataset that is gone, or
    weights, cost the report its data summary or its pictures, which a note tells.
    """
    out = Path(job.out)
    _check(job, out)
    notes: list[str] = []
    runs = []
    for number, folder in enumerate(job.runs):
        cancel.check()
        emit(Progress(job_id, number, len(job.runs), "runs", stage="reading runs"))
        facts = facts_of(Path(folder))
        facts = replace(facts, data=_data(facts, emit, cancel, job_id, notes))
        runs.append(_with_examples(facts, job, emit, cancel, job_id, notes) if job.pictures else facts)
    cancel.check()
    text = document(runs, case_names=job.case_names)
    write_text(out, text)
    for note in notes:
        emit(Log(job_id, note, "warning"))
    return {"report": str(out), "megabytes": round(len(text.encode()) / 1e6, 3), "notes": notes}


def _check(job: Report, out: Path) -> None:
    """Before any work: a name that is taken is told at once."""
    if not job.runs or len(job.runs) > MOST_RUNS:
        raise InputError(f"A report holds 1 to {MOST_RUNS} runs.", hint="Name the folders of the runs.")
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{out.name} is no name of a report.", hint="Give it the ending .html.")
    if out.exists() and not job.overwrite:
        raise InputError(f"{out} is there already.", hint="Choose another name, or replace it with --overwrite.")
    check_folder(out.parent)


def _data(facts: RunFacts, emit: Emit, cancel: CancelToken, job_id: str, notes: list[str]) -> dict[str, Any]:
    """Counts of the dataset as it is now; nothing where it is gone."""
    values = facts.run.recipe.get("data")
    if not isinstance(values, Mapping) or not values.get("folder"):
        return {}
    try:
        config = build(DataConfig, dict(values), path="data")
        report = inspect(config, int(facts.run.recipe.get("seed") or 0), emit, cancel, job_id=job_id)
    except Cancelled:
        raise
    except (EngineError, OSError, ValueError) as error:
        notes.append(f"{facts.run.name}: no summary of the data. {error}")
        return {}
    told = report.to_dict()
    kept = ("layout_title", "kind", "splits", "labels", "statistics", "splits_from", "synthetic")
    return {**{name: told[name] for name in kept}, "cases": len(told["cases"])}


def _with_examples(
    facts: RunFacts, job: Report, emit: Emit, cancel: CancelToken, job_id: str, notes: list[str]
) -> RunFacts:
    if facts.main is None:
        return facts
    evaluation = facts.main[0]
    wanted = examples_of(evaluation)
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        notes.append(f"{facts.run.name}: no pictures: tuning is not installed here.")
        return replace(facts, no_examples="Pictures need the extra `tune`, which was not installed.")
    with tempfile.TemporaryDirectory() as folder:
        try:
            drawn = _drawn(facts, [example.case for example in wanted], evaluation.data, folder, emit, cancel, job_id)
        except Cancelled:
            raise
        except EngineError as error:
            notes.append(f"{facts.run.name}: no pictures. {error}")
            return replace(facts, no_examples="The dataset or the weights were not where the recipe says.")
        pictures = tuple(replace(example, image=_embedded(drawn.get(example.case))) for example in wanted)
    missing = [example for example in pictures if not example.image]
    if missing:
        notes.append(f"{facts.run.name}: {len(missing)} of {len(pictures)} examples could not be drawn.")
    return replace(facts, examples=tuple(example for example in pictures if example.image))


def _drawn(
    facts: RunFacts, cases: list[str], data: str, folder: str, emit: Emit, cancel: CancelToken, job_id: str
) -> dict[str, str]:
    from engine.jobs import draw_answers

    found: dict[str, str] = {}

    def hear(event: Event) -> None:
        if isinstance(event, AnswerDrawn):
            found[event.case_id] = event.path
        else:
            emit(event)

    draw_answers.run(DrawAnswers(str(facts.run.folder), cases, folder, data), hear, cancel, job_id)
    return found


def _embedded(path: str | None) -> str:
    if not path:
        return ""
    held = io.BytesIO()
    with Image.open(path) as picture:
        # Pixels alone: nothing that a file says beside them is taken along.
        picture.convert("RGB").save(held, format="JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode("ascii")
