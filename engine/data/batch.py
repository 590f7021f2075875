"""A batch of samples as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import affine_grid, grid_sample

from engine.data.absent import taking_part
from engine.data.augment import UNCHANGED, Augmentation, Changes, draw_changes
from engine.data.dataset import SliceDataset


@dataclass(frozen=True, eq=False)
class Batch:
    """images float32 [B, 3, S, S], normalised; masks float32 0/1 [B, L, S, S]; present bool [B, L].

    `present`: the pairs of an image and a label that count, in the loss and in the metrics of the batch. `positions`
    int64 [B] are places in the dataset (on the CPU). `changed` bool [B] marks images that augmentation has altered:
    features remembered for a position hold for the others. `ignored` bool [B, 1, S, S]: pixels whose truth is unknown,
    for which nothing counts; None where the dataset has none. `said` int64 [B, L]: which of the dataset's texts stands
    for each label; None where that is always the label's phrase.
    """

    images: torch.Tensor
    masks: torch.Tensor
    present: torch.Tensor
    positions: torch.Tensor
    changed: torch.Tensor
    ignored: torch.Tensor | None = None
    said: torch.Tensor | None = None

    def __len__(self) -> int:
        return int(self.images.shape[0])


def make_batch(
    dataset: SliceDataset,
    positions: NDArray[np.int64],
    device: torch.device | str = "cpu",
    *,
    augment: Augmentation = UNCHANGED,
    absent_labels: float = 1.0,
    draw_texts: bool = False,
    seed: int = 0,
    epoch: int = 0,
) -> Batch:
    """The samples at `positions`; bytes travel to the device, where they become numbers and are changed.

    `absent_labels`: the share of pairs with an empty truth that are `present`. `draw_texts`: of several texts one is
    drawn, not the first taken.
    """
    images = _on(device, dataset.images[positions]).permute(0, 3, 1, 2).float()
    masks = _on(device, dataset.masks[positions]).float()
    # Void pixels move with the image: they travel as one more mask.
    void = None if dataset.ignored is None else _on(device, dataset.ignored[positions])[:, None].float()
    masks = masks if void is None else torch.cat([masks, void], dim=1)
    touched = torch.zeros(len(positions), dtype=torch.bool)
    if augment:
        changes = draw_changes(augment, positions, seed, epoch)
        images, masks = apply_changes(images, masks, changes)
        touched = torch.from_numpy(changes.touched)
    mean = torch.tensor(dataset.preprocess.mean, device=images.device)[:, None, None]
    std = torch.tensor(dataset.preprocess.std, device=images.device)[:, None, None]
    return Batch(
        images=(images / 255 - mean) / std,
        masks=masks if void is None else masks[:, :-1],
        present=_on(device, taking_part(dataset, positions, absent_labels, seed, epoch)),
        positions=torch.from_numpy(np.ascontiguousarray(positions)),
        changed=touched,
        ignored=None if void is None else masks[:, -1:] > 0.5,
        said=None if dataset.said is None else _on(device, dataset.said.drawn(positions, seed, epoch, draw=draw_texts)),
    )


def apply_changes(images: torch.Tensor, masks: torch.Tensor, changes: Changes) -> tuple[torch.Tensor, torch.Tensor]:
    """Images float [B, 3, S, S] with values from 0 to 255 and masks float [B, L, S, S], changed; both stay in range."""
    device = images.device
    rows = torch.from_numpy(np.flatnonzero(changes.moved)).to(device)
    if len(rows):
        theta = torch.from_numpy(changes.theta).to(device)[rows]
        images, masks = images.clone(), masks.clone()
        grid = affine_grid(theta, [len(rows), 3, *images.shape[2:]], align_corners=False)
        images[rows] = grid_sample(images[rows], grid, "bicubic", padding_mode="border", align_corners=False)
        masks[rows] = grid_sample(masks[rows], grid, "nearest", padding_mode="border", align_corners=False)
    gain = torch.from_numpy(changes.gain).to(device)[:, None, None, None]
    offset = torch.from_numpy(changes.offset).to(device)[:, None, None, None]
    return (images * gain + offset).clamp(0, 255), masks


def _on(device: torch.device | str, values: NDArray[np.generic]) -> torch.Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(values))
    if torch.device(device).type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
