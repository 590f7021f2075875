"""Do the exported graphs answer as the network that was tuned? Measured on images, before anyone relies on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from engine.bundle.levels import mask_of, to_levels
from engine.bundle.manifest import Parity
from engine.bundle.reader import Bundle
from engine.bundle.tokens import BundleTokens
from engine.bundle.verdict import DICE_ASKED
from engine.contract.control import CancelToken, Ticker
from engine.contract.errors import NoDevice, ParityFailed
from engine.export.base import ImageSet
from engine.export.stages import Stages
from engine.inference.runtime import Device
from engine.inference.session import BundleSession, sigmoid
from engine.strategies.tuned_model import TunedModel

DIFFERENCE_OF_BLANK = 0.01
"""Two empty masks agree whatever the graphs say: then the probabilities must."""

DICE_OF_BROKEN = 0.9
DIFFERENCE_OF_BROKEN = 0.1

MOST_IMAGES = 64
_AT_ONCE = 4

Question = tuple[str, int | None]
"""A phrase, and the place of the label that it stands for, where it stands for one."""


@dataclass(frozen=True)
class Expected:
    """What the tuned model says of some images: logits float32 [n, questions, S, S], on the disk (they may be many)."""

    images: ImageSet
    logits: NDArray[np.float32]


def ask_tuned(
    tuned: TunedModel,
    tokens: BundleTokens,
    images: ImageSet,
    questions: Sequence[Question],
    folder: Path,
    stages: Stages,
) -> Expected:
    """The answers of the torch network, kept in `folder`; at most 64 images are used."""
    inputs = images.inputs[:MOST_IMAGES]
    shape = (len(inputs), len(questions), *inputs.shape[-2:])
    kept = np.lib.format.open_memmap(folder / f"{images.source}.npy", "w+", np.float32, shape)
    ticker = Ticker(stages.emit, stages.job_id, len(inputs), "images", stages.name)
    for start in range(0, len(inputs), _AT_ONCE):
        stages.cancel.check()
        some = inputs[start : start + _AT_ONCE]
        kept[start : start + len(some)] = tuned_logits(tuned, tokens, some, questions)
        ticker.step(len(some))
    return Expected(ImageSet(inputs, images.source), kept)


def tuned_logits(
    tuned: TunedModel, tokens: BundleTokens, images: NDArray[np.float32], questions: Sequence[Question]
) -> NDArray[np.float32]:
    """Logits float32 [B, questions, S, S] of the torch network, which encodes each image once."""
    ids, mask = _together([tokens.encode(phrase) for phrase, _ in questions])
    places = [label for _, label in questions if label is not None]
    with torch.inference_mode():
        logits = tuned(torch.from_numpy(images), ids, mask, torch.tensor(places) if places else None)
    found: NDArray[np.float32] = logits.float().cpu().numpy()
    return found


def _together(phrases: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and masks [questions, T] of phrases that each have a length of their own; what fills up is masked."""
    longest = max(ids.shape[1] for ids, _ in phrases)
    rows = [[np.pad(array, ((0, 0), (0, longest - array.shape[1]))) for array in both] for both in phrases]
    ids, mask = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*rows, strict=True))
    return ids, mask


def measure_parity(
    bundle: Bundle, expected: Sequence[Expected], questions: Sequence[Question], stages: Stages
) -> list[Parity]:
    """A report for every provider that runs here and every set of images.

    Where the bundle has labels, the questions are theirs, in their order, and fixed.onnx is asked too. Raises
    ParityFailed where the graphs are plainly broken: numbers that are none, or, in float32, a Dice below 0.9 with
    probabilities that differ by more than 0.1. Anything else is reported.
    """
    reports = []
    for session in _sessions(bundle):
        for answers in expected:
            counts = _compare(session, answers, questions, stages)
            reports.append(_report(bundle, session.provider, answers, counts))
    return reports


def _sessions(bundle: Bundle) -> list[BundleSession]:
    """One for each provider that really runs the bundle on this machine.

    Not TensorRT: it builds an engine for minutes before it answers, for each size of a batch.
    """
    sessions: dict[str, BundleSession] = {}
    for device in get_args(Device):
        if device in ("auto", "tensorrt"):
            continue
        session = BundleSession(bundle, device)
        try:
            sessions.setdefault(session.provider, session)
        except NoDevice:
            continue
    return list(sessions.values())


@dataclass
class _Counts:
    both: int = 0
    here: int = 0
    there: int = 0
    non_empty: int = 0
    probability: float = 0.0
    logit: float = 0.0
    threshold: float = field(default=0.5)

    def add(self, expected: NDArray[np.float32], found: NDArray[np.float32]) -> None:
        """Probabilities [B, questions, S, S] of the tuned model and of the bundle; the same rounding for both."""
        self.probability = _larger(self.probability, expected, found)
        ours, theirs = (mask_of(to_levels(maps), self.threshold) for maps in (expected, found))
        self.both += int(np.count_nonzero(ours & theirs))
        self.here += int(np.count_nonzero(ours))
        self.there += int(np.count_nonzero(theirs))

    @property
    def dice(self) -> float:
        """Of all masks together, so that a phrase which finds nothing counts by its false pixels; both empty: 1."""
        return 2 * self.both / (self.here + self.there) if self.here + self.there else 1.0


def _compare(session: BundleSession, answers: Expected, questions: Sequence[Question], stages: Stages) -> _Counts:
    counts = _Counts(threshold=session.bundle.manifest.threshold)
    inputs = answers.images.inputs
    ticker = Ticker(stages.emit, stages.job_id, len(inputs), "images", stages.name)
    for start in range(0, len(inputs), _AT_ONCE):
        stages.cancel.check()
        some = inputs[start : start + _AT_ONCE]
        logits = np.asarray(answers.logits[start : start + len(some)])
        found = session_logits(session, some, questions, stages.cancel)
        counts.logit = _larger(counts.logit, logits, found)
        expected = sigmoid(logits)
        counts.add(expected, sigmoid(found))
        counts.non_empty += int(mask_of(to_levels(expected), counts.threshold).any(axis=(2, 3)).sum())
        if session.bundle.has_fixed_graph:
            stages.cancel.check()
            counts.add(expected, session.fixed_probabilities(some))
        ticker.step(len(some))
    return counts


def session_logits(
    session: BundleSession, images: NDArray[np.float32], questions: Sequence[Question], cancel: CancelToken
) -> NDArray[np.float32]:
    """Logits float32 [B, questions, S, S] of the graphs; an image is encoded once, or once for each label asked."""
    encoded: dict[int | None, object] = {}
    columns = []
    for phrase, place in questions:
        text = session.encode_text(phrase, label_index=place)
        label = session.image_label(text)
        if label not in encoded:
            cancel.check()
            encoded = {label: session.encode_image(images, label_index=label)}
        columns.append(session.logits(encoded[label], text))  # type: ignore[arg-type]
    return np.stack(columns, axis=1)


def _report(bundle: Bundle, provider: str, answers: Expected, counts: _Counts) -> Parity:
    precision = bundle.manifest.precision
    images, questions = answers.logits.shape[:2]
    broken = precision == "fp32" and counts.dice < DICE_OF_BROKEN and counts.probability > DIFFERENCE_OF_BROKEN
    if broken or not math.isfinite(counts.logit) or not math.isfinite(counts.probability):
        raise ParityFailed(
            f"The exported graphs ({precision}, {provider}) do not answer as the tuned model does (Dice of their masks "
            f"{counts.dice:.3f}, largest difference of a probability {counts.probability:.3f}).",
            hint="Nothing was written. Try another precision, or another version of torch or onnxruntime; "
            "`tunevlseg doctor` lists them.",
        )
    blank = counts.here + counts.there == 0
    agree = counts.dice >= DICE_ASKED[precision]
    return Parity(
        verified=agree and (not blank or counts.probability <= DIFFERENCE_OF_BLANK),
        dice=_down(counts.dice),
        max_probability_difference=float(f"{counts.probability:.3g}"),
        max_logit_difference=float(f"{counts.logit:.3g}"),
        images=images,
        answers=images * questions,
        non_empty=counts.non_empty,
        source=answers.images.source,
        provider=provider,
        precision=precision,
    )


def _larger(known: float, expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """The larger of `known` and the largest difference; a value that is no number stays one."""
    here = float(np.abs(expected - found).max(initial=0.0))
    return here if math.isnan(here) or here > known else known


def _down(dice: float) -> float:
    """Six digits, never rounded up over what is asked."""
    return math.floor(dice * 1e6) / 1e6
