"""Volume + phrases → one mask a phrase on the scan's own grid."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.bundle.levels import mask_of, threshold_level, to_levels
from engine.bundle.manifest import BundleLabel, Manifest
from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import InputError, UnknownName
from engine.contract.events import SliceDone
from engine.inference.cache import EncodingsKey, EncodingStore
from engine.inference.session import BundleSession, ImageEncoding, TextEncoding
from engine.volumes.preprocess import Range, intensity_note, intensity_range, probability_to_slice, to_input
from engine.volumes.slicing import Plane, SliceStack
from engine.volumes.volume import Volume


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

    @property
    def mask(self) -> NDArray[np.bool_]:
        """[z, y, x]."""
        return mask_of(self.levels, self.threshold)

    @property
    def voxels(self) -> int:
        return int(np.count_nonzero(self.levels >= threshold_level(self.threshold)))

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
    plane: Plane
    slices: int
    provider: str
    seconds: float
    note: str | None = None  # what a person should know about the grey levels


def segment(
    volume: Volume,
    session: BundleSession,
    phrases: Sequence[str],
    plane: Plane,
    threshold: float | None,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
    *,
    store: EncodingStore | None = None,
    key: EncodingsKey = (),
    label: str = "",
) -> Segmentation:
    """Asks every phrase of every slice along `plane`.

    A phrase that names one of the bundle's labels is asked in that label's own words. Where labels have learned words
    of their own, any other phrase takes those of `label`, or of the label whose name is nearest. `threshold` None takes
    the bundle's. Encoded slices are looked for in `store` under `key` (which must name the scan) and left there.
    Memory beyond the volume: one byte a voxel and phrase, and a batch of slices. Emits Progress and SliceDone, reads
    `cancel` before every batch and phrase. Raises InputError, OutOfRange, NotABundle, OutOfMemory, Cancelled.
    """
    started = time.monotonic()
    manifest = session.bundle.manifest
    threshold = manifest.threshold if threshold is None else threshold
    threshold_level(threshold)  # raises before any work is done
    picked = check_label(manifest, label)
    asked = [_ask(session, manifest, phrase, picked) for phrase in phrases]
    texts = [text for text, _ in asked]

    stack = SliceStack(volume.voxels, volume.geometry, plane)
    levels = _levels(stack, session, texts, emit, cancel, job_id, store, (*key, plane))
    voxel_ml = None
    if volume.geometry is not None:
        voxel_ml = float(np.prod(volume.geometry.spacing_xyz)) / 1000.0
    answers = tuple(
        Answer(phrase, text.phrase, stack.restore(found), threshold, named, text.cut, _used(manifest, text), voxel_ml)
        for phrase, (text, named), found in zip(phrases, asked, levels, strict=True)
    )
    note = intensity_note(stack.slices, manifest.preprocess)
    return Segmentation(answers, plane, len(stack), session.provider, time.monotonic() - started, note)


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


def _levels(
    stack: SliceStack,
    session: BundleSession,
    texts: Sequence[TextEncoding],
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
    store: EncodingStore | None,
    key: EncodingsKey,
) -> list[NDArray[np.uint8]]:
    """One uint8 array [slices, h, w] a phrase, in the orientation of the slices."""
    total = len(stack)
    levels = [np.zeros((total, *stack.slice_shape), dtype=np.uint8) for _ in texts]
    ticker = Ticker(emit, job_id, total, "slices", "Segmenting")
    # Ranges are of the whole volume, so that a slice looks the same whichever others are asked.
    limits = intensity_range(stack.slices, session.bundle.manifest.preprocess)
    batch = session.slices_per_batch
    for start in range(0, total, batch):
        stop = min(start + batch, total)
        encoded: dict[int | None, ImageEncoding] = {}
        for text, out in zip(texts, levels, strict=True):
            cancel.check()
            label = session.image_label(text)
            if label not in encoded:
                encoded[label] = _encode(stack, session, start, stop, limits, label, store, (*key, label))
                cancel.check()
            found = session.probabilities(encoded[label], [text])[:, 0]
            for index, probability in zip(range(start, stop), found, strict=True):
                out[index] = to_levels(probability_to_slice(probability, stack.slice_shape))
        ticker.step(stop - start)
        emit(SliceDone(job_id, stop - 1, total))
    return levels


def _encode(
    stack: SliceStack,
    session: BundleSession,
    start: int,
    stop: int,
    limits: Range,
    label_index: int | None,
    store: EncodingStore | None,
    key: EncodingsKey,
) -> ImageEncoding:
    known = store.get(key, start) if store is not None else None
    if known is not None and known.count == stop - start:
        return known
    settings = session.bundle.manifest.preprocess
    inputs = np.stack([to_input(stack[index], settings, limits) for index in range(start, stop)])
    encoding = session.encode_image(inputs, label_index=label_index)
    if store is not None:
        store.put(key, start, encoding)
    return encoding
