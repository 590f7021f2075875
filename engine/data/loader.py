"""Which samples come when: batches whose order depends on the seed and the epoch alone.

Nothing is carried from one epoch to the next, so a run that resumes at epoch 7 sees what it would have seen anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.augment import UNCHANGED, Augmentation, Changes, draw_changes
from engine.data.dataset import SliceDataset
from engine.data.prefetch import ahead

if TYPE_CHECKING:
    import torch

    from engine.data.batch import Batch


class Loader:
    """Batches of a dataset. `training` shuffles, and allows `augment` and `absent_labels` (the share of pairs with an
    empty truth that count); otherwise order and images stay as they are, and every pair counts."""

    def __init__(
        self,
        dataset: SliceDataset,
        batch_size: int,
        seed: int,
        *,
        training: bool = False,
        augment: Augmentation = UNCHANGED,
        absent_labels: float = 1.0,
    ) -> None:
        if batch_size < 1:
            raise ValueError("a batch holds at least one sample")
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.training = training
        self.augment = augment if training else UNCHANGED
        self.absent_labels = absent_labels if training else 1.0
        self._views: dict[int, Changes] = {}

    def __len__(self) -> int:
        """Batches an epoch; the last may be smaller."""
        return -(-len(self.dataset) // self.batch_size)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Positions [N] in the order of this epoch (counted from 1)."""
        positions = np.arange(len(self.dataset), dtype=np.int64)
        if not self.training:
            return positions
        return np.random.default_rng([self.seed, epoch]).permutation(positions)

    def positions(self, epoch: int) -> Iterator[NDArray[np.int64]]:
        """Positions of each batch, [B]."""
        order = self.order(epoch)
        for start in range(0, len(order), self.batch_size):
            yield order[start : start + self.batch_size]

    def changes(self, positions: NDArray[np.int64], epoch: int) -> Changes | None:
        """What happens to the images at `positions` in this epoch; None where nothing ever does."""
        if not self.augment:
            return None
        if not self.augment.views:
            return draw_changes(self.augment, positions, self.seed, epoch)
        view = self.augment.view(epoch)
        if view not in self._views:
            everything = np.arange(len(self.dataset), dtype=np.int64)
            self._views[view] = draw_changes(self.augment, everything, self.seed, view)
        return self._views[view].at(positions)

    def encoded_share(self, epochs: int) -> tuple[float, float]:
        """Of the images, how many times each is encoded for good in a run of `epochs`, and what share anew in each.

        Views that change nothing are the image as it is.
        """
        positions = np.arange(min(256, len(self.dataset)), dtype=np.int64)
        if not self.augment or not len(positions):
            return 1.0, 0.0
        views = min(self.augment.views, epochs)
        touched = [self.changes(positions, epoch) for epoch in range(1, max(views, 1) + 1)]
        shares = [0.0 if changes is None else float(changes.touched.mean()) for changes in touched]
        if not views:
            return 1.0 - shares[0], shares[0]
        everywhere = np.logical_and.reduce([changes.touched for changes in touched if changes is not None])
        return sum(shares) + 1.0 - float(everywhere.mean()), 0.0

    def epoch(self, epoch: int, device: torch.device | str = "cpu", *, images: bool = True) -> Iterator[Batch]:
        """The batches of an epoch on `device`, normalised, changed at random where `augment` says so.

        Without `images` these are left out, for whoever knows already what there is to know of them. For a GPU the
        next batch is read while it works on one.
        """
        # Delayed: a loader may be described and counted where torch is not installed.
        import torch

        from engine.data.batch import Loaded, load_batch, make_batch

        on_gpu = torch.device(device).type == "cuda"

        def load(positions: NDArray[np.int64]) -> Loaded:
            return load_batch(
                self.dataset,
                positions,
                changes=self.changes(positions, epoch),
                absent_labels=self.absent_labels,
                draw_texts=self.training,
                seed=self.seed,
                epoch=epoch,
                images=images,
                pin=on_gpu,
            )

        source = ahead(load, self.positions(epoch)) if on_gpu else map(load, self.positions(epoch))
        for loaded in source:
            yield make_batch(loaded, self.dataset, device)
