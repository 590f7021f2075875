"""An answer beside a true mask, opened by the engine; masks of other scans are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.jobs import open_scan
from engine.volumes.geometry import Geometry
from engine.volumes.volume import Volume
from tunevlseg_gui.pages.segment.page import SegmentPage
from tunevlseg_gui.viewer.slice_words import comparison_words

IDENTITY = (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)


def block(level: int, columns: slice = slice(8, 22)) -> np.ndarray:
    levels = np.zeros((6, 20, 30), np.uint8)
    levels[:, 5:15, columns] = level
    return levels


@pytest.fixture
def asked(opened: SegmentPage, desk: Any, qtbot: Any) -> SegmentPage:
    opened.side.prompt_edit.setPlainText("liver")
    opened.controller.asker.ask()
    desk.answer(liver=block(200))
    qtbot.waitUntil(lambda: len(opened.viewer.state.layers) == 1)
    return opened


def open_mask(
    page: SegmentPage, desk: Any, tmp_path: Path, monkeypatch: Any, voxels: np.ndarray, origin: float = 0.0
) -> None:
    mask = Volume(voxels, Geometry((1.0, 1.0, 4.0), (origin, 0.0, 0.0), IDENTITY))
    monkeypatch.setattr(open_scan, "read_mask", lambda _path: mask)
    path = tmp_path / "truth.nii.gz"
    path.write_bytes(b"stands for a mask")
    page.ask_mask_path = lambda: str(path)  # type: ignore[method-assign]
    page.side.answers.compare.open_button.click()
    desk.open()


def test_dice_and_colours_follow_label_and_threshold(
    asked: SegmentPage, desk: Any, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    truth = block(2, slice(15, 25))
    truth[:, 0, 0] = 1
    open_mask(asked, desk, tmp_path, monkeypatch, truth)
    box, state = asked.side.answers.compare, asked.viewer.state
    qtbot.waitUntil(lambda: state.comparison is not None)
    assert [box.value_combo.itemText(row) for row in range(3)] == ["all labels", "label 1", "label 2"]
    box.value_combo.setCurrentIndex(2)
    box.value_combo.activated.emit(2)
    qtbot.waitUntil(lambda: box.dice.text() == f"Dice over the whole scan: {2 * 70 / 240:.3f}")
    assert comparison_words(state) == f"Dice: slice {2 * 70 / 240:.3f}, whole {2 * 70 / 240:.3f}"
    asked.controller.layers.set_threshold(0.9)
    qtbot.waitUntil(lambda: box.dice.text() == "Dice over the whole scan: 0.000")
    box.end_clicked.emit()
    assert state.comparison is None
    assert not box.value_combo.isVisible()


def test_a_mask_of_another_grid_is_refused(
    asked: SegmentPage, desk: Any, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    open_mask(asked, desk, tmp_path, monkeypatch, block(1), origin=30.0)
    qtbot.waitUntil(asked.banner.isVisible)
    assert asked.viewer.state.comparison is None
    assert "grid" in asked.banner.notice.message


def test_grey_values_are_no_mask(asked: SegmentPage, desk: Any, tmp_path: Path, monkeypatch: Any, qtbot: Any) -> None:
    grey = np.linspace(-1000, 1000, 3600).reshape(6, 20, 30).astype(np.float32)
    open_mask(asked, desk, tmp_path, monkeypatch, grey)
    qtbot.waitUntil(asked.banner.isVisible)
    assert "not labels" in asked.banner.notice.message


def test_a_new_answer_to_the_phrase_is_compared_instead(
    asked: SegmentPage, desk: Any, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    open_mask(asked, desk, tmp_path, monkeypatch, block(1))
    state = asked.viewer.state
    qtbot.waitUntil(lambda: state.comparison is not None)
    first = state.layers[0]
    asked.controller.asker.ask()
    desk.answer(liver=block(250))
    qtbot.waitUntil(lambda: state.layers[0] is not first)
    assert state.comparison is not None
    assert state.comparison.predicted is state.layers[0]


def test_what_the_reader_notes_of_a_mask_is_told(
    asked: SegmentPage, desk: Any, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    """Such as which segment is which label, and what overlaps cost."""
    notes = ("The file holds segments: 1 liver.", "9 voxels belong to several segments; the earlier one has them.")
    mask = Volume(block(1), Geometry((1.0, 1.0, 4.0), (0.0, 0.0, 0.0), IDENTITY), notes=notes)
    monkeypatch.setattr(open_scan, "read_mask", lambda _path: mask)
    (tmp_path / "truth.seg.nrrd").write_bytes(b"stands for a mask")
    asked.ask_mask_path = lambda: str(tmp_path / "truth.seg.nrrd")  # type: ignore[method-assign]
    asked.side.answers.compare.open_button.click()
    desk.open()
    qtbot.waitUntil(lambda: asked.banner.notice is not None)
    assert asked.banner.notice.message == "truth.seg.nrrd: The file holds segments: 1 liver."
    assert "the earlier one has them" in asked.banner.notice.hint


def test_a_mask_without_the_empty_slices_lies_where_it_belongs(
    asked: SegmentPage, desk: Any, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    """As a DICOM SEG leaves them out."""
    truth = block(1)
    mask = Volume(truth[2:5], Geometry((1.0, 1.0, 4.0), (0.0, 0.0, 8.0), IDENTITY))
    monkeypatch.setattr(open_scan, "read_mask", lambda _path: mask)
    (tmp_path / "mask.dcm").write_bytes(b"stands for a mask")
    asked.ask_mask_path = lambda: str(tmp_path / "mask.dcm")  # type: ignore[method-assign]
    asked.side.answers.compare.open_button.click()
    desk.open()
    state = asked.viewer.state
    qtbot.waitUntil(lambda: state.comparison is not None)
    assert np.array_equal(state.comparison.truth[2:5], truth[2:5])
    assert not state.comparison.truth[[0, 1, 5]].any()
