"""The page with a real engine in a process of its own: from a file to a saved mask, and what can go wrong."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel

from engine.bundle.presence import Presence
from engine.contract.events import JobStarted
from engine.volumes.stored_receipts import receipt_beside
from tests.fakes.tiny_bundle import square_picture, write_tiny_bundle
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.segment.page import SegmentPage

PATIENCE = 60_000  # milliseconds: a busy machine imports slowly


@pytest.fixture(scope="module")
def engine(qapp: object) -> Iterator[EngineClient]:
    made = EngineClient()
    yield made
    made.close()


@pytest.fixture
def shown(qtbot: Any, engine: EngineClient, tmp_path: Path) -> SegmentPage:
    """A picture with a red and a green patch is open, the tiny bundle is chosen."""
    Image.fromarray(square_picture()).save(tmp_path / "patches.png")
    page = SegmentPage(engine)
    qtbot.addWidget(page)
    page.resize(1100, 760)
    page.show()
    page.open_bundle(write_tiny_bundle(tmp_path / "tiny", labels=False, notice="for tests"))
    page.open_scan(tmp_path / "patches.png")
    qtbot.waitUntil(lambda: page.controller.scan is not None and page.side.model is not None, timeout=PATIENCE)
    return page


def ask(page: SegmentPage, text: str) -> None:
    page.side.prompt_edit.setPlainText(text)
    QTest.keyClick(page.side.prompt_edit, Qt.Key.Key_Return)


def answered(page: SegmentPage, qtbot: Any, count: int) -> None:
    """Waits for whole answers: while they are made, their slices are shown already, but nothing is counted."""
    layers = page.viewer.state
    qtbot.waitUntil(
        lambda: len(layers.layers) == count and all(layer.counts.any() for layer in layers.layers), timeout=PATIENCE
    )


def test_from_a_picture_to_a_saved_mask(shown: SegmentPage, qtbot: Any, tmp_path: Path) -> None:
    ask(shown, "red\npurple")
    answered(shown, qtbot, 2)
    red, purple = shown.viewer.state.layers
    expected = square_picture()[..., 0] > 0
    assert np.array_equal(shown.viewer.state.mask_of(red), expected)
    assert purple.voxels(0.5) == 0
    assert shown.status.text().startswith("1 of 2 found in ")
    assert shown.status.text().endswith(" on CPU")
    assert shown.side.notice.text() == "for tests"

    shown.controller.layers.remove(purple)
    shown.controller.saver.save(tmp_path / "mask", lambda _path: False)
    qtbot.waitUntil(lambda: shown.status.text().startswith("Saved"), timeout=PATIENCE)
    saved = np.asarray(Image.open(tmp_path / "mask.png"))
    assert np.array_equal(saved > 0, expected)


def test_a_truncated_picture_is_told(shown: SegmentPage, qtbot: Any, tmp_path: Path) -> None:
    whole = (tmp_path / "patches.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    scan = shown.controller.scan
    shown.open_scan(tmp_path / "half.png")
    qtbot.waitUntil(lambda: shown.banner.notice is not None, timeout=PATIENCE)
    assert "half.png" in shown.banner.notice.message
    assert shown.banner.notice.hint
    assert shown.controller.scan is scan


def test_a_phrase_longer_than_the_model_reads_is_told(shown: SegmentPage, qtbot: Any) -> None:
    ask(shown, "red " * 12 + "green")
    qtbot.waitUntil(lambda: shown.banner.notice is not None, timeout=PATIENCE)
    assert "too long" in shown.banner.notice.message
    answered(shown, qtbot, 1)


def test_a_bundle_that_broke_meanwhile_is_told(shown: SegmentPage, qtbot: Any, tmp_path: Path) -> None:
    other = write_tiny_bundle(tmp_path / "other", labels=False, name="other")
    shown.open_bundle(other)
    qtbot.waitUntil(lambda: shown.side.model.title == "other")
    (other / "mask.onnx").write_bytes(b"no longer a graph")
    ask(shown, "red")
    qtbot.waitUntil(lambda: shown.banner.notice is not None, timeout=PATIENCE)
    assert "mask.onnx is damaged" in shown.banner.notice.message


@pytest.mark.skipif(os.name == "nt", reason="processes cannot be stopped by a signal there")
def test_a_killed_worker_is_told_and_the_next_question_works(
    shown: SegmentPage, engine: EngineClient, qtbot: Any
) -> None:
    pids = []
    engine.event.connect(lambda event: pids.append(event.pid) if isinstance(event, JobStarted) else None)
    ask(shown, "red")
    answered(shown, qtbot, 1)
    os.kill(pids[-1], signal.SIGSTOP)  # so that it cannot answer before it is killed
    ask(shown, "green")
    os.kill(pids[-1], signal.SIGKILL)
    qtbot.waitUntil(lambda: shown.banner.notice is not None, timeout=PATIENCE)
    assert "killed" in shown.banner.notice.message
    assert [layer.phrase for layer in shown.viewer.state.layers] == ["red"]
    ask(shown, "green")
    answered(shown, qtbot, 2)


def test_a_mask_is_made_cleaner_without_asking_again_and_saved_so(
    shown: SegmentPage, qtbot: Any, tmp_path: Path
) -> None:
    ask(shown, "red\ngreen")
    answered(shown, qtbot, 2)
    red, green = shown.viewer.state.layers
    assert (red.voxels(0.5), green.voxels(0.5)) == (16, 32)
    shown.side.answers.cleaner.smallest.setValue(17)
    qtbot.waitUntil(lambda: red.voxels(0.5) == 0, timeout=PATIENCE)
    assert green.voxels(0.5) == 32
    assert shown.side.answers.layer_list.findChild(QLabel, "layerAmount0").text() == "not found"
    assert red.highest > 0.5  # what the model said is still known

    shown.controller.layers.remove(red)
    shown.controller.saver.save(tmp_path / "mask", lambda _path: False)
    qtbot.waitUntil(lambda: shown.status.text().startswith("Saved"), timeout=PATIENCE)
    assert np.count_nonzero(np.asarray(Image.open(tmp_path / "mask.png"))) == 32
    assert '"smallest": 17.0' in receipt_beside(tmp_path / "mask.png").read_text()

    shown.side.answers.cleaner.smallest.setValue(33)
    qtbot.waitUntil(lambda: green.voxels(0.5) == 0, timeout=PATIENCE)
    shown.side.answers.cleaner.smallest.setValue(0)
    qtbot.waitUntil(lambda: green.voxels(0.5) == 32, timeout=PATIENCE)


def test_what_is_not_found_starts_hidden_and_can_be_looked_at(shown: SegmentPage, qtbot: Any, tmp_path: Path) -> None:
    strict = Presence(cut=0.999, shown=9, absent=9, shown_found=1.0)
    shown.open_bundle(write_tiny_bundle(tmp_path / "strict", labels=False, name="strict", presence=strict))
    qtbot.waitUntil(lambda: shown.side.model.title == "strict")
    ask(shown, "red")
    answered(shown, qtbot, 1)
    (red,) = shown.viewer.state.layers
    assert not red.visible
    amount = shown.side.answers.layer_list.findChild(QLabel, "layerAmount0")
    assert amount.text() == "not found"
    assert "calibrated" in amount.toolTip()
    shown.side.answers.layer_list.findChild(QCheckBox, "layerCheck0").click()
    assert red.visible
    assert shown.viewer.state.mask_of(red).sum() == 16


def test_what_counts_as_found_is_set_taken_back_and_kept_in_the_receipt(
    shown: SegmentPage, qtbot: Any, tmp_path: Path
) -> None:
    strict = Presence(cut=0.999, shown=9, absent=9, shown_found=1.0)
    shown.open_bundle(write_tiny_bundle(tmp_path / "strict", labels=False, name="strict", presence=strict))
    qtbot.waitUntil(lambda: shown.side.model.title == "strict")
    ask(shown, "red")
    answered(shown, qtbot, 1)
    (red,) = shown.viewer.state.layers
    box, editor = shown.side.answers.cleaner, shown.controller.editor
    check = shown.side.answers.layer_list.findChild(QCheckBox, "layerCheck0")
    assert (red.visible, red.voxels(0.5)) == (False, 0)

    box.show_all.click()
    assert (red.visible, check.isChecked(), red.voxels(0.5)) == (True, True, 16)
    assert not box.found_from.isEnabled()
    shown.controller.saver.save(tmp_path / "mask", lambda _path: False)
    qtbot.waitUntil(lambda: shown.status.text().startswith("Saved"), timeout=PATIENCE)
    assert np.count_nonzero(np.asarray(Image.open(tmp_path / "mask.png"))) == 16
    assert json.loads(receipt_beside(tmp_path / "mask.png").read_text())["settings"]["presence"] == 0.0

    editor.undo()
    assert (red.visible, check.isChecked(), red.voxels(0.5)) == (False, False, 0)
    assert not box.show_all.isChecked()
    editor.redo()
    assert (red.visible, red.voxels(0.5)) == (True, 16)
    box.show_all.click()

    box.found_from.setValue(0.3)
    assert (red.visible, red.voxels(0.5)) == (True, 16)
    box.found_from.setValue(0.999)
    assert red.presence < 0.999
    assert (red.visible, red.voxels(0.5)) == (False, 0)
    shown.side.answers.layer_list.show_amounts(0.5, None)
    assert "as set below" in shown.side.answers.layer_list.findChild(QLabel, "layerAmount0").toolTip()
    ask(shown, "red\ngreen")  # what comes anew is judged alike
    answered(shown, qtbot, 2)
    assert [layer.visible for layer in shown.viewer.state.layers] == [False, False]
    box.found_from.setValue(0.0)
    assert box.cleaning.presence is None
