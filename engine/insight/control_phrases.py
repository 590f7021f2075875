"""Control phrases: what is asked in place of a label's own phrase to see whether the words decide anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

Kind = Literal["nonsense", "unrelated", "opposite", "another label"]
KINDS: Final[tuple[Kind, ...]] = ("nonsense", "unrelated", "opposite", "another label")
MOST_OF_A_KIND: Final = 3

_UNRELATED: Final = ("a chair", "the blue sky", "a page of printed text", "a bicycle", "an empty road")
_OPPOSITES: Final = (
    "left right",
    "upper lower",
    "top bottom",
    "superior inferior",
    "anterior posterior",
    "medial lateral",
    "dorsal ventral",
    "large small",
    "big small",
    "bright dark",
    "white black",
    "inner outer",
    "benign malignant",
    "foreground background",
)
_OTHER: Final = {
    word: opposite for pair in _OPPOSITES for a, b in [pair.split()] for word, opposite in ((a, b), (b, a))
}
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Control:
    kind: Kind
    phrase: str


def controls_for(phrase: str, others: Sequence[str], seed: int = 0) -> list[Control]:
    """At most three of each kind for one label's phrase; `others` are the phrases of the other labels.

    Unrelated things that some label names are left out; an opposite is made only where the phrase has a word with one.
    The same phrase and seed give the same controls.
    """
    rng = np.random.default_rng([seed, *phrase.encode("utf-8")])
    said = {word for text in (phrase, *others) for word in _words(text)}
    count = max(1, len(phrase.split()))
    found = [
        Control("nonsense", " ".join(nonsense(rng, int(rng.integers(5, 10))) for _ in range(count)))
        for _ in range(MOST_OF_A_KIND)
    ]
    strange = [text for text in _UNRELATED if not said & (set(_words(text)) - {"a", "an", "the", "of"})]
    found += [Control("unrelated", text) for text in strange[:MOST_OF_A_KIND]]
    other = " ".join(_OTHER.get(word.lower(), word) for word in phrase.split())
    if other != phrase:
        found.append(Control("opposite", other))
    distinct = [text for text in dict.fromkeys(others) if text != phrase]
    return found + [Control("another label", text) for text in distinct[:MOST_OF_A_KIND]]


def nonsense(rng: np.random.Generator, length: int) -> str:
    """Letters that are no word."""
    return "".join(_LETTERS[at] for at in rng.integers(len(_LETTERS), size=length))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
