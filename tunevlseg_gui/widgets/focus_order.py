"""The order in which Tab goes through widgets: as they are read, whenever they were made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QLayout,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QStackedWidget,
    QTableWidget,
    QTabWidget,
    QWidget,
)

_WHOLE = (QComboBox, QSpinBox)
"""Made of widgets of their own, of which none is a stop."""


def as_read(widget: QWidget) -> Iterator[QWidget]:
    """The stops of Tab in a widget, in the order of its layouts; of pages behind each other those of the one shown."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, _WHOLE):
        return
    if isinstance(widget, QTableWidget):
        yield from _in_cells(widget)
    if isinstance(widget, QScrollArea):
        inside = widget.widget()
        if inside is not None:
            yield from as_read(inside)
    elif isinstance(widget, QSplitter):
        for place in range(widget.count()):
            yield from as_read(widget.widget(place))
    elif isinstance(widget, QStackedWidget | QTabWidget):
        if isinstance(widget, QTabWidget):
            yield widget.tabBar()
        shown = widget.currentWidget()
        if shown is not None:
            yield from as_read(shown)
    elif widget.layout() is not None:
        yield from _of_layout(widget.layout())


def _in_cells(table: QTableWidget) -> Iterator[QWidget]:
    for row in range(table.rowCount()):
        for column in range(table.columnCount()):
            inside = table.cellWidget(row, column)
            if inside is not None:
                yield from as_read(inside)


def _of_layout(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        if item is None:
            continue
        inside, further = item.widget(), item.layout()
        if inside is not None:
            yield from as_read(inside)
        elif further is not None:
            yield from _of_layout(further)


def put_in_order(widget: QWidget) -> None:
    """Tab goes through what is in `widget` as it is read."""
    for before, after in pairwise(as_read(widget)):
        QWidget.setTabOrder(before, after)
