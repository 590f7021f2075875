"""The columns of the table of runs: titles, what they show, how they sort."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from engine.contract.durations import duration
from tunevlseg_gui.catalogue import strategy_title
from tunevlseg_gui.pages.runs.run_rows import RunRow

STATES = {
    "new": QT_TRANSLATE_NOOP("RunColumns", "starting"),
    "running": QT_TRANSLATE_NOOP("RunColumns", "running"),
    "finished": QT_TRANSLATE_NOOP("RunColumns", "finished"),
    "failed": QT_TRANSLATE_NOOP("RunColumns", "failed"),
    "cancelled": QT_TRANSLATE_NOOP("RunColumns", "cancelled"),
    "interrupted": QT_TRANSLATE_NOOP("RunColumns", "interrupted"),
}


PHRASES = {
    "yes": QT_TRANSLATE_NOOP("RunColumns", "yes"),
    "weakly": QT_TRANSLATE_NOOP("RunColumns", "weakly"),
    "no": QT_TRANSLATE_NOOP("RunColumns", "no"),
    "unclear": QT_TRANSLATE_NOOP("RunColumns", "unclear"),
}
"""Does the phrase matter?"""


@dataclass(frozen=True)
class Column:
    """`key` orders; a value that is missing comes last whichever way the table is sorted."""

    name: str
    title: str
    text: Callable[[RunRow], str]
    key: Callable[[RunRow], Any]
    width: int = 90
    shown: bool = True
    number: bool = False
    downwards: bool = False  # sorted from the highest at the first click


def translated(text: str) -> str:
    return QCoreApplication.translate("RunColumns", text)


def _three(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _text(name: str, title: str, of: Callable[[RunRow], str], width: int, shown: bool = True) -> Column:
    return Column(name, title, of, lambda row: of(row).casefold() or None, width, shown)


def _number(name: str, title: str, of: Callable[[RunRow], Any], show: Callable[[Any], str], **more: Any) -> Column:
    def text(row: RunRow) -> str:
        value = of(row)
        return "" if value is None else show(value)

    return Column(name, title, text, of, number=True, downwards=True, **more)


COLUMNS = (
    Column(
        "star", QT_TRANSLATE_NOOP("RunColumns", "Star"), lambda row: "", lambda row: row.notes.star, 40, downwards=True
    ),
    _text("name", QT_TRANSLATE_NOOP("RunColumns", "Name"), lambda row: row.name, 160),
    _text("strategy", QT_TRANSLATE_NOOP("RunColumns", "Strategy"), lambda row: strategy_title(row.strategy), 100),
    _text("model", QT_TRANSLATE_NOOP("RunColumns", "Model"), lambda row: row.model, 76),
    _text("data", QT_TRANSLATE_NOOP("RunColumns", "Data"), lambda row: row.data, 104),
    _text(
        "state", QT_TRANSLATE_NOOP("RunColumns", "State"), lambda row: translated(STATES.get(row.state, row.state)), 86
    ),
    _number("best", QT_TRANSLATE_NOOP("RunColumns", "Best Dice"), lambda row: row.best, _three, width=82),
    _number("best_epoch", QT_TRANSLATE_NOOP("RunColumns", "Best epoch"), lambda row: row.best_epoch, str, shown=False),
    _number("test", QT_TRANSLATE_NOOP("RunColumns", "Test Dice"), lambda row: row.test, _three, width=82),
    _number("epochs", QT_TRANSLATE_NOOP("RunColumns", "Epochs"), lambda row: row.epochs, str, width=68, shown=False),
    _number("time", QT_TRANSLATE_NOOP("RunColumns", "Time"), lambda row: row.seconds or None, duration, shown=False),
    _number("seed", QT_TRANSLATE_NOOP("RunColumns", "Seed"), lambda row: row.seed, str, shown=False),
    _text(
        "phrase",
        QT_TRANSLATE_NOOP("RunColumns", "Phrase"),
        lambda row: translated(PHRASES[row.phrase]) if row.phrase in PHRASES else "",
        70,
    ),
    _text("tags", QT_TRANSLATE_NOOP("RunColumns", "Tags"), lambda row: ", ".join(row.notes.tags), 92),
    _text("note", QT_TRANSLATE_NOOP("RunColumns", "Note"), lambda row: " ".join(row.notes.note.split()), 180, False),
    Column(
        "date",
        QT_TRANSLATE_NOOP("RunColumns", "Date"),
        lambda row: time.strftime("%Y-%m-%d %H:%M", time.localtime(row.changed)),
        lambda row: row.changed,
        128,
        downwards=True,
    ),
    _text("bundle", QT_TRANSLATE_NOOP("RunColumns", "Bundle"), lambda row: row.bundle, 96),
)
NAMES = tuple(column.name for column in COLUMNS)


def ordered(rows: list[RunRow], column: str, downwards: bool) -> list[RunRow]:
    """Sorted by a column, runs without a value last; equal ones stay in the order that they came in."""
    key = COLUMNS[NAMES.index(column)].key
    known = [(value, row) for row in rows if (value := key(row)) is not None]
    missing = [row for row in rows if key(row) is None]
    known.sort(key=lambda pair: pair[0], reverse=downwards)
    return [row for _, row in known] + missing


def matching(rows: list[RunRow], text: str) -> list[RunRow]:
    """Rows that hold every word of `text` somewhere."""
    words = text.casefold().split()
    return [row for row in rows if all(word in row.words for word in words)] if words else rows
