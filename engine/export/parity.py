"""Do the exported graphs answer as the network that was tuned? Measured on images, before anyone relies on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from engine.bundle.levels import mask_of, to_levels
from engine.bundle.manifest import Parity, Precision
from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import ParityFailed
from engine.inference.session import BundleSession, sigmoid
from engine.strategies.tuned_model import TunedModel

DICE_OF_VERIFIED = 0.999
DIFFERENCE_OF_VERIFIED = 0.01
DICE_OF_BROKEN = 0.9
DIFFERENCE_OF_BROKEN = 0.1

MOST_IMAGES = 64

Question = tuple[str, int | None]
"""A phrase, and the place of the label that it stands for, where it stands for one."""


def measure_parity(
    tuned: TunedModel,
    session: BundleSession,
    images: NDArray[np.float32],
    questions: Sequence[Question],
    *,
    source: Literal["validation", "drawn"],
    precision: Precision,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
) -> Parity:
    """Masks of both programs on `images` float32 [n, 3, S, S] (at most 64 are used) and every question.

    Where the bundle has labels, the questions are theirs, in their order, and fixed.onnx is asked too.

    Dice is of all masks together, so that a phrase which finds nothing counts by its false pixels; 1 where both find
    nothing at all. Raises ParityFailed where the graphs are plainly broken (Dice below 0.9 and probabilities that
    differ by more than 0.1); between that and 0.999 the bundle is kept, marked as not verified.
    """
    threshold = session.bundle.manifest.threshold
    texts = [session.encode_text(phrase, label_index=label) for phrase, label in questions]
    programs: list[Callable[[NDArray[np.float32]], NDArray[np.float32]]] = [lambda inputs: session.ask(inputs, texts)]
    if session.bundle.has_fixed_graph:
        programs.append(session.fixed_probabilities)
    images = images[:MOST_IMAGES]
    ticker = Ticker(emit, job_id, len(images), "images", "Comparing the bundle with the tuned model")
    both = here = there = 0
    largest = 0.0
    for image in images:
        cancel.check()
        expected = sigmoid(tuned_logits(tuned, session, image[None], questions))
        ours = mask_of(to_levels(expected), threshold)
        for program in programs:
            found = program(image[None])
            largest = max(largest, float(np.abs(expected - found).max(initial=0.0)))
            theirs = mask_of(to_levels(found), threshold)
            both += int(np.count_nonzero(ours & theirs))
            here += int(np.count_nonzero(ours))
            there += int(np.count_nonzero(theirs))
        ticker.step()
    dice = 2 * both / (here + there) if here + there else 1.0
    if not np.isfinite(largest) or (dice < DICE_OF_BROKEN and largest > DIFFERENCE_OF_BROKEN):
        raise ParityFailed(
            f"The exported graphs do not answer as the tuned model does (Dice of their masks {dice:.3f}, "
            f"largest difference of a probability {largest:.3f}).",
            hint="Nothing was written. Try another version of torch or onnxruntime; `tunevlseg doctor` lists them.",
        )
    return Parity(
        # Two empty masks agree whatever the graphs say: then the probabilities must.
        verified=dice >= DICE_OF_VERIFIED and (here + there > 0 or largest <= DIFFERENCE_OF_VERIFIED),
        dice=round(dice, 6),
        max_probability_difference=float(f"{largest:.3g}"),
        images=len(images),
        source=source,
        provider=session.provider,
        precision=precision,
    )


def tuned_logits(
    tuned: TunedModel, session: BundleSession, images: NDArray[np.float32], questions: Sequence[Question]
) -> NDArray[np.float32]:
    """Logits float32 [B, questions, S, S] of the torch network; each phrase at its own length, as a session asks it."""
    columns = []
    with torch.inference_mode():
        for phrase, label in questions:
            ids, mask = (torch.from_numpy(array) for array in session.tokens(phrase))
            logits = tuned(torch.from_numpy(images), ids, mask, None if label is None else torch.tensor([label]))
            columns.append(logits.float().cpu().numpy())
    return np.concatenate(columns, axis=1)
