"""What the untuned model makes of a few validation images, before anybody waits for a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from engine.assemble import Listener, Network, make_split
from engine.data.batch import load_batch, make_batch
from engine.data.dataset import SliceDataset
from engine.data.findings import DatasetReport
from engine.export.aside import aside
from engine.training.losses import pair_counts
from engine.training.metrics import dice_of
from engine.training.preview import pair, worth_showing

_GAP = 4


@dataclass(frozen=True)
class Look:
    """One image: `picture` uint8 (h, 2h + _GAP, 3), the truth outlined at the left, the answer at the right.

    `dice` (L), None for a label whose truth nobody knows.
    """

    case: str
    slice_index: int
    picture: NDArray[np.uint8]
    dice: tuple[float | None, ...]


def looks(network: Network, report: DatasetReport, most: int, hear: Listener) -> list[Look]:
    """The answers on at most `most` validation images: those that a run shows after each epoch.

    Raises DatasetIncomplete, DiskFull, Cancelled.
    """
    report.require_split("val")
    dataset = make_split(network, report, "val", hear)
    phrases = network.phrases(report)
    network.tuned.eval()
    colours = [label.colour for label in report.labels]
    return [
        aside(partial(_look, network, dataset, at, phrases.ids, phrases.mask, colours), hear.cancel)
        for at in worth_showing(dataset, most)
    ]


def _look(
    network: Network, dataset: SliceDataset, at: int, ids: torch.Tensor, mask: torch.Tensor, colours: list[str]
) -> Look:
    batch = make_batch(load_batch(dataset, np.array([at], np.int64)), dataset, network.device)
    assert batch.images is not None
    with torch.inference_mode():
        logits = network.tuned(batch.images, ids, mask).float()
    scores = dice_of(pair_counts(logits, batch.masks, batch.ignored))[0].cpu()
    answer = (logits[0].sigmoid() >= 0.5).cpu().numpy()
    sample = dataset[at]
    known = batch.present[0].cpu()
    dice = tuple(float(score) if here else None for score, here in zip(scores, known, strict=True))
    truth, found = np.split(pair(sample.image, sample.masks, answer, colours), 2)
    gap = np.zeros((len(truth), _GAP, 3), np.uint8)
    picture = np.concatenate([truth, gap, found], axis=1)
    return Look(sample.case_id, sample.slice_index, picture, dice)
