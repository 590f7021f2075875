"""Flips and turns that would make a phrase untrue: a mirrored "left lung" is a right one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.contract.errors import OutOfRange
from engine.data.config import DataConfig, LabelConfig

MOST_TURN = 45.0
"""Degrees; a larger turn brings one side of an image nearer to another's place than to its own."""

# English and clinical words; Latin, Italian, French, German, Spanish, Portuguese, Dutch.
_LEFT_RIGHT = frozenset(
    "l r lt rt lhs rhs left right sinister sinistra dexter dextra laevus sinistro destra destro dx sx "
    "gauche droite droit links rechts linke linker linkes rechte rechter rechtes izquierda izquierdo derecha derecho "
    "esquerda esquerdo direita direito".split()
)
_UPPER_LOWER = frozenset(
    "top bottom upper lower above below up down uppermost lowermost topmost superior inferior cranial caudal "
    "anterior posterior ventral dorsal front back superiore inferiore oben unten obere oberer oberes untere unterer "
    "unteres arriba abajo".split()
)
_LEFT_RIGHT_BEGINS = ("left", "right")


def side_word(text: str, *, vertical: bool) -> str:
    """The first word of `text` that names the left or right (`vertical`: upper or lower) side; "" where none does.

    English first, with the commonest words of seven other languages: a word that is missed does harm, one too many
    only costs an augmentation. Words are runs of letters and digits, also within names like `kidney_L` and `LeftLung`;
    `L4` is a vertebra.
    """
    for word in re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)):
        known = word.casefold()
        if vertical:
            if known in _UPPER_LOWER:
                return word
        elif known in _LEFT_RIGHT or known.startswith(_LEFT_RIGHT_BEGINS):
            return word
    return ""


def check_sides(config: DataConfig, labels: Iterable[LabelConfig]) -> None:
    """Raises OutOfRange, with the setting as its field, for a flip or turn that contradicts a label's name or phrase.

    `labels` are those that are tuned: the config's own, or those found in the folder.
    """
    texts = [text for label in labels for text in dict.fromkeys((label.phrase, label.name))]
    if config.flip_horizontal:
        _refuse("flip_horizontal", texts, "mirrored left for right", "false", vertical=False)
    if config.flip_vertical:
        _refuse("flip_vertical", texts, "mirrored top for bottom", "false", vertical=True)
    if config.rotate > MOST_TURN:
        for vertical in (False, True):
            _refuse("rotate", texts, "turned that far", f"{MOST_TURN:g} or less", vertical=vertical)


def _refuse(setting: str, texts: list[str], done: str, allowed: str, *, vertical: bool) -> None:
    for text in texts:
        word = side_word(text, vertical=vertical)
        if word:
            raise OutOfRange(
                f"data.{setting}: the phrase or name {text!r} names a side ({word!r}); an image {done} would show it "
                "on another.",
                hint=f"Set data.{setting} to {allowed}, or take the side out of the label's phrase and name.",
                field=f"data.{setting}",
            )
