"""How far a phrase lies from those that a model was taught: its nearest of them, told against that of new wordings.

Only what the text encoder makes of the words is compared. That two phrases lie close says that the model treats them
alike, not that they mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.insight.energy import Array, Projection, apart


@dataclass(frozen=True)
class KnownPhrases:
    """Phrases that a model was taught: `texts` (m) at `sample` (m, k); `held` (h,): distances of new wordings, sorted.

    A new wording says of the same world what none of the texts says, and stands for what is still known.
    """

    projection: Projection
    sample: Array
    texts: tuple[str, ...]
    held: Array

    @classmethod
    def of(cls, texts: tuple[str, ...], features: Array, new: Array) -> KnownPhrases:
        """From the features (m, d) of `texts` and those (h, d) of new wordings."""
        projection = Projection.of(features)
        sample = projection(features)
        return cls(projection, sample, texts, np.sort(apart(projection(new), sample).min(axis=1)))

    def place(self, phrases: list[str], features: Array) -> list[PhrasePlace]:
        """Where phrases with these features (n, d) lie."""
        between = apart(self.projection(features), self.sample)
        nearest: NDArray[np.int64] = between.argmin(axis=1)
        found = []
        for phrase, row, at in zip(phrases, between, nearest, strict=True):
            beyond = float(np.searchsorted(self.held, row[at]) / len(self.held))
            found.append(PhrasePlace(phrase, float(row[at] / self.held.mean()), beyond, self.texts[at]))
        return found


@dataclass(frozen=True)
class PhrasePlace:
    """`value`: distance to the nearest known phrase, of that of a new wording in the mean; `beyond`: the share of new
    wordings that lie nearer; `nearest`: that known phrase."""

    phrase: str
    value: float
    beyond: float
    nearest: str
