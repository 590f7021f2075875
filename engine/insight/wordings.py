"""Other wordings of a phrase that are worth a try: templates of the published models, and plainer ways to say it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.text.phrases import TEMPLATES, clean, phrase_for, words_of

MOST = 8
_PLAIN = ("the {}",)
_FRAME = re.compile(r"^(?:an? (?:photo|image|picture|scan) of )?(?:an?|the) |[.!]$", re.IGNORECASE)


def wordings_for(name: str, phrase: str, alternatives: Sequence[str] = ()) -> list[str]:
    """At most MOST wordings, the present phrase not among them: alternatives that the label has, its name, both in
    templates. Two that differ in capitals or a last full stop alone count as one."""
    kernel = _kernel(phrase)
    asked = [*alternatives, kernel, words_of(name)]
    for text in dict.fromkeys((kernel, words_of(name))):
        asked += [phrase_for(text, template) for template in (*_PLAIN, *TEMPLATES.values())]
    found: dict[str, str] = {}
    for text in asked:
        found.setdefault(_same(text), clean(text))
    found.pop(_same(phrase), None)
    return list(found.values())[:MOST]


def _kernel(phrase: str) -> str:
    """ "a photo of a polyp." → "polyp"; a phrase that is nothing but a frame stays."""
    found = phrase.strip()
    while (shorter := _FRAME.sub("", found).strip()) and shorter != found:
        found = shorter
    return found


def _same(text: str) -> str:
    return clean(text).casefold().rstrip(".")
