"""A batch of samples as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import affine_grid, grid_sample

from engine.data.absent import taking_part
from engine.data.augment import Changes
from engine.data.dataset import Images, SliceDataset
from engine.volumes.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class Batch:
    """images float32 [B, 3, S, S], normalised; masks float32 0/1 [B, L, S, S]; present bool [B, L].

    `images` are None where the loader was told that nobody looks at them (`pixels` makes them). `present`: the pairs
    of an image and a label that count, in the loss and in the metrics of the batch. `positions` int64 [B] are places in
    the dataset (on the CPU). `changed` bool [B] (on the CPU) marks images that augmentation has altered. `ignored` bool
    [B, 1, S, S]: pixels whose truth is unknown, for which nothing counts; None where the dataset has none. `said`
    int64 [B, L] (on the CPU): which of the dataset's texts stands for each label; None where that is always the
    label's phrase.
    """

    images: torch.Tensor | None
    masks: torch.Tensor
    present: torch.Tensor
    positions: torch.Tensor
    changed: torch.Tensor
    ignored: torch.Tensor | None = None
    said: torch.Tensor | None = None

    def __len__(self) -> int:
        return int(self.positions.shape[0])


@dataclass(frozen=True, eq=False)
class Loaded:
    """A batch on its way: bytes read from the dataset, on the CPU, and what is to become of them."""

    positions: NDArray[np.int64]
    images: torch.Tensor | None
    masks: torch.Tensor
    void: torch.Tensor | None
    present: torch.Tensor
    said: torch.Tensor | None
    changes: Changes | None


def load_batch(
    dataset: SliceDataset,
    positions: NDArray[np.int64],
    *,
    changes: Changes | None = None,
    absent_labels: float = 1.0,
    draw_texts: bool = False,
    seed: int = 0,
    epoch: int = 0,
    images: bool = True,
    pin: bool = False,
) -> Loaded:
    """Reads the samples at `positions`; all that needs no device. `pin`: into memory that a GPU fetches from by itself.

    `absent_labels`: the share of pairs with an empty truth that are `present`. `draw_texts`: of several texts one is
    drawn, not the first taken.
    """
    said = None if dataset.said is None else dataset.said.drawn(positions, seed, epoch, draw=draw_texts)
    return Loaded(
        positions=positions,
        images=_bytes(dataset.images[positions], pin) if images else None,
        masks=_bytes(dataset.masks[positions], pin),
        void=None if dataset.ignored is None else _bytes(dataset.ignored[positions], pin),
        present=_bytes(taking_part(dataset, positions, absent_labels, seed, epoch), pin),
        said=None if said is None else torch.from_numpy(said),
        changes=changes,
    )


def make_batch(loaded: Loaded, dataset: SliceDataset, device: torch.device | str = "cpu") -> Batch:
    """Bytes travel to the device, where they become numbers and are changed."""
    masks = _to(device, loaded.masks).float()
    # Void pixels move with the image: they travel as one more mask.
    void = None if loaded.void is None else _to(device, loaded.void)[:, None].float()
    masks = masks if void is None else torch.cat([masks, void], dim=1)
    levels = None if loaded.images is None else _to(device, loaded.images).permute(0, 3, 1, 2).float()
    if loaded.changes is not None:
        levels, masks = apply_changes(levels, masks, loaded.changes)
    touched = np.zeros(len(loaded.positions), np.bool_) if loaded.changes is None else loaded.changes.touched
    return Batch(
        images=None if levels is None else _normalised(levels, dataset),
        masks=masks if void is None else masks[:, :-1],
        present=_to(device, loaded.present),
        positions=torch.from_numpy(np.ascontiguousarray(loaded.positions)),
        changed=torch.from_numpy(touched),
        ignored=None if void is None else masks[:, -1:] > 0.5,
        said=loaded.said,
    )


class Pictured(Protocol):
    """Images uint8 [N, S, S, 3], and how they were made."""

    @property
    def images(self) -> Images: ...

    @property
    def preprocess(self) -> Preprocess: ...


def pixels(
    dataset: Pictured, positions: NDArray[np.int64], device: torch.device | str, changes: Changes | None = None
) -> torch.Tensor:
    """The images [B, 3, S, S] of a batch alone: changed, normalised, on the device."""
    pin = torch.device(device).type == "cuda"
    levels = _to(device, _bytes(dataset.images[positions], pin)).permute(0, 3, 1, 2).float()
    if changes is not None:
        levels = _changed_images(levels, changes)
    return _normalised(levels, dataset)


def _normalised(levels: torch.Tensor, dataset: Pictured) -> torch.Tensor:
    mean = torch.tensor(dataset.preprocess.mean, device=levels.device)[:, None, None]
    std = torch.tensor(dataset.preprocess.std, device=levels.device)[:, None, None]
    return (levels / 255 - mean) / std


def apply_changes(
    images: torch.Tensor | None, masks: torch.Tensor, changes: Changes
) -> tuple[torch.Tensor | None, torch.Tensor]:
    """Images float [B, 3, S, S] with values from 0 to 255 and masks float [B, L, S, S], changed; both stay in range."""
    masks = _moved(masks, changes, "nearest")
    return (None if images is None else _changed_images(images, changes)), masks


def _changed_images(images: torch.Tensor, changes: Changes) -> torch.Tensor:
    images = _moved(images, changes, "bicubic")
    gain = torch.from_numpy(changes.gain).to(images.device)[:, None, None, None]
    offset = torch.from_numpy(changes.offset).to(images.device)[:, None, None, None]
    return (images * gain + offset).clamp(0, 255)


def _moved(values: torch.Tensor, changes: Changes, mode: str) -> torch.Tensor:
    found = np.flatnonzero(changes.moved)
    if not len(found):
        return values
    rows = torch.from_numpy(found).to(values.device)
    theta = torch.from_numpy(changes.theta[found]).to(values.device)
    grid = affine_grid(theta, [len(found), 1, *values.shape[2:]], align_corners=False)
    values = values.clone()
    values[rows] = grid_sample(values[rows], grid, mode, padding_mode="border", align_corners=False)
    return values


def _bytes(values: NDArray[np.generic], pin: bool) -> torch.Tensor:
    found = torch.from_numpy(np.ascontiguousarray(values))
    return found.pin_memory() if pin else found


def _to(device: torch.device | str, values: torch.Tensor) -> torch.Tensor:
    return values.to(device, non_blocking=True)
