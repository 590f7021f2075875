"""Saving what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox

from engine.contract.events import JobFinished
from engine.contract.jobs import Segment
from tests.tunevlseg_gui.pages.segment.conftest import LEFT, answered, ask, block, child
from tunevlseg_gui.pages.segment.page import SegmentPage


@pytest.fixture
def masked(opened: SegmentPage, desk: Any, qtbot: Any) -> SegmentPage:
    ask(opened, "liver", "spleen")
    desk.answer(liver=block(200), spleen=block(200))
    answered(opened, qtbot, 2)
    return opened


def test_saving_writes_the_visible_layers_at_the_threshold(masked: SegmentPage, desk: Any, tmp_path: Path) -> None:
    proposed = []
    masked.side.answers.threshold_slider.setValue(62)
    check = child(masked, QCheckBox, "layerCheck1")
    QTest.mouseClick(check, LEFT, pos=QPoint(8, check.height() // 2))
    masked.ask_save_path = lambda: proposed.append(1) or str(tmp_path / "out.nii.gz")  # type: ignore[method-assign]
    QTest.mouseClick(masked.side.answers.save_button, LEFT)
    _, job = desk.last(Segment)
    assert proposed == [1]
    assert (job.save, job.out, job.prompts) == (True, str(tmp_path / "out.nii.gz"), ["liver"])
    assert (job.threshold, job.axis, job.bundle, job.probabilities) == (0.62, "axial", "starter", "")
    desk.event.emit(JobFinished(desk.last(Segment)[0], {}))
    assert masked.status.text() == f"Saved {tmp_path / 'out.nii.gz'}"


@pytest.mark.parametrize("yes", [True, False])
def test_a_file_that_is_there_is_replaced_only_on_request(
    masked: SegmentPage, desk: Any, tmp_path: Path, yes: bool
) -> None:
    target = tmp_path / "out.nii.gz"
    target.write_bytes(b"old")
    asked: list[Path] = []
    masked.ask_save_path = lambda: str(tmp_path / "out")  # type: ignore[method-assign]
    masked.ask_overwrite = lambda path: asked.append(path) or yes  # type: ignore[method-assign,func-returns-value]
    jobs = desk.count(Segment)
    QTest.mouseClick(masked.side.answers.save_button, LEFT)
    assert asked == [target]  # the ending that it gets is looked at, not the name as typed
    assert desk.count(Segment) == jobs + yes
    assert target.read_bytes() == b"old"


def test_saving_that_fails_is_told(masked: SegmentPage, desk: Any, tmp_path: Path) -> None:
    masked.controller.saver.save(tmp_path / "out.nii.gz", lambda _path: True)
    desk.fail(Segment, "The disk is full.", "Free some space.", "DiskFull")
    assert masked.banner.notice is not None
    assert masked.banner.notice.message == "The disk is full."
    assert len(masked.viewer.state.layers) == 2
