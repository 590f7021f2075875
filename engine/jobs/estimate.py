"""What a run would take, told before it begins: a few steps on some of its images, of which nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.control import CancelToken, Emit
from engine.contract.events import Log
from engine.contract.jobs import Estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.data.findings import CaseFinding, DatasetReport
    from engine.training.loop import Trainer
    from engine.training.settle import Settled


def run(job: Estimate, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """Raises RecipeError, DatasetIncomplete, WeightsMissing, OutOfMemory where one image does not fit, Cancelled."""
    from engine.assemble import Listener, inspect_for, make_network, make_trainer
    from engine.config.yaml_io import apply_overrides
    from engine.recipe import make_recipe

    values = apply_overrides(dict(job.recipe), list(job.overrides))
    recipe = make_recipe(values, folder=Path(job.folder) if job.folder else None)
    emit(Log(job_id, "Looking at the data and measuring a few steps."))
    hear = Listener(emit, cancel, job_id)
    report = inspect_for(recipe, hear)
    report.require_split("train", "val")
    network = make_network(recipe, [label.name for label in report.labels])
    trainer = make_trainer(network, _some(report, 2 * recipe.training.batch_size), _Nowhere(), hear)
    settled = settle_run(trainer, report)
    told = settled.estimate
    return {**told.to_values(), "plan": settled.plan.to_values(), "words": told.in_words()}


def settle_run(trainer: Trainer, report: DatasetReport) -> Settled:
    """How a run on this dataset will compute and what it will take; the trainer may hold a part of the dataset."""
    from engine.training.estimate import Sizes
    from engine.training.settle import settle

    learns = bool(trainer.model.learned())
    views, anew = trainer.train.encoded_share(trainer.config.epochs) if trainer.keeps_features else (0.0, 0.0)
    sizes = Sizes(
        train=report.slice_count("train") if learns else 0,
        val=report.slice_count("val"),
        batch=trainer.config.batch_size,
        epochs=trainer.config.epochs if learns else 1,
        views=views,
        anew=anew,
        view_epochs=max(0, min(trainer.train.augment.views, trainer.config.epochs) - 1) if trainer.train.augment else 0,
    )
    # An epoch keeps what was learned and two moments of it; one epoch is written before another one goes.
    learned = sum(parameter.numel() * parameter.element_size() for parameter in trainer.model.learned().values())
    return settle(trainer, sizes, disk=3 * learned * min(trainer.config.keep_epochs + 2, sizes.epochs))


def _some(report: DatasetReport, least: int) -> DatasetReport:
    """As many of its cases as give `least` slices to each split: no more need be decoded."""
    chosen: list[CaseFinding] = []
    for split in ("train", "val"):
        count = 0
        for finding in report.of_split(split):
            if count >= least:
                break
            count += len(finding.slices[split])
            if finding not in chosen:
                chosen.append(finding)
    return replace(report, cases=tuple(chosen))


class _Nowhere:
    """No run folder: nothing is kept."""

    def row(self, metrics: dict[str, float]) -> None: ...

    def epoch(self, epoch: int, write: Callable[[Path], None], *, best: bool, keep: int) -> None: ...

    def preview(self, epoch: int, picture: NDArray[np.uint8]) -> Path:
        return Path()

    def adapted(self, plan: dict[str, Any], changes: dict[str, Any]) -> None: ...
