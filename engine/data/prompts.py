"""What is said for one label of one image: the label's phrase, a prompt that the dataset brings, or what a mask gives.

`data.prompt` chooses: p0, p1 … by number, `random` (any but p0, as the published system's negative prompt index),
or `count`, `size`, `location` (`mask_phrases`). `data.override_prompt` replaces everything. A prompt may have several
texts, as p1 has where a label has alternatives: while tuning one is drawn at each use, by seed, epoch and image;
elsewhere the first of p1 (or of the number asked for) is taken, so that a score can be repeated. The published system
draws there too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.config import DataConfig, LabelConfig
from engine.data.mask_phrases import KINDS, Region, phrase_with
from engine.data.problem import Problem
from engine.data.readers.base import Case

Groups = tuple[tuple[str, ...], ...]
"""Texts of each prompt that may be drawn: first the prompt is drawn, then one of its texts."""


def said_of(
    case: Case, label: LabelConfig, config: DataConfig, marked: Sequence[Region], found: Mapping[int, str]
) -> Groups:
    """What may be said for a label of a case; `marked` are the regions of its mask, which only KINDS look at.

    `found` has the phrases that came with the dataset (label value → phrase): one that the user wrote in its place,
    or alternatives, stand above the case's own prompts.
    """
    if config.override_prompt:
        return ((config.override_prompt,),)
    if config.prompt in KINDS:
        return (tuple(phrase_with(config.prompt, text, marked) for text in label.texts),)
    own = dict(dict(case.prompts).get(label.value, ()))
    rewritten = bool(label.alternatives) or label.phrase != found.get(label.value, label.phrase)
    if config.prompt == "random" and not rewritten:
        names = sorted(own.keys() - {"p0"}, key=lambda name: (name != "p1", int(name[1:])))
        groups = tuple(own[name] for name in names)
        return groups or (label.texts,)
    if config.prompt == "p0":
        return (own.get("p0", ("",)),)
    texts = None if rewritten else own.get(config.prompt)
    return (texts or label.texts,)


def told_prompts(cases: Sequence[Case], labels: Sequence[LabelConfig], config: DataConfig) -> list[Problem]:
    """Cases that lack the prompt asked for: they are given the label's phrase."""
    if config.override_prompt or config.prompt in (*KINDS, "p0", "p1", "random"):
        return []
    values = {label.value for label in labels}
    asked = [(value, dict(prompts)) for case in cases for value, prompts in case.prompts if value in values]
    lacking = sum(config.prompt not in prompts for _, prompts in asked)
    if asked and not lacking:
        return []
    whose = f"{lacking} of {len(asked)} tasks lack" if asked else "The dataset brings no prompts; it lacks"
    return [
        Problem(
            kind="prompt_missing",
            severity="warning",
            message=f"{whose} the prompt {config.prompt}: the label's phrase stands in for it.",
            fix="Choose another (data.prompt): p1, or what a mask gives: count, size, location.",
            count=max(1, lacking),
        )
    ]


@dataclass(frozen=True)
class Said:
    """The texts of a split's samples. `texts` [T] with the place of their label, `columns` [T].

    `groups[n][l]` are, for sample n and label l, the numbers of the texts of each prompt that may be drawn.
    """

    texts: tuple[str, ...]
    columns: tuple[int, ...]
    groups: tuple[tuple[tuple[tuple[int, ...], ...], ...], ...]

    def drawn(self, positions: NDArray[np.int64], seed: int, epoch: int, *, draw: bool) -> NDArray[np.int64]:
        """Numbers of texts [B, L]; the first of each without `draw`. Drawn from (seed, epoch, position) alone."""
        found = np.empty((len(positions), len(self.groups[0])), np.int64)
        for row, position in enumerate(positions):
            # A fourth number keeps these draws apart from those of the augmentation and of absent labels.
            rng = np.random.default_rng([seed, epoch, int(position), 2]) if draw else None
            for column, groups in enumerate(self.groups[int(position)]):
                texts = groups[0] if rng is None else groups[int(rng.integers(len(groups)))]
                found[row, column] = texts[0 if rng is None else int(rng.integers(len(texts)))]
        return found


def said_by(rows: Sequence[Sequence[Groups]], labels: Sequence[LabelConfig]) -> Said | None:
    """Rows of samples, each with what may be said for each label; None where that is always the label's phrase."""
    plain = [((label.phrase,),) for label in labels]
    if all(groups == plain[column] for row in rows for column, groups in enumerate(row)):
        return None
    numbers: dict[tuple[int, str], int] = {}
    found = tuple(
        tuple(
            tuple(tuple(numbers.setdefault((column, text), len(numbers)) for text in texts) for texts in groups)
            for column, groups in enumerate(row)
        )
        for row in rows
    )
    return Said(tuple(text for _, text in numbers), tuple(column for column, _ in numbers), found)
