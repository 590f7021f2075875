from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from tunevlseg_gui.viewer.panes import Panes
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.surface.pane import ShownSurface, SurfacePane
from tunevlseg_gui.viewer.surface.process import DrawingProcess

REFUSING = 'import json; print(json.dumps({"problem": "no context can be made"}), flush=True)'

ANSWERING = 'import json, sys; print(json.dumps({"ready": "fake"}), flush=True); sys.stdin.read()'


class Paper(DrawingProcess):
    """Keeps wishes instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.wishes: list[dict[str, Any]] = []

    def draw(self, wish: dict[str, Any]) -> None:
        self.wishes.append(wish)


@pytest.fixture
def paper(qapp: object) -> Paper:
    return Paper()


@pytest.fixture
def pane(paper: Paper, qtbot: Any) -> SurfacePane:
    made = SurfacePane(drawing=paper)
    qtbot.addWidget(made)
    made.resize(300, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def surface(low: float = 0.0, high: float = 50.0) -> ShownSurface:
    return ShownSurface("liver", (1, 2, 3), {}, 1200, (1, 2, 2), np.full(3, low), np.full(3, high))


def test_what_is_shown_is_told_and_whether_it_is_of_now(pane: SurfacePane) -> None:
    pane.masks_are("a")
    pane.show_surfaces([surface()], "a")
    assert pane.words.text() == "1,200 triangles, 2 voxels taken together"
    assert not pane.is_stale
    pane.masks_are("b")
    assert pane.is_stale
    assert pane.words.text() == "The masks have changed."
    pane.show_busy()
    assert not pane.update_button.isEnabled()
    pane.show_surfaces([surface()], "b")
    assert pane.update_button.isEnabled()
    assert not pane.is_stale


def test_mouse_and_keys_turn_zoom_and_move(pane: SurfacePane, paper: Paper, qtbot: Any) -> None:
    pane.show_surfaces([surface()], "a")
    view = pane.view
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Plus, Qt.Key.Key_L, Qt.Key.Key_Home):
        before = len(paper.wishes)
        qtbot.keyClick(view, key)
        assert len(paper.wishes) == before + 1
        assert paper.wishes[-1]["matrix"] != paper.wishes[-2]["matrix"]
    assert view.camera.letters()[-1][0] == "L"


def test_a_slow_machine_draws_coarsely_while_a_hand_turns_and_finely_afterwards(
    pane: SurfacePane, paper: Paper, qtbot: Any
) -> None:
    pane.show_surfaces([surface()], "a")
    paper.is_slow = True
    qtbot.keyClick(pane.view, Qt.Key.Key_Left)
    assert paper.wishes[-1]["samples"] == 0
    assert paper.wishes[-1]["width"] == round(pane.view.width() / 2)
    qtbot.waitUntil(lambda: paper.wishes[-1]["samples"] > 0)
    assert paper.wishes[-1]["width"] == round(pane.view.width() * pane.view.devicePixelRatioF())


def test_an_edited_mask_does_not_make_the_picture_jump(pane: SurfacePane) -> None:
    pane.show_surfaces([surface(0, 50)], "a")
    camera = pane.view.camera
    camera.scale(2)
    camera.rotate(40, 10)
    before = camera.matrix(300, 300)[:3]
    pane.show_surfaces([surface(-5, 80)], "b")
    after = camera.matrix(300, 300)[:3]
    assert after[:2] == pytest.approx(before[:2])  # depth may differ


def test_another_scan_shows_nothing_of_the_last_one(pane: SurfacePane) -> None:
    pane.show_surfaces([surface()], "a")
    pane.view._drawn(QImage(4, 4, QImage.Format.Format_RGB32))
    assert pane.view.has_picture
    pane.clear()
    assert not pane.view.has_picture
    assert pane.words.text() == ""


def test_without_opengl_a_message_stands_in_the_pane(qtbot: Any) -> None:
    made = SurfacePane(drawing=DrawingProcess(command=[sys.executable, "-c", REFUSING]))
    qtbot.addWidget(made)
    made.show()
    made.open()
    qtbot.waitUntil(lambda: "no context can be made" in made.view.message)
    assert made.view.accessibleDescription() == made.view.message
    made.grab()


def test_update_starts_a_process_again_that_was_ended(qtbot: Any) -> None:
    made = SurfacePane(drawing=DrawingProcess(command=[sys.executable, "-c", ANSWERING]))
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(made.drawing.ready):
        made.open()
    made.show_surfaces([surface()], None)
    assert made.drawing._process is not None
    with qtbot.waitSignal(made.drawing.lost):
        made.drawing._process.kill()
    assert "Update starts it again" in made.view.message
    with qtbot.waitSignals([made.drawing.ready, made.update_wanted]):
        made.update_button.click()
    assert made.view.message == ""
    made.drawing.close()


def test_it_stands_beside_one_plane_and_beside_three(volume: ViewedScan, qtbot: Any, tmp_path: Path) -> None:
    panes = Panes()
    qtbot.addWidget(panes)
    panes.resize(900, 700)
    panes.surface.drawing._command = [sys.executable, "-c", REFUSING]
    panes.show()
    panes.main.state.open(volume)
    assert not panes.surface.isVisible()
    panes.show_solid(True)
    assert panes.surface.isVisible()
    assert not panes.views[1].isVisible()
    panes.show_three(True)
    assert panes.surface.isVisible()
    assert panes.views[1].isVisible()
    panes.show_three(False)
    panes.show_solid(False)
    assert not panes.surface.isVisible()
    assert not panes.surface.drawing.runs


def test_of_a_picture_there_is_none(photo: ViewedScan, qtbot: Any) -> None:
    panes = Panes()
    qtbot.addWidget(panes)
    panes.show()
    panes.main.state.open(photo)
    panes.show_solid(True)
    assert not panes.solid
