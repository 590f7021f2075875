"""What is told of jobs while they go on."""

from __future__ import annotations

from typing import Any

from engine.contract.events import JobFinished, Progress
from engine.contract.jobs import Segment
from tests.tunevlseg_gui.pages.segment.conftest import ask
from tunevlseg_gui.pages.segment.page import SegmentPage


def test_progress_is_told_in_words(opened: SegmentPage, desk: Any) -> None:
    ask(opened, "liver")
    desk.event.emit(Progress(desk.last(Segment)[0], 2, 6, "slices", 3.4, "Segmenting"))
    assert opened.status.text() == "Segmenting: 2 of 6 slices, 3 s left"
    assert (opened.side.progress.value(), opened.side.progress.maximum()) == (2, 6)


def test_events_of_other_pages_are_left_alone(opened: SegmentPage, desk: Any) -> None:
    ask(opened, "liver")
    desk.event.emit(JobFinished("somebody-else", {}))
    desk.event.emit(Progress("somebody-else", 1, 2, "images"))
    assert opened.side.cancel_button.isVisible()
