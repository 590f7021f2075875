"""Scores as rows of tables: means with their intervals, and cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP

from engine.runs.scores import HIGHER_IS_BETTER, CaseScore, Evaluation, Pairs
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.plain_table import Cell, Head, number_cell, text_cell

Rows = list[tuple[list[Cell], Any]]
"""Cells, and what the row stands for."""


TITLES = {
    "dice": QT_TRANSLATE_NOOP("ScoreRows", "Dice"),
    "iou": QT_TRANSLATE_NOOP("ScoreRows", "IoU"),
    "hd95": QT_TRANSLATE_NOOP("ScoreRows", "HD95"),
    "nsd": QT_TRANSLATE_NOOP("ScoreRows", "Surface Dice"),
}
TIPS = {
    "dice": QT_TRANSLATE_NOOP(
        "ScoreRows",
        "Overlap of answer and truth: twice the pixels in both, divided by the pixels of either added up. 1 is best.",
    ),
    "iou": QT_TRANSLATE_NOOP(
        "ScoreRows", "Intersection over union: pixels in both, divided by pixels in at least one. 1 is best."
    ),
    "hd95": QT_TRANSLATE_NOOP(
        "ScoreRows",
        "Hausdorff distance, 95th percentile: how far the borders of answer and truth lie apart, the worst 5 % left "
        "out. In millimetres where the spacing is known, else in pixels. 0 is best.",
    ),
    "nsd": QT_TRANSLATE_NOOP(
        "ScoreRows",
        "Share of both borders that lies no further from the other one than the tolerance (NSD). 1 is best.",
    ),
}


def metric_title(metric: str) -> str:
    return translate("ScoreRows", TITLES[metric])


def metric_tip(metric: str) -> str:
    return translate("ScoreRows", TIPS[metric])


def _metric_head(metric: str) -> Head:
    return Head(metric_title(metric), metric_tip(metric))


UNDEFINED = 8
"""Column of a summary that is empty where every case has an HD95."""


def summary_heads() -> list[Head]:
    return [
        Head(
            translate("ScoreRows", "Label"),
            translate("ScoreRows", "The structure that was scored; all: every label of every case."),
        ),
        Head(
            translate("ScoreRows", "Scored on"),
            translate("ScoreRows", "The split of the run's own data, or another folder."),
        ),
        Head(translate("ScoreRows", "Cases"), translate("ScoreRows", "How many cases were scored.")),
        Head(translate("ScoreRows", "Dice (95 % interval)"), metric_tip("dice")),
        Head(
            translate("ScoreRows", "where present"),
            translate(
                "ScoreRows", "Mean Dice of the cases whose truth shows the label; those without it are left out."
            ),
        ),
        _metric_head("iou"),
        Head(
            translate("ScoreRows", "of all pixels"),
            translate("ScoreRows", "IoU of the pixels of all cases put together: large structures weigh more."),
        ),
        _metric_head("hd95"),
        Head(
            translate("ScoreRows", "undefined"),
            translate("ScoreRows", "Cases without an HD95, as answer or truth is empty: left out of its mean."),
        ),
        _metric_head("nsd"),
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


def case_heads() -> list[Head]:
    return [
        _case_head(),
        Head(translate("ScoreRows", "Label"), translate("ScoreRows", "The structure that was scored.")),
        *(_metric_head(metric) for metric in TITLES),
        Head(translate("ScoreRows", "Truth, px"), translate("ScoreRows", "Pixels of the label in the truth.")),
    ]


def _case_head() -> Head:
    return Head(translate("ScoreRows", "Case"), translate("ScoreRows", "The case, as the dataset names it."))


def pair_heads(names: Sequence[str], metric: str) -> list[Head]:
    """Of `pair_rows`; `names`: of both sides."""
    return [
        _case_head(),
        Head(translate("ScoreRows", "Label"), translate("ScoreRows", "The structure that was scored.")),
        *(Head(name, f"{metric_title(metric)}: {metric_tip(metric)}") for name in names),
        _difference_head(translate("ScoreRows", "Difference"), names),
    ]


def label_heads(names: Sequence[str], metric: str) -> list[Head]:
    """Of a table of labels: both sides' means, how they differ, and whether that is more than chance."""
    return [
        Head(translate("ScoreRows", "Label"), translate("ScoreRows", "The structure that was scored.")),
        Head(translate("ScoreRows", "Pairs"), translate("ScoreRows", "Cases that both sides have a score of.")),
        *(Head(name, f"{metric_title(metric)}: {metric_tip(metric)}") for name in names),
        _difference_head(translate("ScoreRows", "Difference (95 % interval)"), names),
        Head(
            translate("ScoreRows", "Verdict"),
            translate(
                "ScoreRows",
                "Different: the interval of the difference excludes 0. Labels are not corrected for being several.",
            ),
        ),
    ]


def _difference_head(title: str, names: Sequence[str]) -> Head:
    return Head(
        title, translate("ScoreRows", "{second} minus {first}, case by case.").format(first=names[0], second=names[1])
    )


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
