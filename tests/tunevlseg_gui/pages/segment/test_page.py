"""The page as a whole: its widgets, the keyboard, what is dropped on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.contract.jobs import OpenScan
from tests.tunevlseg_gui.pages.segment.conftest import LEFT
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
