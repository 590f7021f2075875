"""The Dice of several wordings of a label on a split: each image is encoded once, a wording costs text and mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from engine.assemble import Listener, Network
from engine.contract.control import Ticker
from engine.contract.errors import EngineError
from engine.data.dataset import SliceDataset
from engine.data.loader import Loader
from engine.export.aside import aside
from engine.models.base import ImageFeatures, TextFeatures
from engine.runs.statistics import LEAST_CLUSTERS, LEVEL, Interval, compare, mean_interval
from engine.training.features import ENCODE_BATCH, Hearing
from engine.training.image_sources import image_sources
from engine.training.losses import pair_counts
from engine.training.metrics import dice_of
from engine.training.plan import Plan

_PAIRS_AT_ONCE = 32
Verdict = Literal["first", "better", "worse", "no real difference", "too few cases"]


@dataclass(frozen=True)
class WordingScore:
    """Mean Dice of a wording over images, and its paired difference from the first wording (None: it is the first)."""

    text: str
    dice: Interval
    difference: Interval | None
    verdict: Verdict


def wording_dice(
    network: Network, dataset: SliceDataset, wordings: Sequence[Sequence[str]], hear: Listener
) -> list[NDArray[np.float64]]:
    """For each label of the dataset the Dice (n, W) of its wordings on each image, at model size and 0.5; both empty
    count as 1. NaN where nobody knows the label's truth. Labels without wordings give (n, 0).

    Raises EngineError where the model gives something that is no number, Cancelled.
    """
    texts = [_encoded(network, said, hear) if said else None for said in wordings]
    loader = Loader(dataset, ENCODE_BATCH, network.recipe.seed)
    _, source = image_sources(
        network.tuned,
        (loader, loader),
        network.device,
        network.recipe.training,
        Plan(),
        network.weights.identity,
        epochs=2,  # they are looked at again, by the run that follows
    )
    hearing = Hearing(hear.emit, hear.cancel, hear.job_id, "validation")
    aside(lambda: source.prepare(1, hearing), hear.cancel)
    found: list[list[NDArray[np.float64]]] = [[] for _ in wordings]
    ticker = Ticker(hear.emit, hear.job_id, len(dataset), "images", "asking")
    for batch in loader.epoch(1, network.device, images=not source.keeps):
        with torch.inference_mode():
            image = source.features(batch)
            for label, text in enumerate(texts):
                if text is None:
                    found[label].append(np.zeros((len(batch), 0)))
                    continue
                truth = batch.masks[:, label : label + 1]
                dice = _dice(network, image, text, truth, batch.ignored, hear)
                dice[~batch.present[:, label].cpu().numpy()] = np.nan
                found[label].append(dice)
        ticker.step(len(batch))
    return [np.concatenate(rows) for rows in found]


def _encoded(network: Network, said: Sequence[str], hear: Listener) -> TextFeatures:
    hear.cancel.check()
    ids, mask = network.tokens(said)
    with torch.inference_mode():
        return network.tuned.encode_phrases(ids, mask)


def _dice(
    network: Network,
    image: ImageFeatures,
    text: TextFeatures,
    truth: torch.Tensor,
    ignored: torch.Tensor | None,
    hear: Listener,
) -> NDArray[np.float64]:
    """(B, W)."""
    each = max(1, _PAIRS_AT_ONCE // len(image))
    parts = []
    for start in range(0, len(text), each):
        hear.cancel.check()
        some = torch.arange(start, min(start + each, len(text)), device=network.device)
        logits = network.tuned.ask(image, text.rows(some)).float()
        if not bool(logits.isfinite().all()):
            raise EngineError(
                "The model answers with something that is no number.",
                hint="Its weights are damaged, or of another kind than they say: import them again.",
                field="model.weights",
            )
        parts.append(dice_of(pair_counts(logits, truth.expand(-1, len(some), -1, -1), ignored)))
    found: NDArray[np.float64] = torch.cat(parts, dim=1).cpu().numpy()
    return found


def compared(texts: Sequence[str], dice: NDArray[np.float64], owners: Sequence[str], seed: int) -> list[WordingScore]:
    """One row a wording, in their order. `dice` (n, W) as `wording_dice` gives it, `owners` (n): whose image each is.

    Differences are paired by image and resampled by patient, at a level that holds for all wordings together
    (Bonferroni): of many that are the same, one will look better by chance.
    """
    known = np.flatnonzero(np.isfinite(dice).all(axis=1))
    dice, owners = dice[known], [owners[at] for at in known.tolist()]
    level = 1 - (1 - LEVEL) / max(1, len(texts) - 1)
    rows = []
    for number, text in enumerate(texts):
        own = mean_interval(dice[:, number], owners, seed=seed)
        if number == 0:
            rows.append(WordingScore(text, own, None, "first"))
            continue
        found = compare(dice[:, 0], dice[:, number], owners, level=level, seed=seed)
        rows.append(WordingScore(text, own, found.difference, _verdict(found.difference)))
    return rows


def _verdict(difference: Interval) -> Verdict:
    if difference.clusters < LEAST_CLUSTERS:
        return "too few cases"
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "no real difference"


def to_values(score: WordingScore) -> dict[str, Any]:
    """Plain values; None for what nobody knows."""
    found: dict[str, Any] = {"text": score.text, "verdict": score.verdict}
    for name, interval in (("dice", score.dice), ("difference", score.difference)):
        known = interval is not None and interval.mean == interval.mean
        found[name] = interval.mean if interval is not None and known else None
        bounded = interval is not None and interval.known
        found[f"{name}_low"] = interval.low if interval is not None and bounded else None
        found[f"{name}_high"] = interval.high if interval is not None and bounded else None
    return found
