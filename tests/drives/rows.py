"""What a user sees of tables, tabs, menus and plots of cases, and what was copied. Places as in `sight.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QTableView, QTabWidget

from tests.drives.sight import find, on_screen


def answers(_window: Any) -> dict[str, Callable[..., Any]]:
    """What can be asked here, for the probe."""
    return {
        "table": table,
        "tabs": tabs,
        "menu_entries": menu_entries,
        "points": points,
        "drawn": drawn,
        "copied": copied,
    }


def table(name: str) -> dict[str, Any] | None:
    """Heads and cells of a table from left to right, which rows are selected, where both lie; None: not shown.

    `sideways`: by how many pixels of the window its columns are wider than it.
    """
    shown = find(name)
    if not isinstance(shown, QTableView):
        return None
    model, head = shown.model(), shown.horizontalHeader()
    sections = [head.logicalIndex(at) for at in range(head.count())]
    columns = [section for section in sections if not shown.isColumnHidden(section)]
    horizontal, role = Qt.Orientation.Horizontal, Qt.ItemDataRole
    titles = [
        str(model.headerData(at, horizontal) or model.headerData(at, horizontal, role.ToolTipRole) or "")
        for at in columns
    ]
    tips = [str(model.headerData(at, horizontal, role.ToolTipRole) or "") for at in columns]
    rows = range(min(model.rowCount(QModelIndex()), 60))
    places = [[head.sectionViewportPosition(at), 0, head.sectionSize(at), head.height()] for at in columns]
    view = shown.viewport()
    return {
        "heads": titles,
        "tips": tips,
        "head_places": [on_screen(head.viewport(), QRect(*place)) for place in places],
        "rows": [[str(model.index(row, at).data() or "") for at in columns] for row in rows],
        "places": [[on_screen(view, shown.visualRect(model.index(row, at))) for at in columns] for row in rows],
        "row_tips": [
            str(model.index(row, columns[min(1, len(columns) - 1)]).data(role.ToolTipRole) or "") for row in rows
        ],
        "chosen": sorted(index.row() for index in shown.selectionModel().selectedRows()),
        "current": shown.currentIndex().row(),
        "sideways": shown.horizontalScrollBar().maximum(),
    }


def tabs(name: str) -> dict[str, Any] | None:
    """Titles of the tabs, where they lie, and which one is in front; None: not shown."""
    shown = find(name)
    if not isinstance(shown, QTabWidget):
        return None
    bar = shown.tabBar()
    return {
        "titles": [bar.tabText(at) for at in range(bar.count())],
        "places": [on_screen(bar, bar.tabRect(at)) for at in range(bar.count())],
        "front": bar.currentIndex(),
        "bar": bar.objectName(),
    }


def menu_entries() -> dict[str, Any] | None:
    """The entries of the menu that was opened last, by name or else text, and the one that Enter would take."""
    shown = QApplication.activePopupWidget()
    if not isinstance(shown, QMenu):
        return None
    entries = [action for action in shown.actions() if not action.isSeparator()]
    active = shown.activeAction()
    return {
        "entries": [action.objectName() or action.text() for action in entries],
        "usable": [action.isEnabled() for action in entries],
        "checked": [action.isChecked() for action in entries],
        "active": "" if active is None else active.objectName() or active.text(),
    }


def points(name: str) -> list[list[int]]:
    """Where the points of a plot of cases lie on the screen."""
    shown: Any = find(name)
    if shown is None:
        return []
    ratio = shown.devicePixelRatioF()
    found = (shown.on_screen(number) for number in range(shown.count))
    return [[round(at.x() * ratio), round(at.y() * ratio)] for at in found]


def drawn(name: str) -> int:
    """How many of the visible pictures of this name show something."""
    from tunevlseg_gui.widgets.picture import Picture

    shown = [
        one for top in QApplication.topLevelWidgets() for one in top.findChildren(Picture, name) if one.isVisible()
    ]
    return sum(not one.pixmap.isNull() for one in shown)


def copied() -> str:
    """The text of the clipboard."""
    return QGuiApplication.clipboard().text()
