"""What a run answers to some cases, drawn over them for a person to look at."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import EngineError, InputError
from engine.contract.events import AnswerDrawn
from engine.contract.jobs import DrawAnswers
from engine.contract.whole_file import write_whole
from engine.data.split import SPLITS
from engine.jobs.run_data import recipe_on
from engine.runs import layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.assemble import Listener, Network
    from engine.data.findings import CaseFinding, DatasetReport


def run(job: DrawAnswers, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"drawn": {case: path}}`. Raises InputError, DatasetIncomplete, WeightsMissing, Cancelled."""
    folder = Path(job.run)
    if not layout.is_run(folder):
        raise InputError(f"{folder} is not a run.", hint="Choose a folder made by a tuning run.")
    from engine.assemble import Listener, inspect_for, run_network

    hear = Listener(emit, cancel, job_id)
    recipe = recipe_on(folder, job.data)
    network = run_network(folder, recipe)
    report = inspect_for(recipe, hear)
    known = {finding.case.case_id: finding for finding in report.cases}
    ticker = Ticker(emit, job_id, len(job.cases), "cases", "drawing answers")
    drawn = {}
    for number, case in enumerate(job.cases):
        cancel.check()
        path = Path(job.out) / f"{number:03d}.png"
        try:
            if case not in known:
                raise InputError("This case is not in the dataset any more.")
            picture = _picture(network, report, known[case], hear)
        except EngineError as error:
            emit(AnswerDrawn(job_id, case, problem=error.message))
        else:
            write_whole(path, partial(_save, picture))
            drawn[case] = str(path)
            emit(AnswerDrawn(job_id, case, str(path)))
        ticker.step()
    return {"drawn": drawn}


def _save(picture: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(picture).save(path, format="PNG")


def _picture(network: Network, report: DatasetReport, finding: CaseFinding, hear: Listener) -> NDArray[np.uint8]:
    from engine.assemble import make_split
    from engine.training.answer_picture import answer_picture

    split = next((name for name in SPLITS if finding.slices.get(name)), "")
    if not split:
        raise InputError("This case is in no split.")
    slices = finding.slices[split]
    quiet = replace(hear, emit=lambda event: None)  # the decoding of a case is no stage of its own
    alone = replace(report, cases=(replace(finding, slices={split: slices}),))
    dataset = make_split(network, alone, split, quiet)
    if len(slices) > 1:
        fullest = int(dataset.areas.sum(axis=1).argmax())
        alone = replace(report, cases=(replace(finding, slices={split: (slices[fullest],)}),))
        dataset = make_split(network, alone, split, quiet)
    probabilities = network.answer(alone, dataset)(dataset.images[0:1])[0]
    original = next(dataset.originals(hear.cancel))
    return answer_picture(original, probabilities, dataset.preprocess, [label.colour for label in report.labels])
