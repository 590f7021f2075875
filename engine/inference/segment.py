"""Volume + phrases → one mask a phrase on the scan's own grid."""

from __future__ import annotations

import difflib
import hashlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.bundle.levels import threshold_level, to_levels
from engine.bundle.manifest import BundleLabel, Manifest
from engine.bundle.presence import presence_score
from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import InputError, UnknownName
from engine.contract.events import Log, SliceDone
from engine.inference.air import is_air
from engine.inference.cache import EncodingsKey, EncodingStore
from engine.inference.encoding_files import EncodingFiles, content_of
from engine.inference.level_store import LevelStore
from engine.inference.refine import NOTHING, Refinement, refine
from engine.inference.session import BundleSession, ImageEncoding, TextEncoding
from engine.volumes.geometry import Geometry
from engine.volumes.preprocess import Range, intensity_note, intensity_range, probability_to_slice, to_input
from engine.volumes.slicing import Plane, SliceStack
from engine.volumes.volume import Volume

Axis = Plane | Literal["vote"]

VOTE: Final = "vote"
VOTING: Final[tuple[Plane, ...]] = ("axial", "coronal", "sagittal")


@dataclass(frozen=True)
class Answer:
    """One phrase on one volume: `levels` uint8 [z, y, x] are probabilities as engine.bundle.levels stores them."""

    asked: str  # as the user typed it
    phrase: str  # as the model was given it: a label's own words, where a label was asked for
    levels: NDArray[np.uint8]
    threshold: float
    label: BundleLabel | None = None
    cut: str | None = None  # which words the model was not given, where the phrase was too long
    label_used: str | None = None  # whose learned words the phrase was asked with, where labels have their own
    voxel_ml: float | None = None  # volume of one voxel; None for pictures
    presence: float = 1.0  # score of engine.bundle.presence; below `presence_cut` it names nothing in the scan
    presence_cut: float = 0.0
    calibrated: bool = False  # the cut was calibrated on validation images; else it is the threshold
    refinement: Refinement = NOTHING
    geometry: Geometry | None = None

    @property
    def mask(self) -> NDArray[np.bool_]:
        """[z, y, x], refined; empty where the phrase was not found, instead of speckle. A new array each time."""
        if self.presence < self.presence_cut:
            return np.zeros(self.levels.shape, dtype=np.bool_)
        bits = np.unpackbits(self._bits, count=self.levels.size)
        return bits.view(np.bool_).reshape(self.levels.shape)

    def mask_planes(self) -> Iterator[NDArray[np.bool_]]:
        """The mask's planes [y, x] one after another, so that many masks need not be unpacked at once."""
        planes, *shape = self.levels.shape
        size = math.prod(shape)
        for z in range(planes):
            if self.presence < self.presence_cut:
                yield np.zeros(shape, dtype=np.bool_)
                continue
            first, after = z * size, (z + 1) * size
            bits = np.unpackbits(self._bits[first // 8 : -(-after // 8)])[first % 8 :][:size]
            yield bits.view(np.bool_).reshape(shape)

    @cached_property
    def _bits(self) -> NDArray[np.uint8]:
        """One bit a voxel: the masks of many phrases on a large scan would fill the memory."""
        return np.packbits(refine(self.levels, self.threshold, self.refinement, self.geometry))

    @cached_property
    def voxels(self) -> int:
        return 0 if self.presence < self.presence_cut else int(np.bitwise_count(self._bits).sum())

    @property
    def found(self) -> bool:
        return self.voxels > 0

    @property
    def volume_ml(self) -> float | None:
        return None if self.voxel_ml is None else self.voxels * self.voxel_ml

    @property
    def highest(self) -> float:
        """The highest probability anywhere: how near a phrase that was not found came to the threshold."""
        return float(self.levels.max(initial=0)) / 255.0


@dataclass(frozen=True)
class Segmentation:
    """The answers in the order of the phrases."""

    answers: tuple[Answer, ...]
    plane: Axis
    slices: int  # that were looked at, in all planes
    provider: str
    seconds: float
    note: str | None = None  # what a person should know about the grey levels
    air: int = 0  # slices of these that were not asked, since they show air only


def segment(
    volume: Volume,
    session: BundleSession,
    phrases: Sequence[str],
    plane: Axis,
    threshold: float | None,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
    *,
    store: EncodingStore | None = None,
    key: EncodingsKey = (),
    label: str = "",
    skip_air: bool = False,
    levels: LevelStore | None = None,
    encodings: EncodingFiles | None = None,
    refinement: Refinement | None = None,
) -> Segmentation:
    """Asks every phrase of every slice along `plane`; "vote" asks along all three and takes the mean probability.

    A phrase that names one of the bundle's labels is asked in that label's own words. Where labels have learned words
    of their own, any other phrase takes those of `label`, or of the label whose name is nearest. `threshold` None takes
    the bundle's. Encoded slices are looked for in `store` under `key` (which must name the scan) and left there.
    `encodings` keeps them on disk beyond this process. `skip_air`: slices that show air only (engine.inference.air)
    are not asked and get probability 0. `levels` says where the answers lie; what does not fit into memory is
    memory-mapped. `refinement` is done to every answer's mask; a phrase below the bundle's presence score has an empty
    one (engine.bundle.presence; without a calibration the score must reach the threshold). Memory beyond the volume:
    a batch of slices, and one byte a voxel and phrase (three while voting), at most `level_store.MOST_IN_MEMORY`, and
    as much again for the masks. Emits Progress and SliceDone, reads `cancel` before every batch and phrase. Raises
    InputError, OutOfRange, NotABundle, OutOfMemory, DiskFull, Cancelled.
    """
    started = time.monotonic()
    manifest = session.bundle.manifest
    threshold = manifest.threshold if threshold is None else threshold
    threshold_level(threshold)  # raises before any work is done
    picked = check_label(manifest, label)
    asked = [_ask(session, manifest, phrase, picked) for phrase in phrases]
    texts = [text for text, _ in asked]

    planes = planes_of(volume, plane)
    stacks = [SliceStack(volume.voxels, volume.geometry, one) for one in planes]
    kept = LevelStore() if levels is None else levels
    ticker = Ticker(emit, job_id, sum(map(len, stacks)), "slices", "Segmenting")
    pass_ = _Pass(session, texts, emit, cancel, job_id, store, key, skip_air, ticker, kept.files or (), encodings)
    found = _one_plane(pass_, stacks[0], kept) if len(stacks) == 1 else _vote(pass_, stacks, kept)
    if encodings is not None:
        encodings.tidy()
    voxel_ml = None if volume.geometry is None else volume.geometry.voxel_ml
    answers = tuple(
        Answer(
            phrase,
            text.phrase,
            values,
            threshold,
            named,
            text.cut,
            _used(manifest, text),
            voxel_ml,
            presence,
            threshold if manifest.presence is None else manifest.presence.cut,
            manifest.presence is not None,
            refinement or NOTHING,
            volume.geometry,
        )
        for phrase, (text, named), values, presence in zip(phrases, asked, found, pass_.presence, strict=True)
    )
    return Segmentation(
        answers,
        plane if len(planes) > 1 else planes[0],
        sum(map(len, stacks)),
        session.provider,
        time.monotonic() - started,
        intensity_note(stacks[0].slices, manifest.preprocess),
        pass_.air,
    )


def known_axis(name: str) -> Axis:
    """Raises UnknownName."""
    axes: tuple[Axis, ...] = (*get_args(Plane), VOTE)
    for axis in axes:
        if axis == name:
            return axis
    raise UnknownName(f"There is no axis {name!r}.", hint=f"Known: {', '.join(axes)}.", field="axis")


def planes_of(volume: Volume, plane: Axis) -> tuple[Plane, ...]:
    """The planes that are asked: a picture, or a volume of one slice, has but one even where a vote is wanted."""
    if plane != VOTE:
        return (plane,)
    flat = volume.geometry is None or 1 in volume.voxels.shape[:3]
    return ("acquisition",) if flat else VOTING


def _ask(
    session: BundleSession, manifest: Manifest, phrase: str, picked: BundleLabel | None
) -> tuple[TextEncoding, BundleLabel | None]:
    label = manifest.label_named(phrase)
    index = None
    if manifest.depends_on_label:
        index = manifest.labels.index(label or picked or nearest_label(manifest, phrase))
    return session.encode_text(label.phrase if label else phrase, label_index=index), label


def _used(manifest: Manifest, text: TextEncoding) -> str | None:
    return None if text.label_index is None else manifest.labels[text.label_index].name


def check_label(manifest: Manifest, name: str) -> BundleLabel | None:
    """The label picked for free phrases; None for an empty name.

    Raises UnknownName for a name that the bundle does not have, InputError where its labels share their learned words.
    """
    if not name:
        return None
    if not manifest.depends_on_label:
        raise InputError(
            f"{manifest.name} asks every phrase with the same learned words; there is no label to pick.",
            hint="Leave the label out.",
            field="label",
        )
    label = manifest.label_named(name)
    if label is None:
        known = ", ".join(known.name for known in manifest.labels)
        raise UnknownName(f"{manifest.name} has no label {name!r}.", hint=f"Its labels: {known}.", field="label")
    return label


def nearest_label(manifest: Manifest, phrase: str) -> BundleLabel:
    """The label whose name or phrase resembles a free phrase most (the first of equals): its learned words serve."""
    asked = phrase.casefold()

    def likeness(label: BundleLabel) -> float:
        said = (label.name.casefold(), label.phrase.casefold())
        return max(difflib.SequenceMatcher(None, words, asked, autojunk=False).ratio() for words in said)

    return max(manifest.labels, key=likeness)


@dataclass
class _Pass:
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
        for start in range(0, total, batch):
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

    def _on_disk(self, label_index: int | None) -> str:
        """What the encodings of this stack are called on disk: they depend on nothing else."""
        names = (self.content, self.session.bundle.sha256, self.session.provider, label_index)
        return hashlib.sha256(repr(names).encode()).hexdigest()[:32]

    def _encoding_on_disk(self, start: int, stop: int, label_index: int | None) -> ImageEncoding | None:
        arrays = None if self.kept is None else self.kept.get(self._on_disk(label_index), start)
        if not arrays or any(len(array) != stop - start for array in arrays.values()):
            return None
        return ImageEncoding(arrays, stop - start)


def _one_plane(asking: _Pass, stack: SliceStack, kept: LevelStore) -> list[NDArray[np.uint8]]:
    """One uint8 array [z, y, x] a phrase."""
    answers = [kept.levels(number, stack.shape_zyx) for number in range(len(asking.texts))]
    views = [stack.like(answer) for answer in answers]

    def take(number: int, index: int, levels: NDArray[np.uint8]) -> None:
        views[number][index] = levels

    asking.over(stack, take)
    return answers


def _vote(asking: _Pass, stacks: Sequence[SliceStack], kept: LevelStore) -> list[NDArray[np.uint8]]:
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
