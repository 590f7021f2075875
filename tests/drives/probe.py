"""The window as a user starts it, and beside it a line on which a driver asks where its widgets lie.

    python tests/drives/probe.py [--words long|rtl] [FILE…]

A line of JSON in, {"ask": …}, gives one line of JSON out. Nothing is done to the window here but looking: mouse and
keyboard come from the X server. Places are in pixels of the screen. `--words` is a made-up language; see `words.py`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QApplication

from engine.bundle.levels import threshold_level
from tests.drives import sight, words
from tunevlseg_gui import app
from tunevlseg_gui.widgets.banner import Banner

FURTHER = ("live_looks", "rows", "study_looks")
"""Modules beside this one that answer for a page."""


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
            "where": sight.where,
            "state": state,
            "point": point,
            "focus": sight.focus,
            "mask": mask,
            "picture": sight.picture,
            "inputs": sight.inputs,
            "texts": sight.texts,
            "stops": sight.stops,
            "clipboard": sight.clipboard,
            "cut": sight.cut,
            **further_answers(),
        }
        try:
            found = answers[question.pop("ask")](**question)
        except Exception as problem:  # noqa: BLE001 - whoever asks waits for a line
            found = {"probe_failed": repr(problem)}
        self._out.write(json.dumps(found) + "\n")
        self._out.flush()


def further_answers() -> dict[str, Callable[..., Any]]:
    """Of the pages that have a module of their own: `answers(window)` in it says what can be asked."""
    window = sight.main_window()
    if window is None:
        return {}
    modules = (importlib.import_module(f"tests.drives.{name}") for name in FURTHER)
    return {what: answer for module in modules for what, answer in module.answers(window).items()}


def page() -> Any:
    found = sight.main_window()
    return found.stack.made("segment") if found is not None else None  # type: ignore[attr-defined]


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


if __name__ == "__main__":
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    probe = Probe(answers)
    given = sys.argv[1:]
    if given[:1] == ["--words"]:
        language, given = given[1], given[2:]
        app.load_translations = lambda _of_the_settings: words.speak(language)  # type: ignore[assignment, return-value]
    sys.exit(app.run(["tunevlseg-gui", *given]))
