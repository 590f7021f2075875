"""What is known of a run's phrases, as rows of tables: controls, labels, the words near learned vectors."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.pages.runs.score_rows import metric_tip
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.plain_table import Cell, Head, number_cell, text_cell

KINDS = {
    "nonsense": QT_TRANSLATE_NOOP("PhraseRows", "nonsense"),
    "unrelated": QT_TRANSLATE_NOOP("PhraseRows", "an unrelated thing"),
    "opposite": QT_TRANSLATE_NOOP("PhraseRows", "the opposite"),
    "another label": QT_TRANSLATE_NOOP("PhraseRows", "another label's phrase"),
}
NEAR = 0.95
"""A word is told as near only where it is nearer than this share of random vectors are to theirs."""


def kind_heads() -> list[Head]:
    return [
        Head(
            translate("PhraseRows", "Said instead"),
            translate("PhraseRows", "Control phrases, asked in place of the label's own one."),
        ),
        *_number_heads(),
    ]


def kind_rows(found: list[dict[str, Any]]) -> list[list[Cell]]:
    return [[text_cell(translate("PhraseRows", KINDS.get(row["kind"], row["kind"]))), *_numbers(row)] for row in found]


def label_heads() -> list[Head]:
    return [
        Head(translate("PhraseRows", "Label"), translate("PhraseRows", "Under the mouse: what was asked for it.")),
        Head(
            translate("PhraseRows", "Depends on its words"),
            translate("PhraseRows", "The same rule, for this label alone."),
        ),
        *_number_heads(),
    ]


def label_rows(found: list[dict[str, Any]], tones: dict[str, str]) -> list[list[Cell]]:
    """`tones`: verdict → colour of the theme."""
    return [
        [
            text_cell(row["label"], tip=_controls(row)),
            text_cell(row["verdict"], tones.get(row["verdict"], "")),
            *_numbers(row),
        ]
        for row in found
    ]


def _number_heads() -> list[Head]:
    return [
        Head(translate("PhraseRows", "own Dice"), metric_tip("dice")),
        Head(
            translate("PhraseRows", "with other words"),
            translate("PhraseRows", "Dice of the masks of control phrases, against the same truth."),
        ),
        Head(
            translate("PhraseRows", "lost"),
            translate(
                "PhraseRows", "Share of the own Dice that control phrases lose; empty where there is little to lose."
            ),
        ),
        Head(
            translate("PhraseRows", "masks agree"),
            translate("PhraseRows", "Dice between the masks of own and control phrases: 1, words change nothing."),
        ),
    ]


def _numbers(row: dict[str, Any]) -> list[Cell]:
    share = row["share"]
    return [
        number_cell(row["dice"]),
        number_cell(row["dice_other"]),
        Cell("" if share is None else f"{share:.0%}", share),
        number_cell(row["agreement"], 2),
    ]


def _controls(row: dict[str, Any]) -> str:
    """What was asked in place of the label's phrase."""
    told = [f"{kind}: {', '.join(phrases)}" for kind, phrases in row.get("controls", {}).items()]
    return "\n".join([str(row.get("phrase", "")), *told])


def vector_heads() -> list[Head]:
    random = translate("PhraseRows", "The same of random vectors, in the mean: what is no nearer says nothing.")
    return [
        Head(
            translate("PhraseRows", "Label"), translate("PhraseRows", "Whose context it is; all: one for all labels.")
        ),
        Head(translate("PhraseRows", "Layer"), translate("PhraseRows", "Text layer that the vector enters.")),
        Head(
            translate("PhraseRows", "Vector"), translate("PhraseRows", "Its place among the layer's context vectors.")
        ),
        Head(
            translate("PhraseRows", "Nearest words"),
            translate("PhraseRows", "Of the vocabulary, by Euclidean distance; grey: no nearer than by chance."),
        ),
        Head(translate("PhraseRows", "distance"), translate("PhraseRows", "Euclidean distance to the nearest word.")),
        Head(translate("PhraseRows", "of random"), random),
        Head(
            translate("PhraseRows", "By cosine"),
            translate("PhraseRows", "Of the vocabulary, by direction alone; grey: no more alike than by chance."),
        ),
        Head(
            translate("PhraseRows", "cosine"), translate("PhraseRows", "Cosine of the angle to that word; 1: the same.")
        ),
        Head(translate("PhraseRows", "of random"), random),
    ]


def vector_rows(found: list[dict[str, Any]]) -> list[list[Cell]]:
    rows = []
    for vector in found:
        near, like = vector["nearer"] >= NEAR, vector["nearer_by_cosine"] >= NEAR
        rows.append(
            [
                text_cell(vector["label"] or translate("PhraseRows", "all")),
                Cell(str(vector["depth"]), vector["depth"]),
                Cell(str(vector["position"]), vector["position"]),
                text_cell(", ".join(one[0] for one in vector["by_distance"][:3]), "" if near else "muted"),
                number_cell(vector["by_distance"][0][2], 2),
                number_cell(vector["random_distance"], 2, tone="muted"),
                text_cell(", ".join(one[0] for one in vector["by_cosine"][:3]), "" if like else "muted"),
                number_cell(vector["by_cosine"][0][1], 2),
                number_cell(vector["random_cosine"], 2, tone="muted"),
            ]
        )
    return rows
