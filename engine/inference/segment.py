"""Volume + phrases → one mask a phrase on the scan's own grid."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence

from engine.bundle.levels import threshold_level
from engine.bundle.manifest import BundleLabel, Manifest
from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import InputError, OutOfRange, UnknownName
from engine.inference.answer import Answer, Segmentation
from engine.inference.asking import Asking, one_plane, vote
from engine.inference.axis import Axis, planes_of
from engine.inference.cache import EncodingsKey, EncodingStore
from engine.inference.encoding_files import EncodingFiles
from engine.inference.level_store import LevelStore
from engine.inference.refine import NOTHING, Refinement
from engine.inference.session import BundleSession, TextEncoding
from engine.volumes.preprocess import intensity_note
from engine.volumes.slicing import SliceStack
from engine.volumes.volume import Volume


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
    only: tuple[int, int] | None = None,
    presence: float | None = None,
) -> Segmentation:
    """Asks every phrase of every slice along `plane`; "vote" asks along all three and takes the mean probability.

    A phrase that names one of the bundle's labels is asked in that label's own words. Where labels have learned words
    of their own, any other phrase takes those of `label`, or of the label whose name is nearest. `threshold` None takes
    the bundle's. Encoded slices are looked for in `store` under `key` (which must name the scan) and left there.
    `encodings` keeps them on disk beyond this process. `skip_air`: slices that show air only (engine.inference.air)
    are not asked and get probability 0. `levels` says where the answers lie; what does not fit into memory is
    memory-mapped. `refinement` is done to every answer's mask; a phrase below the bundle's presence score has an empty
    one (engine.bundle.presence; without a calibration the score must reach the threshold); `presence` stands for that
    score, 0 keeps every mask. `only`: first and last slice along the plane; the rest is not asked and has probability
    0, and presence is that of these slices. Memory beyond the volume: a batch of slices, and one byte a voxel and
    phrase (three while voting), at most `level_store.MOST_IN_MEMORY`, and as much again for the masks. Emits Progress
    and SliceDone, reads `cancel` before every batch and phrase. Raises InputError, OutOfRange, NotABundle, OutOfMemory,
    DiskFull, Cancelled.
    """
    started = time.monotonic()
    manifest = session.bundle.manifest
    threshold = manifest.threshold if threshold is None else threshold
    threshold_level(threshold)  # raises before any work is done
    check_presence(presence)
    calibrated = presence is None and manifest.presence is not None
    cut = presence_cut(manifest, threshold, presence)
    picked = check_label(manifest, label)
    asked = [_ask(session, manifest, phrase, picked) for phrase in phrases]
    texts = [text for text, _ in asked]

    planes = planes_of(volume, plane)
    stacks = [SliceStack(volume.voxels, volume.geometry, one) for one in planes]
    kept = LevelStore() if levels is None else levels
    span = None if only is None else _span(only, stacks)
    ticker = Ticker(emit, job_id, sum(map(len, stacks)) if span is None else len(span), "slices", "Segmenting")
    asking = Asking(session, texts, emit, cancel, job_id, store, key, skip_air, ticker, kept.files or (), encodings)
    asking.only = span
    found = one_plane(asking, stacks[0], kept) if len(stacks) == 1 else vote(asking, stacks, kept)
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
            score,
            cut,
            calibrated,
            refinement or NOTHING,
            volume.geometry,
        )
        for phrase, (text, named), values, score in zip(phrases, asked, found, asking.presence, strict=True)
    )
    return Segmentation(
        answers,
        plane if len(planes) > 1 else planes[0],
        sum(map(len, stacks)),
        session.provider,
        time.monotonic() - started,
        intensity_note(stacks[0].slices, manifest.preprocess),
        asking.air,
    )


def _span(only: tuple[int, int], stacks: Sequence[SliceStack]) -> range:
    first, last = only
    if len(stacks) > 1:
        raise InputError("A few slices cannot be asked along three planes at once.", hint="Choose one.", field="axis")
    if not 0 <= first <= last < len(stacks[0]):
        raise OutOfRange(
            f"There are no slices {first} to {last}: the scan has {len(stacks[0])} along this plane.",
            hint=f"Count them from 0 to {len(stacks[0]) - 1}.",
            field="slices",
        )
    return range(first, last + 1)


def check_presence(presence: float | None) -> None:
    """Raises OutOfRange."""
    if presence is not None and not 0.0 <= presence < 1.0:
        raise OutOfRange(
            f"presence: {presence} is outside its limits.",
            hint="Choose a score from 0 (every phrase counts as found) to below 1, or leave it out.",
            field="presence",
        )


def presence_cut(manifest: Manifest, threshold: float, presence: float | None) -> float:
    """The score below which a mask is emptied: as asked, else the bundle's, else the threshold."""
    if presence is not None:
        return presence
    return threshold if manifest.presence is None else manifest.presence.cut


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
