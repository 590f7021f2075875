"""Phrases that would teach a model little, or something untrue."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from engine.contract.errors import OutOfRange
from engine.data.config import DataConfig, LabelConfig
from engine.data.labels import texts_of
from engine.data.problem import Problem
from engine.data.sides import check_sides

_NUMBERED = re.compile(r"^(?:.* )?(?:label|class|category|object) ?\d*$", re.IGNORECASE)
_DENIED = re.compile(r"^(?:no|not|without)\b", re.IGNORECASE)
_FIX = "Write what it shows into the label table (data.labels), in words that a person would use."


KINDS = ("phrase_missing", "phrase_from_folder", "phrase_contradicts", "phrase_twice", "phrase_side")


def told_phrases(
    labels: Sequence[LabelConfig], marked: Collection[int], config: DataConfig, dataset: str = ""
) -> list[Problem]:
    """Names that say nothing, one phrase for two labels, phrases that deny what masks show, sides with flips on.

    `marked`: label values that some mask holds; `dataset`: the name that a lone label gets where nothing else names it.
    Each problem is one of KINDS.
    """
    problems: list[Problem] = []
    empty = [text for label in labels for text in label.texts if _NUMBERED.match(text.rstrip("."))]
    if empty:
        shown = ", ".join(repr(phrase) for phrase in empty[:3]) + (" …" if len(empty) > 3 else "")
        told = f"A phrase that tells a model nothing of what to find: {shown}."
        problems.append(Problem("phrase_missing", "warning", told, "", _FIX, len(empty)))
    if len(labels) == 1 and labels[0].phrase == dataset:
        told = f"The phrase {dataset!r} is only the folder's name: it is right where that says what the masks show."
        problems.append(Problem("phrase_from_folder", "note", told, "", _FIX))
    for label, text in texts_of(labels):
        if _DENIED.match(text) and label.value in marked:
            told = f"The phrase {text!r} says that nothing is there, but masks mark it."
            problems.append(Problem("phrase_contradicts", "warning", told, "", _FIX))
    said: dict[str, LabelConfig] = {}
    for label, text in texts_of(labels):
        twin = said.setdefault(" ".join(text.casefold().rstrip(". ").split()), label)
        if twin is not label:
            told = f"The labels {twin.name!r} and {label.name!r} have the same phrase: a model cannot tell them apart."
            problems.append(Problem("phrase_twice", "warning", told, "", _FIX))
    try:
        check_sides(config, labels)
    except OutOfRange as error:
        # Tuning refuses it; here it is one problem among others.
        problems.append(Problem("phrase_side", "warning", error.message, "", error.hint))
    return problems
