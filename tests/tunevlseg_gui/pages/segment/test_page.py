"""The page as a whole: its widgets, the keyboard, what is dropped on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.contract.events import ScanGrows
from engine.contract.jobs import OpenScan
from tests.tunevlseg_gui.pages.segment.conftest import LEFT, answered, ask, block
from tunevlseg_gui.pages.segment.page import SegmentPage

NAMES = """promptEdit segmentButton thresholdSlider opacitySlider saveMaskButton bundleCombo sliceView planeCombo
outlineCheck statusLabel cancelButton overlayCheck openScanButton openBundleButton tuneButton axisCombo sliceSlider
windowCombo readout layerList""".split()


@pytest.mark.parametrize("name", NAMES)
def test_an_outside_driver_finds_every_widget_by_name(page: SegmentPage, name: str) -> None:
    assert len(page.findChildren(QWidget, name)) == 1


def test_the_slash_goes_to_the_prompt_box(opened: SegmentPage, qtbot: Any) -> None:
    opened.viewer.view.setFocus()
    QTest.keyClicks(opened.viewer.view, "/")
    qtbot.waitUntil(opened.side.prompt_edit.hasFocus)
    QTest.keyClicks(opened.side.prompt_edit, "sad 1")
    assert opened.side.prompt_edit.toPlainText() == "sad 1"
    assert opened.viewer.state.overlay_on


def dropped(page: SegmentPage, path: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    actions, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(20, 20), actions, data, LEFT, no_keys)
    page.dragEnterEvent(enter)
    if enter.isAccepted():
        page.dropEvent(QDropEvent(QPointF(20, 20), actions, data, LEFT, no_keys))
    return enter.isAccepted()


def test_dropping_a_scan_opens_it_and_a_dataset_is_left_to_the_window(
    page: SegmentPage, desk: Any, picture: Path, tmp_path: Path
) -> None:
    assert dropped(page, picture)
    assert desk.last(OpenScan)[1].path == str(picture)
    assert not dropped(page, tmp_path)


def grown(page: SegmentPage, desk: Any, path: Path, qtbot: Any) -> str:
    """Opens a scan of which the first slices are there; the id of its job."""
    page.open_scan(path)
    job_id, job = desk.last(OpenScan)
    folder = Path(job.out)
    folder.mkdir(parents=True)
    np.save(folder / "early.npy", np.zeros((6, 20, 30), np.int16))
    plain = {"geometry": None, "value_range": [0, 1], "display_range": [0, 1]}
    desk.event.emit(ScanGrows(job_id, {**plain, "folder": str(folder), "voxels": "early.npy"}, 0, 3))
    qtbot.waitUntil(page.early.isVisible)
    return str(job_id)


def test_masks_that_are_out_of_sight_are_not_changed_while_another_scan_is_read(
    opened: SegmentPage, desk: Any, tmp_path: Path, qtbot: Any
) -> None:
    before = opened.controller.scan
    opened.controller.layers.add_empty()
    opened.edit_bar.tool_buttons["paint"].click()
    qtbot.waitUntil(lambda: not opened.controller.editor.busy)
    grown(opened, desk, tmp_path / "next.nii.gz", qtbot)
    view = opened.early.panes.main
    QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(opened.viewer.state.layers) == 1
    assert not opened.edit_bar.isEnabled()
    assert not opened.side.answers.isEnabled()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not opened.early.isVisible()
    assert opened.controller.scan is before
    assert opened.controller.editor.tool_name == "paint"
    assert opened.edit_bar.isEnabled()


def test_brackets_choose_the_mask_that_is_edited_and_shown_as_a_heat_map(
    opened: SegmentPage, desk: Any, qtbot: Any
) -> None:
    ask(opened, "left", "right")
    desk.answer(left=block(200), right=block(180, slice(15, 22)))
    left, right = answered(opened, qtbot, 2)
    state, editor, view = opened.viewer.state, opened.controller.editor, opened.viewer.view
    view.setFocus()
    chosen = state.chosen_layer
    QTest.keyClicks(view, "]")
    assert {chosen, state.chosen_layer} == {left, right}
    assert editor.layer is state.chosen_layer
    QTest.keyClicks(view, "[")
    assert editor.layer is state.chosen_layer is chosen
    other = right if chosen is left else left
    row = opened.edit_bar.layer_combo.findText(other.phrase)
    opened.edit_bar.layer_combo.activated.emit(row)
    assert state.chosen_layer is other
