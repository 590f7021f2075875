"""What may be asked before and beside tuning: distance from what a model knows, wordings, what a phrase does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class DomainShift:
    """How far a dataset's images and phrases lie from what base weights know, by at most 100 of its images.

    Result: `known`; where it is, `value` (1: like new pictures of the known kind), `low`, `high`, `level` (low | medium
    | high), `images`, `patients`, `phrases` (rows), `advice` (image | words | "") and `map`; always `words`, `advised`.
    """

    data: dict[str, Any]  # as in a recipe
    weights: str = "starter"
    reference: str = ""  # folder of pictures like those that the weights learned from; empty: what ships with them
    out: str = ""  # folder that receives small pictures of what is on the map; empty: none
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class QuickLook:
    """Masks of the untuned model on a few validation images, beside the truth.

    Result: `rows` (case, slice, path of a picture, dice by label), `dice` by label and `mean`: of these images alone.
    """

    data: dict[str, Any]  # as in a recipe; its labels' phrases are asked
    out: str  # folder that receives the pictures
    weights: str = "starter"
    images: int = 6
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class ComparePhrases:
    """Wordings of each label, scored with the untuned model on the validation images.

    Result: `labels`, each with `label`, `value` and `wordings` (rows, the label's present phrase first), `images`,
    `patients`, `words`.
    """

    data: dict[str, Any]  # as in a recipe
    weights: str = "starter"
    wordings: dict[str, list[str]] = field(default_factory=dict)  # label name → wordings beside its phrase
    suggest: bool = False  # plain variants of each phrase are scored too
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class PhraseEffect:
    """Does the phrase matter? Control phrases on images of a split; kept in the run as phrase-effect.json.

    Result: `verdict` (yes | weakly | no | unclear), `words`, `rule`, `kinds`, `labels`, `word_effects`, `nearest`.
    """

    run: str
    split: str = "val"
    data: str = ""  # folder; empty: the run's own data
    phrase: str = ""  # a phrase to look at word by word; empty: each label's own
    images: int = 48  # of the split at most, taken evenly


@dataclass(frozen=True, slots=True)
class SplitGain:
    """Is it the prompts? Zero-shot and upsampler-only controls of a run, and which part of its gain is due to what.

    Controls that were run before with the same recipe on the same data are used. Result: `state` (done | waiting),
    `controls` (strategy → run folder), `waiting` (folders that are not finished), and once done `split`, `dice`,
    `differences`, `share`, `words`, `notes`; kept in the run as gain.json.
    """

    run: str
    missing: str = "here"  # controls that are missing: here, one after another | queue, as detached runs | none: told
