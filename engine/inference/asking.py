"""Asks every slice of a scan: batch by batch, each slice encoded once, one plane or the mean of three."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.bundle.levels import to_levels
from engine.bundle.presence import presence_score
from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.events import Log, SliceDone
from engine.inference.air import is_air
from engine.inference.cache import EncodingsKey, EncodingStore
from engine.inference.encoding_files import EncodingFiles, content_of
from engine.inference.level_store import LevelStore
from engine.inference.session import BundleSession, ImageEncoding, TextEncoding
from engine.volumes.preprocess import Range, intensity_range, probability_to_slice, to_input
from engine.volumes.slicing import SliceStack


@dataclass
class Asking:
    """What asking a stack of slices needs, whatever the plane."""

    session: BundleSession
    texts: Sequence[TextEncoding]
    emit: Emit
    cancel: CancelToken
    job_id: str
    store: EncodingStore | None
    key: EncodingsKey
    skip_air: bool
    ticker: Ticker
    files: Sequence[Path]
    kept: EncodingFiles | None
    only: range | None = None  # slices that are asked, one by one; None: all, in batches
    content: str = ""
    air: int = 0

    def __post_init__(self) -> None:
        self.presence = [0.0] * len(self.texts)

    def over(self, stack: SliceStack, take: Callable[[int, int, NDArray[np.uint8]], None]) -> None:
        """Calls `take(phrase, slice, levels uint8 [h, w])` for every phrase and slice that is asked."""
        # Ranges are of the whole volume, so that a slice looks the same whichever others are asked.
        limits = intensity_range(stack.slices, self.session.bundle.manifest.preprocess)
        if self.kept is not None:
            self.content = content_of(stack, limits)
        batch, total = self.session.slices_per_batch, len(stack)
        starts, batch = (self.only, 1) if self.only is not None else (range(0, total, batch), batch)
        for start in starts:
            stop = min(start + batch, total)
            if self._shows_something(stack, start, stop, limits):
                self._ask(stack, start, stop, limits, take)
            else:
                self.air += stop - start
            self.ticker.step(stop - start)
            for path in self.files or ("",):
                self.emit(SliceDone(self.job_id, stop - 1, total, str(path)))

    def _shows_something(self, stack: SliceStack, start: int, stop: int, limits: Range) -> bool:
        """A batch is left out as a whole, so that batches, and with them the bytes of a mask, stay the same."""
        if not self.skip_air:
            return True
        settings = self.session.bundle.manifest.preprocess
        return not all(is_air(stack[index], settings, limits) for index in range(start, stop))

    def _ask(
        self,
        stack: SliceStack,
        start: int,
        stop: int,
        limits: Range,
        take: Callable[[int, int, NDArray[np.uint8]], None],
    ) -> None:
        encoded: dict[int | None, ImageEncoding] = {}
        for number, text in enumerate(self.texts):
            self.cancel.check()
            label = self.session.image_label(text)
            if label not in encoded:
                encoded[label] = self._encode(stack, start, stop, limits, label)
                self.cancel.check()
            found = self.session.probabilities(encoded[label], [text])[:, 0]
            for index, probability in zip(range(start, stop), found, strict=True):
                if probability.max(initial=0.0) > self.presence[number]:  # only then can the score be higher
                    self.presence[number] = max(self.presence[number], presence_score(probability))
                take(number, index, to_levels(probability_to_slice(probability, stack.slice_shape)))

    def _encode(
        self, stack: SliceStack, start: int, stop: int, limits: Range, label_index: int | None
    ) -> ImageEncoding:
        key = (*self.key, stack.plane, label_index)
        if self.only is not None:
            found = self._of_batch(key, start)
            if found is not None:
                return found
            key = (*key, "alone")  # batches of one must not take the place of whole ones
        known = self.store.get(key, start) if self.store is not None else None
        if known is not None and known.count == stop - start:
            return known
        encoding = self._encoding_on_disk(start, stop, label_index)
        if encoding is None:
            settings = self.session.bundle.manifest.preprocess
            inputs = np.stack([to_input(stack[index], settings, limits) for index in range(start, stop)])
            encoding = self.session.encode_image(inputs, label_index=label_index)
            if self.kept is not None and not self.kept.put(self._on_disk(label_index), start, encoding.arrays):
                self.emit(Log(self.job_id, "Encoded slices cannot be kept on disk; a later phrase takes longer."))
                self.kept = None
        if self.store is not None:
            self.store.put(key, start, encoding)
        return encoding

    def _of_batch(self, key: EncodingsKey, index: int) -> ImageEncoding | None:
        """One slice of a batch that was encoded when the whole scan was asked."""
        start = index // self.session.slices_per_batch * self.session.slices_per_batch
        batch = self.store.get(key, start) if self.store is not None else None
        if batch is None or index - start >= batch.count:
            return None
        return batch.rows(index - start, index - start + 1)

    def _on_disk(self, label_index: int | None) -> str:
        """What the encodings of this stack are called on disk: they depend on nothing else."""
        names = (self.content, self.session.bundle.sha256, self.session.provider, label_index)
        return hashlib.sha256(repr(names).encode()).hexdigest()[:32]

    def _encoding_on_disk(self, start: int, stop: int, label_index: int | None) -> ImageEncoding | None:
        arrays = None if self.kept is None else self.kept.get(self._on_disk(label_index), start)
        if not arrays or any(len(array) != stop - start for array in arrays.values()):
            return None
        return ImageEncoding(arrays, stop - start)


def one_plane(asking: Asking, stack: SliceStack, kept: LevelStore) -> list[NDArray[np.uint8]]:
    """One uint8 array [z, y, x] a phrase."""
    answers = [kept.levels(number, stack.shape_zyx) for number in range(len(asking.texts))]
    views = [stack.like(answer) for answer in answers]

    def take(number: int, index: int, levels: NDArray[np.uint8]) -> None:
        views[number][index] = levels

    asking.over(stack, take)
    return answers


def vote(asking: Asking, stacks: Sequence[SliceStack], kept: LevelStore) -> list[NDArray[np.uint8]]:
    """One uint8 array [z, y, x] a phrase: the mean of the planes' levels, halves rounded up."""
    shape = stacks[0].shape_zyx
    sums = [kept.zeros(shape, np.uint16) for _ in asking.texts]
    for stack in stacks:
        views = [stack.like(total) for total in sums]

        def take(number: int, index: int, levels: NDArray[np.uint8], views: list[NDArray[np.uint16]] = views) -> None:
            views[number][index] += levels

        asking.over(stack, take)
    answers = [kept.levels(number, shape) for number in range(len(asking.texts))]
    count = len(stacks)
    for total, answer in zip(sums, answers, strict=True):
        for z in range(shape[0]):
            answer[z] = (2 * total[z] + count) // (2 * count)
    return answers
