"""Scores as rows of tables: means with their intervals, and cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.runs.scores import HIGHER_IS_BETTER, CaseScore, Evaluation, Pairs
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.plain_table import Cell, number_cell, text_cell

Rows = list[tuple[list[Cell], Any]]
"""Cells, and what the row stands for."""


def summary_heads() -> list[str]:
    return [
        translate("ScoreRows", "Label"),
        translate("ScoreRows", "Scored on"),
        translate("ScoreRows", "Cases"),
        translate("ScoreRows", "Dice (95 % interval)"),
        translate("ScoreRows", "where present"),
        translate("ScoreRows", "IoU"),
        translate("ScoreRows", "of all pixels"),
        translate("ScoreRows", "HD95"),
        translate("ScoreRows", "undefined"),
        translate("ScoreRows", "Surface Dice"),
    ]


def summary_rows(found: Sequence[tuple[Evaluation, list[dict[str, Any]]]]) -> Rows:
    """A row for each label of each evaluation, those of a label together; it stands for (evaluation, label)."""
    labels = list(dict.fromkeys(row["label"] for _, summary in found for row in summary))
    rows: Rows = []
    for name in labels:
        for evaluation, summary in found:
            row = next((row for row in summary if row["label"] == name), None)
            if row is not None:
                rows.append((_summary_row(evaluation, row), (evaluation, name)))
    return rows


def _summary_row(evaluation: Evaluation, row: dict[str, Any]) -> list[Cell]:
    unit = f" {row['unit']}" if row["unit"] in ("mm", "px") else ""
    return [
        text_cell(row["label"]),
        text_cell(evaluation.name, tip=str(evaluation.path)),
        Cell(str(row["cases"]), row["cases"]),
        with_interval(row, "dice"),
        number_cell(row["dice_positive"]),
        with_interval(row, "iou"),
        number_cell(row["dataset_iou"]),
        with_interval(row, "hd95", 1, unit),
        Cell(str(row["hd95_missing"] or ""), row["hd95_missing"] or None),
        with_interval(row, "nsd"),
    ]


def with_interval(row: dict[str, Any], metric: str, digits: int = 3, unit: str = "") -> Cell:
    """`0.652 (0.601–0.700)`."""
    value, low, high = row[metric], row[f"{metric}_low"], row[f"{metric}_high"]
    limits = "" if low is None else f" ({low:.{digits}f}–{high:.{digits}f})"
    return number_cell(value, digits, f"{unit}{limits}")


def case_heads() -> list[str]:
    return [
        translate("ScoreRows", "Case"),
        translate("ScoreRows", "Label"),
        translate("ScoreRows", "Dice"),
        translate("ScoreRows", "IoU"),
        translate("ScoreRows", "HD95"),
        translate("ScoreRows", "Surface Dice"),
        translate("ScoreRows", "Truth, px"),
    ]


def case_rows(rows: Sequence[CaseScore]) -> Rows:
    """A row for each; it stands for its CaseScore."""
    return [
        (
            [
                text_cell(row.case),
                text_cell(row.label),
                number_cell(row.dice),
                number_cell(row.iou),
                number_cell(row.hd95, 1),
                number_cell(row.nsd),
                Cell(f"{row.truth_pixels:,}", row.truth_pixels),
            ],
            row,
        )
        for row in rows
    ]


def digits_of(metric: str) -> int:
    """Decimals that a metric is shown with."""
    return 1 if metric == "hd95" else 3


def pair_rows(pairs: Pairs, metric: str) -> Rows:
    """A row for each pair, worst first by the worse of both scores; it stands for (case, label)."""
    digits = digits_of(metric)
    found = list(zip(pairs.keys, pairs.first, pairs.second, strict=True))
    found.sort(key=lambda row: min(row[1:]) if HIGHER_IS_BETTER[metric] else -max(row[1:]))
    return [
        (
            [
                text_cell(case),
                text_cell(name),
                number_cell(one, digits),
                number_cell(other, digits),
                Cell(f"{other - one:+.{digits}f}", other - one),
            ],
            (case, name),
        )
        for (case, name), one, other in found
    ]
