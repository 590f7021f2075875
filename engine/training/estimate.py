"""What a run will take: seconds, memory and disk, reckoned from a few measured steps."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from engine.contract.durations import duration
from engine.contract.sizes import size
from engine.training.features import ENCODE_BATCH
from engine.training.probe import Cost

MOST_BATCH = 1024
"""As a recipe allows."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a run goes through: images of each split, `batch` and `epochs`.

    `views`: how often each training image is encoded for good where features are kept, in the first epoch and in
    `view_epochs` later ones (0: all in the first); `anew`: the share of training images that every epoch encodes again.
    """

    train: int
    val: int
    batch: int
    epochs: int
    views: float = 1.0
    anew: float = 0.0
    view_epochs: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of the first epoch (with what is computed once before it), of each later one and of all `epochs`, which
    early stopping may cut short; bytes at the peak (`memory`, the program and its libraries included; on a GPU what
    lies there), of what is `available`, and on `disk`; how many images of a batch go together, and the largest batch
    that would go together: a power of two, or all training images."""

    first_epoch: float
    later_epoch: float
    total: float
    epochs: int
    memory: int
    available: int
    disk: int
    batch: int
    images_at_once: int
    device: str
    largest_batch: int = 0

    def to_values(self) -> dict[str, Any]:
        return asdict(self)

    def in_words(self) -> str:
        """`At most 3 min 20 s: 25 s for the first epoch, 9 s for each of 19 more; 1.2 GB of memory.`"""
        total, first, each = (
            duration(seconds, tenths=True) for seconds in (self.total, self.first_epoch, self.later_epoch)
        )
        later = f", {each} for each of {self.epochs - 1} more" if self.epochs > 1 else ""
        parts = f" ({self.images_at_once} of {self.batch} images at a time)" if self.images_at_once < self.batch else ""
        disk = f"; {size(self.disk)} on disk" if self.disk else ""
        return f"At most {total}: {first} for the first epoch{later}; {size(self.memory)} of memory{parts}{disk}."


def reckon(
    cost: Cost, sizes: Sizes, *, at_once: int, resident: int, available: int, kept: int, disk: int, device: str
) -> Estimate:
    """`resident`: bytes that the program holds before the first step; `kept`: bytes of kept features in memory."""

    def passes(images: int, line_of: Any) -> float:
        whole, rest = divmod(images, sizes.batch)
        parts = [sizes.batch] * whole + [rest] * bool(rest)
        return float(sum(_in_parts(line_of, part, at_once) for part in parts))

    later = passes(sizes.train, cost.step.of) + passes(sizes.val, cost.check.of)
    later += cost.encode * sizes.train * sizes.anew + cost.epoch
    first = later + cost.encode * (_encoded(sizes.train * min(sizes.views, 1.0)) + _encoded(sizes.val))
    # Each of the first epochs encodes one view; what it does not share with those before comes on top.
    further = sizes.train * max(sizes.views - 1.0, 0.0)
    times = max(1, min(sizes.view_epochs, sizes.epochs - 1))
    views = cost.encode * times * _encoded(further / times)
    if not sizes.view_epochs:
        first, views = first + views, 0.0
    return Estimate(
        first_epoch=first,
        later_epoch=later,
        total=first + later * (sizes.epochs - 1) + views,
        epochs=sizes.epochs,
        memory=round(resident + kept + cost.held.of(min(at_once, sizes.train))),
        available=available,
        disk=disk,
        batch=sizes.batch,
        images_at_once=at_once,
        device=device,
    )


def largest_batch(cost: Cost, room: float, train: int) -> int:
    """Images whose step stays within `room` bytes by what was measured: the largest power of two, or all `train`."""
    most = min(MOST_BATCH, max(1, train))
    fitting = [n for n in (*(2**power for power in range(most.bit_length())), most) if n <= most]
    return max((n for n in fitting if cost.held.of(n) <= room), default=1)


def _encoded(images: float) -> int:
    """Images that the tower runs on: it always takes whole batches of one size."""
    return math.ceil(round(images, 6) / ENCODE_BATCH) * ENCODE_BATCH


def _in_parts(line_of: Any, images: int, at_once: int) -> float:
    whole, rest = divmod(images, at_once)
    return float(whole * line_of(at_once) + (line_of(rest) if rest else 0.0))
