"""Flips and turns that would make a phrase untrue: a mirrored "left lung" is a right one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.contract.errors import OutOfRange

if TYPE_CHECKING:
    # The window asks this file too, and opens without pydantic.
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
    words: list[str] = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    for word in words:
        known = word.casefold()
        if vertical:
            if known in _UPPER_LOWER:
                return word
        elif known in _LEFT_RIGHT or known.startswith(_LEFT_RIGHT_BEGINS):
            return word
    return ""


def forbidden_moves(settings: Mapping[str, Any], texts: Iterable[str]) -> dict[str, str]:
    """Setting → why it is refused, of `flip_horizontal`, `flip_vertical` and `rotate` in `settings` (as in DataConfig).

    `texts` are the phrases and names of the labels.
    """
    far = float(settings.get("rotate") or 0) > MOST_TURN
    asked = [
        ("flip_horizontal", bool(settings.get("flip_horizontal")), False, "mirrored left for right"),
        ("flip_vertical", bool(settings.get("flip_vertical")), True, "mirrored top for bottom"),
        ("rotate", far, False, "turned that far"),
        ("rotate", far, True, "turned that far"),
    ]
    refused: dict[str, str] = {}
    for text in texts:
        for setting, wanted, vertical, done in asked:
            word = side_word(text, vertical=vertical) if wanted else ""
            if word and setting not in refused:
                refused[setting] = f"{text!r} names a side ({word!r}); an image {done} would show it on another."
    return refused


def check_sides(config: DataConfig, labels: Iterable[LabelConfig]) -> None:
    """Raises OutOfRange, with the setting as its field, for a flip or turn that contradicts a label's name or phrase.

    `labels` are those that are tuned: the config's own, or those found in the folder.
    """
    moves = {"flip_horizontal": config.flip_horizontal, "flip_vertical": config.flip_vertical, "rotate": config.rotate}
    for setting, why in forbidden_moves(
        moves, [text for label in labels for text in (*label.texts, label.name)]
    ).items():
        allowed = f"at most {MOST_TURN:g}" if setting == "rotate" else "false"
        raise OutOfRange(
            f"data.{setting}: {why}",
            hint=f"Set data.{setting} to {allowed}, or take the side out of the label's phrase and name.",
            field=f"data.{setting}",
        )
