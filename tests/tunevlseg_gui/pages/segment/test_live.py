"""The slice on show is asked when typing stops; the list of answers stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.contract.jobs import Segment
from tunevlseg_gui.pages.segment.page import SegmentPage
from tunevlseg_gui.settings.model import ViewerSettings
from tunevlseg_gui.viewer.habits import habits


def slice_of(number: int, level: int = 200) -> np.ndarray:
    levels = np.zeros((6, 20, 30), np.uint8)
    levels[number, 5:15, 8:22] = level
    return levels


@pytest.fixture
def live(opened: SegmentPage) -> Iterator[SegmentPage]:
    opened.side.live_check.setChecked(True)
    opened.live._still.setInterval(1)
    yield opened
    habits().use(ViewerSettings())


def typed(page: SegmentPage, desk: Any, qtbot: Any, text: str) -> Any:
    """Types, and gives the job that is sent then."""
    before = desk.count(Segment)
    page.side.prompt_edit.setPlainText(text)
    qtbot.waitUntil(lambda: desk.count(Segment) > before)
    return desk.last(Segment)[1]


def test_when_typing_stops_the_slice_on_show_is_asked(live: SegmentPage, desk: Any, qtbot: Any) -> None:
    live.viewer.go_to(2)
    job = typed(live, desk, qtbot, "liver")
    assert (job.prompts, job.slices, job.axis, job.save) == (["liver"], [2, 2], "axial", False)
    desk.answer(liver=slice_of(2))
    qtbot.waitUntil(lambda: len(live.viewer.state.layers) == 1)
    assert live.status.text().startswith("This slice: liver found.")
    assert not live.side.answers.isVisible()
    assert not live.side.answers.save_button.isEnabled()


def test_another_slice_is_asked_too(live: SegmentPage, desk: Any, qtbot: Any) -> None:
    live.viewer.go_to(2)
    typed(live, desk, qtbot, "liver")
    desk.answer(liver=slice_of(2))
    qtbot.waitUntil(lambda: len(live.viewer.state.layers) == 1)
    QTest.keyClick(live.viewer.view, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: desk.last(Segment)[1].slices == [3, 3])


def test_further_typing_gives_up_the_question_on_the_way(live: SegmentPage, desk: Any, qtbot: Any) -> None:
    typed(live, desk, qtbot, "live")
    first = desk.last(Segment)[0]
    typed(live, desk, qtbot, "liver")
    assert first in desk.cancelled


def test_escape_brings_back_what_was_shown(live: SegmentPage, desk: Any, qtbot: Any) -> None:
    live.side.live_check.setChecked(False)
    live.side.prompt_edit.setPlainText("spleen")
    live.controller.asker.ask()
    desk.answer(spleen=slice_of(1))
    qtbot.waitUntil(lambda: len(live.viewer.state.layers) == 1)
    whole = live.viewer.state.layers
    live.side.live_check.setChecked(True)
    typed(live, desk, qtbot, "liver")
    desk.answer(liver=slice_of(1))
    qtbot.waitUntil(lambda: [layer.phrase for layer in live.viewer.state.layers] == ["spleen", "liver"])
    live.viewer.view.setFocus()
    QTest.keyClick(live.viewer.view, Qt.Key.Key_Escape)
    assert live.viewer.state.layers is whole


def test_the_whole_scan_is_asked_on_request_and_what_was_asked_is_remembered(
    live: SegmentPage, desk: Any, qtbot: Any
) -> None:
    typed(live, desk, qtbot, "liver")
    desk.answer(liver=slice_of(1))
    qtbot.waitUntil(lambda: len(live.viewer.state.layers) == 1)
    QTest.keyClick(live.side.prompt_edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.last(Segment)[1].slices == []
    assert live.viewer.state.layers == []
    assert habits().settings.phrases == ["liver"]
    live.side.phrase_menu.fill()
    live.side.prompt_edit.setPlainText("spleen")
    next(action for action in live.side.phrase_menu.actions() if action.text() == "liver").trigger()
    assert live.side.prompt_edit.phrases() == ["spleen", "liver"]


def test_nothing_is_asked_unless_it_is_wished(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    opened.live._still.setInterval(1)
    opened.side.prompt_edit.setPlainText("liver")
    assert not opened.live._still.isActive()


def test_a_template_is_laid_round_the_line_with_the_cursor(opened: SegmentPage) -> None:
    edit = opened.side.prompt_edit
    edit.setPlainText("spleen\nisland\nliver")
    cursor = edit.textCursor()
    cursor.setPosition(len("spleen\nis"))
    edit.setTextCursor(cursor)
    edit.use_template("photo")
    assert edit.phrases() == ["spleen", "a photo of an island.", "liver"]
    cursor.setPosition(0)
    edit.setTextCursor(cursor)
    edit.use_template("medical")
    assert edit.phrases()[0] == "spleen in a medical image."


def test_another_scan_ends_it(live: SegmentPage, desk: Any, qtbot: Any, picture: Path) -> None:
    typed(live, desk, qtbot, "liver")
    desk.answer(liver=slice_of(1))
    qtbot.waitUntil(lambda: len(live.viewer.state.layers) == 1)
    live.side.live_check.setChecked(False)
    live.open_scan(picture)
    desk.open()
    qtbot.waitUntil(lambda: live.controller.scan is not None and live.controller.scan.path == picture)
    assert live.viewer.state.layers == []
