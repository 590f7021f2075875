"""Phrases that a model would cut."""

from __future__ import annotations

from collections.abc import Sequence

from engine.data.config import LabelConfig
from engine.data.labels import texts_of
from engine.data.problem import Problem
from engine.text.phrases import with_stop
from engine.text.tokenizer import PhraseTokenizer


def check_phrases(
    labels: Sequence[LabelConfig], tokenizer: PhraseTokenizer, reserve: int = 0, *, append_stop: bool = True
) -> list[Problem]:
    """A warning for each phrase longer than the model's limit, naming the words that it would not see.

    `reserve` tokens are taken up by learned context; with `append_stop` the full stop that is added counts too.
    """
    problems: list[Problem] = []
    for label, text in texts_of(labels):
        cut = tokenizer.will_cut(with_stop(text) if append_stop else text, reserve)
        if cut:
            which = "The" if text == label.phrase else "A"
            problems.append(
                Problem(
                    kind="phrase_too_long",
                    severity="warning",
                    message=f"{which} phrase of {label.name!r} is longer than the model's limit; "
                    f"it does not see: {cut!r}.",
                    fix="Shorten the phrase in the label table (data.labels).",
                )
            )
    return problems
