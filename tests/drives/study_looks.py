"""What the probe can be asked about the Studies page; nothing is done to the window.

Places are in pixels of the screen; shares of a plot's inside run from its left and its lower edge.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPointF, QRect, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMenu, QTableView, QTabWidget, QToolButton, QWidget

from tests.drives.sight import find, on_screen

_turns: list[float] = []
_clock: list[Any] = []


def answers(window: Any) -> dict[str, Callable[..., Any]]:
    """By question."""

    def page() -> Any:
        return window.stack.made("experiments")

    def tab(name: str) -> Any:
        return page()._tabs.get(name) if page() is not None else None

    def view() -> Any:
        return tab("searches")._view

    def study() -> dict[str, Any] | None:
        searches = tab("searches")
        if searches is None:
            return None
        rows = [row.name for row in searches.rows]
        shown = searches._view
        return {"page": page().isVisible(), "rows": rows, **(_study(shown) if shown is not None else {})}

    def trial_point(plot: str, number: int) -> list[int]:
        """A trial's point in a plot of trials."""
        found: Any = find(plot)
        row = found.study.row_of(number)
        return _in_view(found, QPointF(float(found.x.places[row]), float(found.y.places[row])))

    def plot_point(plot: str, across: float, up: float) -> list[int]:
        found: Any = find(plot)
        (left, right), (bottom, top) = found.box.viewRange()
        return _in_view(found, QPointF(left + across * (right - left), bottom + up * (top - bottom)))

    def axis_point(key: str, share: float) -> list[int]:
        """On an axis of the parallel coordinates; `share` from its lower end."""
        panel: Any = find("parallelPlot")
        item = panel.item
        at = [column.key for column in panel.axes_.columns].index(key)
        scene = item.mapToScene(QPointF(item.x_of(at), item.y_of(share)))
        inside = panel.view.mapFromScene(scene)
        return on_screen(panel.view.viewport(), QRect(inside, inside))[:2]

    def tournament() -> dict[str, Any] | None:
        found = tab("tournaments")
        return _tournament(found) if found is not None and found.isVisible() else None

    def plan() -> dict[str, Any] | None:
        found = tab("labels")
        if found is None or not found.isVisible():
            return None
        return {
            "folder": str(found.folder),
            "alive": found.alive,
            "points": len(found.plan.get("points", [])),
            "said": str(found.plan.get("advice") or ""),
            "advice": found.advice.text(),
        }

    return {
        "study": study,
        "view_drawn": lambda: _drawn(view()),
        "trial_point": trial_point,
        "plot_point": plot_point,
        "axis_point": axis_point,
        "tournament": tournament,
        "plan": plan,
        "tab_point": tab_point,
        "tab_seen": tab_seen,
        "table_point": table_point,
        "said": said,
        "menu": menu,
        "turns": turns,
    }


def _study(view: Any) -> dict[str, Any]:
    study = view.study
    found: dict[str, Any] = {
        "shown": view.isVisible(),
        "folder": str(view.folder),
        "alive": view.alive,
        "phase": view.live.phase,
        "running": {str(number): trial.epoch for number, trial in view.live.running.items()},
        "told": [
            {"words": one.words, "state": one.state, "seconds": one.seconds, "said": one.said}
            for one in view.steering.told
        ],
        "current": view.selection.current,
        "panel": view.tabs.current_name,
        "read": study is not None,
    }
    if study is None:
        return found
    return found | {
        "n": study.n,
        "states": dict(Counter(study.states.tolist())),
        "numbers": {state: study.numbers[study.states == state].tolist()[-50:] for state in set(study.states.tolist())},
        "ended": study.ended_trials,
        "asked": study.asked,
        "best": study.best,
        "figures": bool(study.correlations),
        "paused": bool(study.rules.get("paused")),
        "rules": [words for words, _ in view.side.rules()],
        "selected": int(view.selection.mask(study).sum()),
        "region": view.selection.region(study),
    }


def _drawn(view: Any) -> bool:
    """Whether the tab in front shows the study that was read last."""
    from tunevlseg_gui.widgets.turns import none_wait

    if view.study is None or view.tabs.current_name in view.tabs._stale or not none_wait():
        return False
    panel = view.tabs._panels[view.tabs.current_name]
    return bool(getattr(panel, "is_drawn", True))


def _tournament(tab: Any) -> dict[str, Any]:
    state = tab.state
    return {
        "choice": tab.matrix.currentText(),
        "choices": [tab.matrix.itemText(at) for at in range(tab.matrix.count())],
        "name": state.name,
        "folder": state.folder,
        "alive": tab.alive,
        "phase": state.phase,
        "cells": dict(Counter(cell.state for cell in state.cells)),
        "tabs": [tab.tabs.tabText(at) for at in range(tab.tabs.count())],
        "front": len(state.front),
        "start": tab.start.text() if tab.start.isVisible() and tab.start.isEnabled() else "",
    }


def tab_point(tabs: str, at: int) -> list[int]:
    """The middle of a tab, by its place."""
    found: Any = find(tabs)
    assert isinstance(found, QTabWidget)
    return _middle(found.tabBar(), found.tabBar().tabRect(at))


def tab_seen(tabs: str, at: int) -> bool:
    """Whether a tab is in sight as a whole: in a narrow window arrows scroll them."""
    found: Any = find(tabs)
    bar = found.tabBar()
    buttons = [child.width() for child in bar.findChildren(QToolButton) if child.isVisible()]
    return bool(QRect(0, 0, bar.width() - sum(buttons), bar.height()).contains(bar.tabRect(at)))


def table_point(table: str, row: int, column: int = 0) -> list[int]:
    """The middle of a cell."""
    found: Any = find(table)
    assert isinstance(found, QTableView)
    return _middle(found.viewport(), found.visualRect(found.model().index(row, column)))


def said(table: str) -> list[list[str]]:
    """Every cell of a table, its heads first."""
    found: Any = find(table)
    model = found.model()
    columns = range(model.columnCount())
    heads = [str(model.headerData(at, Qt.Orientation.Horizontal)) for at in columns]
    return [heads, *([str(model.index(row, at).data()) for at in columns] for row in range(model.rowCount()))]


def turns(begin: bool) -> dict[str, float] | None:
    """Begins to measure the processor time of the window's thread between two looks of its event loop; then, with
    `begin` false, tells it in milliseconds."""
    if begin:
        _turns.clear()
        timer = QTimer()
        last = [time.thread_time()]

        def beat() -> None:
            now = time.thread_time()
            _turns.append(1000 * (now - last[0]))
            last[0] = now

        timer.timeout.connect(beat)
        timer.start(2)
        _clock[:] = [timer]
        return None
    _clock[0].stop()
    found = sorted(_turns)
    busy = [one for one in found if one > 1.0]
    return {
        "turns": len(found),
        "median_busy": busy[len(busy) // 2] if busy else 0.0,
        "p95_busy": busy[int(0.95 * (len(busy) - 1))] if busy else 0.0,
        "longest": found[-1] if found else 0.0,
    }


def menu() -> list[str]:
    """The entries of the menu that is open, those that can be chosen."""
    found = QApplication.activePopupWidget()
    if not isinstance(found, QMenu):
        return []
    return [action.text() for action in found.actions() if action.text() and action.isEnabled()]


def _in_view(plot: Any, place: QPointF) -> list[int]:
    inside = plot.plot.mapFromScene(plot.box.mapViewToScene(place))
    return on_screen(plot.plot.viewport(), QRect(inside, inside))[:2]


def _middle(widget: QWidget, rect: QRect) -> list[int]:
    middle = rect.center()
    return on_screen(widget, QRect(middle, middle))[:2]
