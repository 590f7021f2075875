"""What a frozen image tower says of each view of each image, kept where it never changes: the tower then rests.

Before an epoch, what it needs and nobody has yet is read from the cache on disk or computed, in batches of one fixed
size whatever is missing: the numbers depend on the image alone, so that a resumed run, another run and another trial
work with the very same ones. All views of an image that are unchanged are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import EngineError
from engine.contract.events import Log
from engine.data.batch import Batch, pixels
from engine.data.loader import Loader
from engine.models.base import ImageFeatures
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel
from engine.training.feature_bank import FeatureBank, FeatureShape, as_bytes, as_row, choose_place
from engine.training.feature_cache import FeatureCache, name_of

ENCODE_BATCH = 8
_IN_WORDS = {"gpu": "on the GPU", "memory": "in memory", "disk": "on disk", "nowhere": "nowhere"}


@dataclass(frozen=True, slots=True)
class Keeping:
    """How features are kept: `wanted` place, `dtype` of the numbers, and the cache that outlives the run, if any."""

    wanted: str = "auto"
    dtype: torch.dtype = torch.float32
    cache: FeatureCache | None = None


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who hears of the work and may stop it."""

    emit: Emit
    cancel: CancelToken
    job_id: str
    what: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry to be computed: the image at `position` as `epoch` shows it, number `column` of its views (0: as it is);
    `name` in the cache."""

    position: int
    column: int
    epoch: int
    name: str


class ImageSource:
    """Image features of a batch: kept ones where they are kept, else fresh ones.

    `epochs`: how many there will be; of images that are drawn anew in each, only unchanged ones are kept. `ahead`: the
    views of later epochs are encoded before the first one, not when an epoch first needs them.
    """

    def __init__(
        self,
        model: TunedModel,
        loader: Loader,
        device: torch.device,
        *,
        keep: bool,
        epochs: int = 1,
        keeping: Keeping | None = None,
        ahead: bool = False,
    ) -> None:
        self._model = model
        self._loader = loader
        self._device = device
        self._keeping = keeping or Keeping()
        self._keep = keep and model.tower_is_fixed and len(loader.dataset) > 0
        self._epochs = epochs
        self._ahead = ahead
        self._epoch = 0
        self._bank: FeatureBank | None = None
        self._told_refused = False
        views = loader.augment.views if loader.augment else 0
        # The number in the bank of each image as it is (column 0) and of each of its views; -1: not there.
        self._numbers = torch.full((len(loader.dataset), 1 + views), -1, dtype=torch.int64)

    @property
    def keeps(self) -> bool:
        """Whether features are kept at all; batches then need no images."""
        return self._keep

    def prepare(self, epoch: int, hear: Hearing) -> None:
        """Takes in what this epoch needs; does nothing where nothing is kept.

        Leaves off where the run is to stop: what is missing then is computed when it is asked for. Raises Cancelled,
        and EngineError for numbers that fp16 cannot hold.
        """
        self._epoch = epoch
        if not self._keep:
            return
        # Changes follow from the view: the first epoch that takes it stands for all that do.
        views = min(self._numbers.shape[1] - 1, self._epochs)
        wanted = range(1, max(views, 1) + 1) if self._ahead and epoch == 1 else [epoch]
        missing: dict[tuple[int, int], int] = {}
        for of in wanted:
            for position, column in zip(*(found.tolist() for found in self._missing(of)), strict=True):
                missing.setdefault((position, column), of)
        if not missing:
            return
        ticker = Ticker(hear.emit, hear.job_id, len(missing), "images", f"encoding {hear.what} images")
        if self._bank is None and self._keeping.cache is not None:
            shape = FeatureShape.from_values(self._keeping.cache.shape())
            if shape is not None and not self._open(shape, hear):
                return
        self._take_in(missing, ticker, hear)
        if self._keeping.cache is not None and self._keep:
            self._keeping.cache.trim()
            self._tell_refused(hear)

    def _missing(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions and columns of what may be kept of this epoch's images and is not there yet."""
        positions, columns = self._needed(epoch)
        missing = np.flatnonzero(self._numbers[positions, columns].numpy() < 0)
        return positions[missing], columns[missing]

    def _tell_refused(self, hear: Hearing) -> None:
        refused = self._keeping.cache.refused if self._keeping.cache is not None else ""
        if refused and not self._told_refused:
            self._told_refused = True
            held = self._bank is not None and self._bank.place != "disk"
            means = "later runs compute them again" if held else "what is not there is computed in every step"
            hear.emit(Log(hear.job_id, f"Image features could not be kept on disk ({refused}): {means}.", "warning"))

    def _needed(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions and columns of what may be kept of this epoch's images."""
        everything = np.arange(len(self._loader.dataset), dtype=np.int64)
        changes = self._loader.changes(everything, epoch)
        if changes is None:
            return everything, np.zeros_like(everything)
        if not self._loader.augment.views:
            same = everything[~changes.touched]
            return same, np.zeros_like(same)
        return everything, np.where(changes.touched, self._loader.augment.view(epoch), 0)

    def _capacity(self) -> int:
        """Of all entries that the run will ever ask for."""
        views = min(self._numbers.shape[1] - 1, self._epochs)
        if not views:
            return len(self._numbers)
        asked = np.zeros(tuple(self._numbers.shape), np.bool_)
        for view in range(1, views + 1):
            positions, columns = self._needed(view)
            asked[positions, columns] = True
        return int(asked.sum())

    def _take_in(self, missing: dict[tuple[int, int], int], ticker: Ticker, hear: Hearing) -> None:
        """`missing`: position and column of each entry → an epoch that shows it so."""
        waiting: list[Wanted] = []
        for (position, column), epoch in missing.items():
            hear.cancel.check()
            if hear.cancel.wants_stop_keep_best:
                return
            name = self._name(position, column, epoch)
            content = self._cached(name)
            if content is not None:
                assert self._bank is not None
                self._numbers[position, column] = self._bank.add(name, as_row(content, self._keeping.dtype))
                ticker.step()
                continue
            waiting.append(Wanted(position, column, epoch, name))
            if len(waiting) == ENCODE_BATCH:
                self._encode(waiting, ticker, hear)
                waiting = []
                if not self._keep:
                    return
        if waiting:
            self._encode(waiting, ticker, hear)

    def _name(self, position: int, column: int, epoch: int) -> str:
        if self._keeping.cache is None:
            return ""
        at = np.array([position], np.int64)
        changes = self._loader.changes(at, epoch) if column else None
        return name_of(self._loader.dataset.images[at][0], b"" if changes is None else changes.digest(0))

    def _cached(self, name: str) -> NDArray[np.uint8] | None:
        # Before the first image is encoded, nobody knows how many numbers there are to it.
        if self._keeping.cache is None or self._bank is None:
            return None
        return self._keeping.cache.read(name, self._bank.row_bytes)

    def _encode(self, wanted: list[Wanted], ticker: Ticker, hear: Hearing) -> None:
        """Runs the tower on at most ENCODE_BATCH images; always on as many, since its last digits depend on that."""
        filled = [wanted[at % len(wanted)] for at in range(ENCODE_BATCH)]
        with torch.no_grad():
            features = self._model.seen(self._pixels_of(filled))
        if self._bank is None:
            shape = FeatureShape.of(features)
            if not self._open(shape, hear):
                return
            if self._keeping.cache is not None:
                self._keeping.cache.write_shape(shape.to_values())
        assert self._bank is not None
        rows = self._bank.shape.rows(features, self._keeping.dtype)
        if self._keeping.dtype == torch.float16 and not bool(rows.isfinite().all()):
            raise EngineError(
                "What this model says of an image holds numbers that fp16 cannot hold.",
                hint="Set training.feature_numbers to fp32.",
                field="training.feature_numbers",
            )
        cache = self._keeping.cache
        for row, one in zip(rows, wanted, strict=False):
            if cache is not None:
                cache.write(one.name, as_bytes(row))
            self._numbers[one.position, one.column] = self._bank.add(one.name, row)
        ticker.step(len(wanted))

    def _pixels_of(self, wanted: list[Wanted]) -> Tensor:
        """Pixels (B, 3, S, S). A view that changes nothing is the image as it is: both come from the same pixels."""
        parts, places = [], []
        for epoch in dict.fromkeys(one.epoch for one in wanted):
            of = [at for at, one in enumerate(wanted) if one.epoch == epoch]
            positions = np.array([wanted[at].position for at in of], np.int64)
            changes = self._loader.changes(positions, epoch)
            parts.append(pixels(self._loader.dataset, positions, self._device, changes))
            places += of
        return torch.cat(parts)[torch.tensor(places).argsort()] if len(parts) > 1 else parts[0]

    def _open(self, shape: FeatureShape, hear: Hearing) -> bool:
        """Chooses where features are kept, and says so; False: nowhere."""
        capacity = self._capacity()
        dtype, cache = self._keeping.dtype, self._keeping.cache
        row_bytes = shape.numbers * dtype.itemsize
        total = capacity * row_bytes
        on_disk = cache is not None and cache.room_for(capacity, row_bytes)
        if not on_disk:
            self._keeping = Keeping(self._keeping.wanted, dtype)
        place = choose_place(self._keeping.wanted, total, self._device, on_disk=on_disk)
        room = f"{total / 1e9:.1f} GB" if total >= 1e8 else f"{total / 1e6:.1f} MB"
        size = f"{capacity:,} views of {len(self._numbers):,} images, {room}"
        if place == "nowhere":
            self._keep = False
            hear.emit(Log(hear.job_id, f"Features of the {hear.what} images ({size}) fit nowhere: computed each time."))
            return False
        shared = ", and on disk for later runs" if on_disk and place != "disk" else ""
        kind = str(dtype).removeprefix("torch.")
        hear.emit(
            Log(hear.job_id, f"Features of the {hear.what} images are kept {_IN_WORDS[place]}{shared}: {size}, {kind}.")
        )
        self._bank = FeatureBank(place, capacity, shape, dtype, self._device)
        return True

    def features(self, batch: Batch, prompts: Prompts | None = None) -> ImageFeatures:
        """Features of the batch with the image side of `prompts`, with gradients where the image side learns."""
        if self._bank is None:
            if not self._model.tower_is_fixed:
                images = self._pixels(batch) if batch.images is None else batch.images
                return self._model.encode_images(images, prompts)
            with torch.no_grad():
                seen = self._model.seen(self._pixels(batch) if batch.images is None else batch.images)
            return self._model.from_seen(seen)
        return self._model.from_seen(self._kept(batch))

    def _kept(self, batch: Batch) -> ImageFeatures:
        assert self._bank is not None
        views = self._loader.augment.views if self._loader.augment else 0
        column = self._loader.augment.view(self._epoch) if views else 0
        numbers = self._numbers[batch.positions, torch.where(batch.changed, column, 0)]
        fresh = batch.changed & (not views) | (numbers < 0)
        rows = self._bank.rows(numbers.clamp(min=0), self._keeping.cache)
        if rows is None:
            fresh = torch.ones_like(fresh)
            rows = torch.empty(len(batch), self._bank.shape.numbers, dtype=self._keeping.dtype, device=self._device)
        if bool(fresh.any()):
            which = fresh.nonzero().flatten()
            rows.index_copy_(0, which.to(self._device, non_blocking=True), self._fresh(batch.positions[which]))
        return self._bank.shape.features(rows)

    def _fresh(self, positions: Tensor) -> Tensor:
        """Rows of images that are not kept."""
        assert self._bank is not None
        with torch.no_grad():
            features = self._model.seen(self._pixels_at(positions.numpy()))
        return self._bank.shape.rows(features, self._keeping.dtype)

    def _pixels(self, batch: Batch) -> Tensor:
        return self._pixels_at(batch.positions.numpy())

    def _pixels_at(self, positions: NDArray[np.int64]) -> Tensor:
        changes = self._loader.changes(positions, self._epoch)
        return pixels(self._loader.dataset, positions, self._device, changes)

    def forget(self) -> bool:
        """Gives the memory of kept features back; False where none is held, nor will be.

        They are then read from disk, or, without a cache or before the first is there, computed in every step.
        """
        if not self._keep or (self._bank is not None and self._bank.place == "disk"):
            return False
        cache = self._keeping.cache
        if self._bank is None or cache is None or cache.refused:
            self._bank, self._keep = None, False
        else:
            self._bank = self._bank.on_disk()
        return True
