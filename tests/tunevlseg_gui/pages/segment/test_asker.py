"""Questions to the model, and what becomes of their answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.contract.events import JobCancelled, JobFinished, Log, SliceDone
from engine.contract.jobs import OpenScan, Segment
from tests.tunevlseg_gui.pages.segment.conftest import LEFT, SHAPE, answered, ask, block, child
from tunevlseg_gui.pages.segment.page import SegmentPage


def test_enter_asks_for_every_line(opened: SegmentPage, desk: Any, volume: Path) -> None:
    ask(opened, "liver", "  left   kidney ", "liver")
    _, job = desk.last(Segment)
    assert job.scans == [str(volume)]
    assert (job.bundle, job.prompts, job.save, job.axis) == ("starter", ["liver", "left kidney"], False, "axial")
    assert job.probabilities


@pytest.mark.parametrize("how", ["button", "ctrl_enter"])
def test_other_ways_to_ask(opened: SegmentPage, desk: Any, how: str) -> None:
    QTest.keyClicks(opened.side.prompt_edit, "liver")
    if how == "button":
        QTest.mouseClick(opened.side.segment_button, LEFT)
    else:
        opened.viewer.view.setFocus()
        QTest.keyClick(opened.viewer.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.last(Segment)[1].prompts == ["liver"]
    assert desk.count(Segment) == 1


def test_answers_become_layers_with_colours_and_amounts(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver", "spleen", "unicorn")
    desk.answer(liver=block(200), spleen=block(200, slice(0, 2)), unicorn=block(60))
    layers = answered(opened, qtbot, 3)
    assert len({layer.colour for layer in layers}) == 3
    amounts = [child(opened, QLabel, f"layerAmount{number}").text() for number in range(3)]
    assert amounts == ["1.12 ml", "0.16 ml", "not found"]
    assert opened.status.text() == "2 of 3 found in 1.2 s on CPU"


def test_a_slice_with_something_to_see_is_shown(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    levels = np.zeros(SHAPE, np.uint8)
    levels[4, 5:10, 5:10] = 200
    levels[5, 5:15, 5:15] = 200
    desk.answer(liver=levels)
    qtbot.waitUntil(lambda: opened.viewer.state.index == 5)


def test_another_phrase_joins_and_the_same_one_replaces(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    first = answered(opened, qtbot)[0]
    ask(opened, "liver", "spleen")
    desk.answer(liver=block(250), spleen=block(200, slice(0, 2)))
    layers = answered(opened, qtbot, 2)
    assert [layer.phrase for layer in layers] == ["liver", "spleen"]
    assert layers[0] is not first
    assert layers[0].colour == first.colour


def test_answers_along_another_plane_replace_all(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    answered(opened, qtbot)
    opened.side.axis_combo.setCurrentIndex(opened.side.axis_combo.findData("coronal"))
    ask(opened, "spleen")
    assert desk.last(Segment)[1].axis == "coronal"
    desk.answer(spleen=block(200))
    qtbot.waitUntil(lambda: [layer.phrase for layer in opened.viewer.state.layers] == ["spleen"])


def test_escape_cancels_and_leaves_what_is_shown(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    layers = list(answered(opened, qtbot))
    ask(opened, "spleen")
    job_id, _ = desk.last(Segment)
    assert opened.side.cancel_button.isVisible()
    QTest.keyClick(opened.side.prompt_edit, Qt.Key.Key_Escape)
    assert desk.cancelled == [job_id]
    assert opened.viewer.state.layers == layers
    assert opened.side.segment_button.isVisible()
    assert opened.status.text().startswith("Cancelled")


def test_slices_fill_in_and_a_cancel_brings_back_what_was_shown(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    layers = list(answered(opened, qtbot))
    ask(opened, "spleen")
    job_id, job = desk.last(Segment)
    path = Path(job.probabilities) / "head_spleen.npy"
    path.parent.mkdir(parents=True)
    levels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(6, 20, 30))
    desk.event.emit(SliceDone(job_id, 0, 6, str(path)))
    state = opened.viewer.state
    assert [layer.phrase for layer in state.layers] == ["liver", "spleen"]
    key = state.look_key()
    levels[:, 2:6, 2:6] = 255
    desk.event.emit(SliceDone(job_id, 5, 6, str(path)))
    qtbot.waitUntil(lambda: (desk.event.emit(SliceDone(job_id, 5, 6, str(path))), state.look_key() != key)[1])
    assert state.mask_of(state.layers[1]).sum() == 16
    assert not opened.side.answers.save_button.isEnabled()
    QTest.keyClick(opened.side.prompt_edit, Qt.Key.Key_Escape)
    assert state.layers == layers

    ask(opened, "spleen")
    desk.event.emit(SliceDone(desk.last(Segment)[0], 0, 6, str(path)))  # of the question that was cancelled
    assert state.layers == layers
    desk.answer(spleen=block(90))
    qtbot.waitUntil(lambda: len(state.layers) == 2)
    assert state.layers[1].voxels(0.3) > 0


def test_one_question_at_a_time(opened: SegmentPage, desk: Any) -> None:
    ask(opened, "liver")
    ask(opened, "spleen")
    assert desk.count(Segment) == 1


def test_a_question_that_fails_leaves_the_last_answer(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    layers = list(answered(opened, qtbot))
    ask(opened, "spleen")
    desk.fail(Segment, "The disk is full: a.npy was not written.", "Free some space.", "DiskFull")
    assert opened.banner.notice is not None
    assert opened.banner.notice.tone == "danger"
    assert "disk is full" in opened.banner.notice.message
    assert opened.viewer.state.layers == layers
    assert opened.side.answers.save_button.isEnabled()


def test_a_phrase_that_is_too_long_is_told_but_not_twice_what_is_known(
    opened: SegmentPage, desk: Any, qtbot: Any
) -> None:
    ask(opened, "liver")
    job_id, _ = desk.last(Segment)
    desk.event.emit(Log(job_id, "The phrase 'liver' is too long; not read: the rest.", "warning"))
    desk.event.emit(Log(job_id, "head: 'liver' was not found (highest probability 0.10, threshold 0.50).", "warning"))
    desk.answer(liver=block(20))
    answered(opened, qtbot)
    qtbot.waitUntil(lambda: opened.banner.notice is not None)
    assert opened.banner.notice.message == "The phrase 'liver' is too long; not read: the rest."
    assert opened.banner.notice.hint == ""
    assert opened.banner.notice.tone == "warning"


@pytest.mark.parametrize(
    ("text", "words"), [("", "no phrase"), ("\n".join(f"thing {n}" for n in range(9)), "9 phrases")]
)
def test_too_few_and_too_many_phrases(opened: SegmentPage, desk: Any, text: str, words: str) -> None:
    opened.side.prompt_edit.setPlainText(text)
    QTest.mouseClick(opened.side.segment_button, LEFT)
    assert opened.banner.notice is not None
    assert words in opened.banner.notice.message
    assert desk.count(Segment) == 0


def test_asking_without_a_scan(page: SegmentPage, desk: Any) -> None:
    ask(page, "liver")
    assert page.banner.notice is not None
    assert page.banner.notice.message == "No scan is open."
    assert desk.count(Segment) == 0


def test_answers_that_were_cleared_away_are_told(opened: SegmentPage, desk: Any, qtbot: Any) -> None:
    ask(opened, "liver")
    job_id, _ = desk.last(Segment)
    desk.event.emit(JobFinished(job_id, {"probabilities": [{"path": "/nowhere/a.npy"}]}))
    qtbot.waitUntil(lambda: opened.banner.notice is not None)
    assert "missing or damaged" in opened.banner.notice.message


def test_a_scan_that_cannot_be_opened_ends_the_question_and_leaves_what_was_shown(
    opened: SegmentPage, desk: Any, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(opened, "liver")
    desk.answer(liver=block(200))
    layers = list(answered(opened, qtbot))
    ask(opened, "spleen")
    job_id, job = desk.last(Segment)
    path = Path(job.probabilities) / "head_spleen.npy"
    path.parent.mkdir(parents=True)
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=SHAPE)
    desk.event.emit(SliceDone(job_id, 0, 6, str(path)))
    monkeypatch.setattr(desk, "cancel", desk.cancelled.append)  # an engine takes a moment to say so
    opened.open_scan(tmp_path / "broken.nii.gz")
    assert desk.cancelled == [job_id]
    desk.event.emit(JobCancelled(job_id))
    desk.fail(OpenScan, "broken.nii.gz is truncated.")
    assert opened.viewer.state.layers == layers
    opened.controller.layers.remove(layers[0])  # the list may be changed again
    assert opened.viewer.state.layers == []
