"""Which word of a phrase does what: each is left out, and replaced by letters that are no word.

All variants are asked of the same encoded images at once, so that ten words on a slice take a fraction of a second
beyond its encoding. A word whose loss changes nothing may still matter in company: effects of single words do not add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.insight.control_phrases import nonsense
from engine.insight.phrase_effect import Ask, dice

MOST_WORDS: Final = 24


@dataclass(frozen=True, slots=True)
class WordEffect:
    """What becomes of the masks without a word, and with nonsense in its place; means over the images.

    `mask_…`: 1 minus the Dice of the two masks (0: the same, 1: nothing in common). `dice_…`: the new Dice with the
    truth minus the old one, below 0 where the word helps; None without a truth.
    """

    word: str
    mask_dropped: float
    mask_replaced: float
    dice_dropped: float | None
    dice_replaced: float | None

    def to_values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def word_influence(
    ask: Ask, phrase: str, label: int, truths: NDArray[np.uint8] | None = None, *, threshold: float = 0.5
) -> list[WordEffect]:
    """An effect for each of the first 24 words, in order; `truths` 0/1 (n, S, S), of images that show the label."""
    words = phrase.split()[:MOST_WORDS]
    rng = np.random.default_rng(len(phrase))
    dropped = [" ".join([*words[:at], *words[at + 1 :]]) for at in range(len(words))]
    strange = [nonsense(rng, max(3, len(word))) for word in words]
    replaced = [" ".join([*words[:at], new, *words[at + 1 :]]) for at, new in enumerate(strange)]
    phrases = [" ".join(words), *dropped, *replaced]
    marked = ask(phrases, [label] * len(phrases)) >= threshold
    moved = _apart(marked)
    gained: list[float] | None = None
    if truths is not None:
        scores = [
            np.mean([dice(one, truth > 0) for one, truth in zip(found, truths, strict=True)]) for found in _each(marked)
        ]
        gained = [float(score - scores[0]) for score in scores[1:]]
    count = len(words)
    return [
        WordEffect(
            word,
            moved[at],
            moved[count + at],
            None if gained is None else gained[at],
            None if gained is None else gained[count + at],
        )
        for at, word in enumerate(words)
    ]


def _each(marked: NDArray[np.bool_]) -> Sequence[NDArray[np.bool_]]:
    """(n, P, S, S) → P arrays (n, S, S)."""
    return [marked[:, at] for at in range(marked.shape[1])]


def _apart(marked: NDArray[np.bool_]) -> list[float]:
    """How far each variant's masks are from those of the whole phrase."""
    whole, *others = _each(marked)
    return [float(np.mean([1 - dice(a, b) for a, b in zip(whole, other, strict=True)])) for other in others]
