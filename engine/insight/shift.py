"""What the distance of a dataset from a model's reference means, in words and advice.

The levels rest on `tests/benchmarks/domain_shift.py`: see "How far is far" in ARCHITECTURE.md.
"""

from __future__ import annotations

from typing import Any, Literal

from engine.insight.energy import Distance
from engine.insight.phrase_distance import PhrasePlace

Level = Literal["low", "medium", "high"]
MEDIUM, HIGH = 1.3, 2.0
"""From where on pictures are another kind, and far from all that is known."""
PHRASE_MEDIUM, PHRASE_HIGH = 1.0, 2.0
"""The same for phrases, as multiples of what a new wording of known things lies away."""
FEW = 10
"""Patients below which the number is called uncertain."""


def level(found: Distance) -> Level:
    return "low" if found.value < MEDIUM else "medium" if found.value < HIGH else "high"


def phrase_level(place: PhrasePlace) -> Level:
    return "low" if place.value < PHRASE_MEDIUM else "medium" if place.value < PHRASE_HIGH else "high"


def words(found: Distance, patients: int) -> str:
    """One sentence on the number, and one on how sure it is where that is little."""
    said = {
        "low": "These pictures are like those that this model knows.",
        "medium": "These pictures differ from those that this model knows.",
        "high": "These pictures are far from what this model knows.",
    }[level(found)]
    if found.low is None or found.high is None:
        return f"{said} All are of one patient: how sure that is cannot be told."
    unsure = level(Distance(found.low)) != level(Distance(found.high))
    if patients < FEW or unsure:
        return f"{said} With {_count(patients)} this is uncertain ({found.low:.1f} to {found.high:.1f})."
    return said


def advice(found: Distance, phrases: list[PhrasePlace], *, image_prompts: bool) -> tuple[str, str]:
    """(what to tune: image | words | "", the same in a sentence). `image_prompts`: the network takes any."""
    if level(found) == "high":
        if not image_prompts:
            return "image", (
                "Other words alone seldom reach this far, and this network takes no image prompts: choose a CLIPSeg "
                "model and VPT, or tune the decoder."
            )
        return "image", "Tune the image side (VPT): other words alone seldom reach this far."
    far = [place.phrase for place in phrases if phrase_level(place) == "high"]
    if level(found) == "medium":
        return "", (
            "Either side may help: try VPT, and CoOp beside it."
            if image_prompts
            else "Tuning the words (CoOp) may help; compare it with tuning the decoder."
        )
    if far:
        told = ", ".join(f"“{phrase}”" for phrase in far[:3])
        return "words", f"The pictures are known, but not the words {told}: tuning the words (CoOp) may be enough."
    return "words", "Tuning the words (CoOp) may be enough; try the phrases first."


def _count(patients: int) -> str:
    return f"{patients} patient{'' if patients == 1 else 's'}"


def phrase_rows(places: list[PhrasePlace]) -> list[dict[str, Any]]:
    return [
        {
            "phrase": place.phrase,
            "value": place.value,
            "beyond": place.beyond,
            "nearest": place.nearest,
            "level": phrase_level(place),
        }
        for place in places
    ]
