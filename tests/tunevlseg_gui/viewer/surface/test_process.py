"""The drawing process: what it says is shown; what it does not survive, the window does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QObject, QProcess
from PySide6.QtGui import QImage

from tunevlseg_gui.viewer.surface.process import DrawingProcess

GOOD = """
import json, sys
print(json.dumps({"ready": "fake"}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "surfaces" in asked:
        count = len(asked["surfaces"])
        continue
    with open(asked["file"], "wb") as file:
        file.write(bytes([count, 0, 0, 255]) * (asked["width"] * asked["height"]))
    print(json.dumps({"frame": asked["frame"]}), flush=True)
"""
CRASHING = """
import json, os, sys
print(json.dumps({"ready": "fake"}), flush=True)
for line in sys.stdin:
    if "frame" in json.loads(line):
        os.abort()
"""
REFUSING = 'import json; print(json.dumps({"problem": "no context can be made"}), flush=True)'
WISH = {"matrix": [0.0] * 16, "turn": [0.0] * 9, "width": 3, "height": 2, "background": [0, 0, 0], "samples": 4}


@pytest.fixture
def drawing(qapp: object, request: Any) -> Iterator[DrawingProcess]:
    made = DrawingProcess(command=[sys.executable, "-c", request.param])
    yield made
    made.close()


@pytest.mark.parametrize("drawing", [GOOD], indirect=True)
def test_the_newest_wish_is_drawn_and_those_between_are_not(drawing: DrawingProcess, qtbot: Any) -> None:
    pictures: list[QImage] = []
    drawing.drawn.connect(pictures.append)
    drawing.show([{"colour": [1, 2, 3]}] * 5)
    for width in range(1, 6):
        drawing.draw({**WISH, "width": width})  # before it is ready: the last one counts
    with qtbot.waitSignal(drawing.ready):
        drawing.start()
    qtbot.waitUntil(lambda: len(pictures) == 1)
    assert (pictures[0].width(), pictures[0].height()) == (5, 2)
    assert pictures[0].pixelColor(0, 0).blue() == 5
    for width in range(6, 10):
        drawing.draw({**WISH, "width": width})
    qtbot.waitUntil(lambda: bool(pictures) and pictures[-1].width() == 9)
    assert [picture.width() for picture in pictures] == [5, 6, 9]


@pytest.mark.parametrize("drawing", [CRASHING], indirect=True)
def test_a_driver_that_crashes_is_told_and_can_be_started_again(drawing: DrawingProcess, qtbot: Any) -> None:
    with qtbot.waitSignal(drawing.ready):
        drawing.start()
    with qtbot.waitSignal(drawing.lost) as lost:
        drawing.draw(WISH)
    assert "ended" in lost.args[0]
    assert not drawing.runs
    with qtbot.waitSignal(drawing.ready):
        drawing.start()


@pytest.mark.qt_log_ignore("Destroyed while process", extend=True)
def test_a_window_that_goes_while_it_draws_takes_the_process_along(qapp: object, qtbot: Any) -> None:
    window = QObject()
    drawing = DrawingProcess(window, command=[sys.executable, "-c", GOOD])
    with qtbot.waitSignal(drawing.ready):
        drawing.start()
    process = drawing.findChild(QProcess)
    assert process is not None
    number = process.processId()
    with qtbot.captureExceptions() as raised:
        shiboken6.delete(window)
    assert raised == []
    if os.name != "nt":
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


@pytest.mark.parametrize("drawing", [REFUSING], indirect=True)
def test_without_opengl_the_reason_is_told(drawing: DrawingProcess, qtbot: Any) -> None:
    with qtbot.waitSignal(drawing.lost) as lost:
        drawing.start()
    assert lost.args == ["no context can be made"]


def test_a_program_that_is_not_there_is_told(qapp: object, qtbot: Any) -> None:
    drawing = DrawingProcess(command=["/nowhere/at/all"])
    with qtbot.waitSignal(drawing.lost):
        drawing.start()
    assert not drawing.runs


@pytest.mark.skipif("DISPLAY" in os.environ and os.name != "nt", reason="a display gives OpenGL to offscreen Qt too")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have OpenGL without a display")
def test_the_real_one_says_that_nothing_can_be_drawn_without_a_display(qapp: object, qtbot: Any) -> None:
    drawing = DrawingProcess()
    with qtbot.waitSignal(drawing.lost, timeout=20_000) as lost:
        drawing.start()
    assert "context" in lost.args[0] or "drawn" in lost.args[0]


@pytest.mark.xvfb
def test_a_triangle_is_where_the_camera_has_it(qapp: object, qtbot: Any, tmp_path: Path) -> None:
    """One that fills the picture's left half, facing sideways and so half as bright as its colour at most."""
    np.save(tmp_path / "v.npy", np.array([[-1, -3, 0], [-1, 3, 0], [0, 0, 0]], np.float32) * [1, 1, 1])
    np.save(tmp_path / "n.npy", np.array([[0, 0, 1]] * 3, np.float32))
    np.save(tmp_path / "t.npy", np.array([[0, 1, 2]], np.uint32))
    drawing = DrawingProcess()
    pictures: list[QImage] = []
    drawing.drawn.connect(pictures.append)
    files = {name: str(tmp_path / f"{name[0]}.npy") for name in ("vertices", "normals", "triangles")}
    drawing.show([{**files, "colour": [255, 0, 0]}])
    with qtbot.waitSignal(drawing.ready, timeout=20_000):
        drawing.start()
    eye = np.eye(4).ravel().tolist()
    wish = {"matrix": eye, "turn": np.eye(3).ravel().tolist(), "width": 40, "height": 20, "background": [0, 0, 90]}
    drawing.draw({**wish, "samples": 4})
    qtbot.waitUntil(lambda: bool(pictures), timeout=20_000)
    picture = pictures[0]
    left, right = picture.pixelColor(3, 10), picture.pixelColor(36, 10)
    assert left.red() > 200
    assert left.blue() < 80
    assert (right.red(), right.green(), right.blue()) == (0, 0, 90)
    drawing.close()
