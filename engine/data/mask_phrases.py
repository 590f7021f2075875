"""What a mask itself gives to a phrase: how many regions, how large, where. In the order of the published prompts.

    count     one polyp                          three polyps
    size      one small polyp                    three medium polyps
    location  one small polyp, located in top left of the image

An empty mask gives "no polyp". Small is less than 2 % of the image, large more than 20 %; places are thirds of the
image's height and width, of the region's centre. These are our limits: the study's are not published.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALL, _LARGE = 0.02, 0.2
_LEAST_REGION = 0.0002  # of the image: what is smaller is a speck, not one more of its kind
_MOST_PLACES = 3
_NUMBERS = "no one two three four five six seven eight nine ten".split()
_AFTER = re.compile(r"\b(?:of|in|on|at|with|from|near|inside|within|which|that)\b")
_SAME_PLURAL = ("s", "x", "z", "i", "ae")  # lungs, nuclei, vertebrae
KINDS = ("count", "size", "location")


@dataclass(frozen=True, slots=True)
class Region:
    """One connected region: its share of the image, and its centre (row, column) from 0 to 1."""

    share: float
    centre: tuple[float, float]


def regions(mask: NDArray[Any]) -> list[Region]:
    """Regions of a mask [h, w] that hang together by edges or corners, largest first; specks are left out.

    Runs of marked pixels are joined from row to row, so that the work grows with the outline.
    """
    height, width = mask.shape
    parent: list[int] = []
    sums: list[list[float]] = []

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    before: list[tuple[int, int, int]] = []
    marked = np.zeros((height, width + 2), np.int8)
    marked[:, 1:-1] = mask > 0
    steps = np.diff(marked, axis=1)
    for row in range(height):
        starts, ends = np.flatnonzero(steps[row] == 1), np.flatnonzero(steps[row] == -1)
        now: list[tuple[int, int, int]] = []
        first = 0
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            number = len(parent)
            parent.append(number)
            length = end - start
            sums.append([length, row * length, length * (start + end - 1) / 2])
            while first < len(before) and before[first][1] < start:
                first += 1
            other = first
            while other < len(before) and before[other][0] <= end:
                one, two = root(number), root(before[other][2])
                if one != two:
                    parent[one] = two
                    sums[two] = [a + b for a, b in zip(sums[one], sums[two], strict=True)]
                other += 1
            now.append((start, end, number))
        before = now
    area = height * width
    found = [
        Region(size / area, ((rows / size + 0.5) / height, (columns / size + 0.5) / width))
        for at, (size, rows, columns) in enumerate(sums)
        if parent[at] == at
    ]
    found.sort(key=lambda region: -region.share)
    return [region for region in found if region.share >= _LEAST_REGION] or found[:1]


def phrase_for(kind: str, phrase: str, mask: NDArray[Any]) -> str:
    """A label's `phrase` with what one of KINDS says of the mask [h, w]; raises ValueError for another kind."""
    return phrase_with(kind, phrase, regions(mask))


def phrase_with(kind: str, phrase: str, found: Sequence[Region]) -> str:
    """`phrase_for`, where the mask's regions are known already."""
    if kind not in KINDS:
        raise ValueError(f"a mask gives {', '.join(KINDS)}, not {kind!r}")
    plain = phrase.rstrip(". ")
    if not found:
        return f"no {_lowered(plain)}"
    number = len(found)
    counted = _NUMBERS[number] if number < len(_NUMBERS) else "many"
    named = _lowered(plain) if number == 1 else plural(_lowered(plain))
    if kind == "count":
        return f"{counted} {named}"
    sized = f"{counted} {_size(found[0].share)} {named}"
    if kind == "size":
        return sized
    places = list(dict.fromkeys(_place(region) for region in found))[:_MOST_PLACES]
    return f"{sized}, located in {', '.join(places)} of the image"


def _lowered(phrase: str) -> str:
    """`Polyp in …` → "polyp in …"; abbreviations (`MRI`, `CT`) keep their capitals."""
    return phrase[0].lower() + phrase[1:] if phrase[1:2].islower() else phrase


def plural(phrase: str) -> str:
    """`polyp in a colon` → "polyps in a colon": the noun is what stands before the first preposition."""
    split = _AFTER.search(phrase)
    head, rest = (phrase, "") if split is None else (phrase[: split.start()].rstrip(), " " + phrase[split.start() :])
    if not head or head.endswith(_SAME_PLURAL) or not head[-1].isalpha():
        return phrase
    if head.endswith("y") and head[-2:-1] not in "aeiou":
        return f"{head[:-1]}ies{rest}"
    return f"{head}{'es' if head.endswith(('ch', 'sh')) else 's'}{rest}"


def _size(share: float) -> str:
    return "small" if share < _SMALL else "large" if share > _LARGE else "medium"


def _place(region: Region) -> str:
    row, column = (min(2, int(3 * value)) for value in region.centre)
    words = [("top", "", "bottom")[row], ("left", "", "right")[column]]
    return " ".join(word for word in words if word) or "center"
