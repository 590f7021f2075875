"""From the name of a label to the phrase that a model is given."""

from __future__ import annotations

import re
from typing import Final

from engine.contract.errors import OutOfRange

TEMPLATES: Final[dict[str, str]] = {
    "name": "{}",
    "photo": "a photo of a {}.",
    "image": "an image of a {}.",
    "medical": "{} in a medical image.",
}
"""Named templates; `{}` is the label's name. "photo" is the one of CLIP and CLIPSeg."""

_ENDINGS: Final = (".", "!", "?")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BEFORE_VOWEL: Final = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])")


def clean(phrase: str) -> str:
    """One line, single spaces; raises OutOfRange for an empty phrase."""
    tidy = " ".join(phrase.split())
    if not tidy:
        raise OutOfRange("The phrase is empty.", hint='Write what to look for, for instance "polyp".', field="phrase")
    return tidy


def with_stop(phrase: str) -> str:
    """The phrase with a full stop at its end, as in the published prompts; one that ends a sentence already stays."""
    tidy = clean(phrase)
    return tidy if tidy.endswith(_ENDINGS) else tidy + "."


def phrase_for(label: str, template: str = "name") -> str:
    """A label's name ("left_ventricle", "leftVentricle") in words, laid into a template ("name" or one with `{}`).

    Raises OutOfRange for an empty label or a template without `{}`.
    """
    pattern = TEMPLATES.get(template, template)
    if "{}" not in pattern:
        raise OutOfRange(
            f"The template {template!r} has no place for the label's name.",
            hint=f"Write {{}} where the name belongs, or take one of {', '.join(TEMPLATES)}.",
            field="template",
        )
    return clean(_BEFORE_VOWEL.sub(r"\1n ", pattern.replace("{}", words_of(label))))


def words_of(label: str) -> str:
    """ "left_ventricle" → "left ventricle"; "leftLung" → "left lung"; abbreviations keep their capitals."""
    spaced = _CAMEL.sub(" ", label.replace("_", " ").replace("-", " "))
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in spaced.split()]
    return clean(" ".join(words))
