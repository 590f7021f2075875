"""A table's columns as entries of a menu to sort by, for those who have no mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu


def add_sort_entries(menu: QMenu, titles: Sequence[str], now: int, sort: Callable[[int], None]) -> list[QAction]:
    """An entry a column, ticked where the table is sorted by it (`now`; -1: by none). `sort` gets the column.

    The same one again turns the order round, as a second click on the heading does.
    """
    made = []
    for column, title in enumerate(titles):
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(column == now)
        action.triggered.connect(partial(_chosen, sort, column))
        made.append(action)
    return made


def _chosen(sort: Callable[[int], None], column: int, _checked: bool = False) -> None:
    sort(column)
