"""The window as a user starts it, and beside it a line on which a driver asks where its widgets lie.

    python tests/drives/probe.py [FILE…]

A line of JSON in, {"ask": …}, gives one line of JSON out. Nothing is done to the window here but looking: mouse and
keyboard come from the X server. Places are in pixels of the screen.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PySide6.QtCore import QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QMenu,
    QSlider,
    QWidget,
)

from engine.bundle.levels import threshold_level
from tunevlseg_gui.app import run
from tunevlseg_gui.widgets.banner import Banner


class Probe(QObject):
    asked = Signal(str)

    def __init__(self, answer_to: Any) -> None:
        super().__init__()
        self._out = answer_to
        self.asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            self.asked.emit(line)

    def _answer(self, line: str) -> None:
        question = json.loads(line)
        answers: dict[str, Callable[..., Any]] = {
            "where": where,
            "state": state,
            "point": point,
            "focus": focus,
            "mask": mask,
            "picture": picture,
        }
        found = answers[question.pop("ask")](**question)
        self._out.write(json.dumps(found) + "\n")
        self._out.flush()


def main_window() -> QWidget | None:
    """The one that is shown: one that was closed may still wait for its end."""
    windows = (top for top in QApplication.topLevelWidgets() if top.objectName() == "mainWindow")
    return next((window for window in windows if window.isVisible()), None)


def page() -> Any:
    found = main_window()
    return found.stack.made("segment") if found is not None else None  # type: ignore[attr-defined]


def on_screen(widget: QWidget, rect: QRect) -> list[int]:
    """[left, top, width, height] in pixels of the screen."""
    ratio = widget.devicePixelRatioF()
    corner = widget.mapToGlobal(rect.topLeft())
    return [round(value * ratio) for value in (corner.x(), corner.y(), rect.width(), rect.height())]


def where(name: str) -> dict[str, Any] | None:
    """The visible widget or menu entry of this name; `seen`: the part that nothing else cuts off."""
    for top in QApplication.topLevelWidgets():
        if isinstance(top, QMenu) and top.isVisible():
            for action in top.actions():
                if name in (action.objectName(), action.text()):
                    place = on_screen(top, top.actionGeometry(action))
                    return {"rect": place, "seen": place, "enabled": action.isEnabled(), "text": action.text()}
    modal = QApplication.activeModalWidget()
    for place in [modal] if modal is not None else QApplication.topLevelWidgets():
        for found in [place, *place.findChildren(QWidget, name)]:
            if found.objectName() == name and found.isVisible():
                return {
                    "rect": on_screen(found, found.rect()),
                    "seen": on_screen(found, found.visibleRegion().boundingRect()),
                    "enabled": found.isEnabled(),
                    "text": _text(found),
                }
    return None


def _text(widget: QWidget) -> str:
    if isinstance(widget, (QLabel, QAbstractButton, QAbstractSpinBox)):
        return widget.text()
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QSlider):
        return str(widget.value())
    return str(widget.property("text") or "")


def focus() -> dict[str, Any]:
    """What has the keyboard, and the X window that should have it: the dialog on top, else the main window."""
    modal = QApplication.activeModalWidget() or main_window()
    widget, window = QApplication.focusWidget(), QGuiApplication.focusWindow()
    return {
        "widget": widget.objectName() if widget is not None else "",
        "wanted": int(modal.winId()) if modal is not None and modal.isVisible() else 0,
        "held": window is not None and modal is not None and window is modal.windowHandle(),
        "dialog": modal.windowTitle() if modal is not None and modal is not main_window() else "",
        "popup": QApplication.activePopupWidget() is not None,
    }


def state() -> dict[str, Any]:
    """What a user could read off the page, as values."""
    notices = [
        {"tone": banner.notice.tone, "message": banner.notice.message, "hint": banner.notice.hint}
        for top in QApplication.topLevelWidgets()
        for banner in top.findChildren(Banner)
        if banner.isVisible() and banner.notice is not None
    ]
    shown = page()
    if shown is None:
        return {"page": False, "notices": notices}
    look, editor, scan = shown.viewer.state, shown.controller.editor, shown.controller.scan
    return {
        "page": shown.isVisible(),
        "notices": notices,
        "status": shown.status.text(),
        "scan": None if scan is None else str(scan.path),
        "shape": None if scan is None else list(scan.shape_zyx),
        "model": shown.side.model.title if shown.side.model is not None else "",
        "busy": shown.controller.jobs.is_busy,
        "planes": [view.state.plane for view in shown.viewer.panes.shown],
        "letters": [list(view.state.stack.edge_letters) for view in shown.viewer.panes.shown] if scan else [],
        "index": look.index,
        "cursor": list(look.shared.cursor_zyx),
        "readout": shown.viewer.readout.text(),
        "threshold": look.threshold,
        "highlighted": getattr(look.shared.highlighted, "phrase", ""),
        "heat": look.shared.heat,
        "profiled": shown.viewer.strip.profile is not None,
        "layers": [
            {
                "phrase": layer.phrase,
                "voxels": layer.voxels(look.threshold),
                "visible": layer.visible,
                "edited": layer.edited,
                "answered": bool(layer.counts.any()),
            }
            for layer in look.layers
        ],
        "tool": editor.tool_name,
        "editing": editor.busy,
        "layer": editor.layer.phrase if editor.layer is not None else "",
        "proposed": editor.preview is not None,
        "undo": editor.history.next_undo.words if editor.history.next_undo else "",
        "redo": editor.history.next_redo.words if editor.history.next_redo else "",
        "dice": shown.side.answers.compare.dice.text() if shown.side.answers.compare.dice.isVisible() else "",
        "recovery": shown.recovery_row.isVisible(),
    }


def point(view: int, down: float, right: float) -> list[int]:
    """The place on the screen of a point of the slice in a view, as shares of its height and width."""
    shown = page().viewer.panes.shown[view]
    placed = shown.placement()
    x, y = placed.left + right * placed.width, placed.top + down * placed.height
    at = shown.mapToGlobal(QPoint(round(x), round(y)))
    ratio = shown.devicePixelRatioF()
    return [round(at.x() * ratio), round(at.y() * ratio)]


def mask(phrase: str, path: str = "") -> str:
    """sha256 of what is shown of a layer [z, y, x]; written to `path` (.npy) where one is given."""
    look = page().viewer.state
    layer = next(layer for layer in look.layers if layer.phrase == phrase)
    shown = layer.levels >= threshold_level(look.threshold)
    found = shown if layer.is_present(look.threshold) else np.zeros_like(shown)
    if path:
        np.save(path, found)
    return hashlib.sha256(np.packbits(found).tobytes()).hexdigest()


def picture(path: str) -> bool:
    """What the X server shows of the window and of the dialogs over it."""
    window = main_window()
    assert window is not None
    whole = window.screen().grabWindow(0)
    ratio = window.devicePixelRatioF()
    area = window.frameGeometry()
    for top in QApplication.topLevelWidgets():
        if top.isVisible() and top is not window:
            area = area.united(top.frameGeometry())
    corner = area.topLeft()
    image = whole.copy(*(round(value * ratio) for value in (corner.x(), corner.y(), area.width(), area.height())))
    image.setDevicePixelRatio(1)
    return image.save(path)


if __name__ == "__main__":
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    probe = Probe(answers)
    sys.exit(run(["tunevlseg-gui", *sys.argv[1:]]))
