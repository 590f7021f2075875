"""A DICOM folder is opened by one of its series, which the user picks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from engine.contract.control import CancelToken
from engine.contract.events import JobFinished
from engine.contract.jobs import ListSeries, OpenScan, Segment
from engine.jobs import list_series
from engine.volumes.dicom.entry import SeriesEntry
from tests.fakes.dicom_files import MR, SERIES_UID, evenly, write_series
from tunevlseg_gui.pages.segment.page import SegmentPage
from tunevlseg_gui.pages.segment.series_dialog import SeriesDialog

SOUND = SeriesEntry(1, "aa", "CT", "Chest", "", "volume", 40, 512, 512, (0.7, 0.7, 2.5), "case")
BROKEN = SeriesEntry(2, "bb", "MR", "", "echo 1 of 2", "volume", 9, 64, 64, None, "case", problem="Slices are missing.")
PICTURE = SeriesEntry(3, "cc", "US", "", "", "picture", 1, 640, 480, None, "case")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    write_series(tmp_path / "case", evenly(4))
    write_series(
        tmp_path / "case", evenly(3), first=50, sop_class=MR, SeriesInstanceUID=SERIES_UID + ".9", SeriesNumber=9
    )
    return tmp_path / "case"


def list_it(desk: Any) -> None:
    job_id, job = desk.last(ListSeries)
    desk.event.emit(JobFinished(job_id, list_series.run(job, desk.event.emit, CancelToken(), job_id)))


def test_the_chosen_series_is_opened_asked_and_saved(
    page: SegmentPage, desk: Any, study: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "ask_series", lambda entries: entries[1])
    page.open_scan(study)
    list_it(desk)
    job = desk.last(OpenScan)[1]
    assert job.series
    desk.open()
    qtbot.waitUntil(lambda: page.controller.scan is not None)
    scan = page.controller.scan
    assert scan is not None
    assert scan.shape_zyx == (3, 6, 8)
    assert scan.shown == f"case-{job.series}"
    assert scan.named == study.with_name(f"case-{job.series}.nii.gz")
    page.side.prompt_edit.setPlainText("liver")
    page.controller.asker.ask()
    asked = desk.last(Segment)[1]
    assert (asked.scans, asked.series) == ([str(study)], job.series)
    # The other series of the same folder is another view.
    first = job.out
    monkeypatch.setattr(page, "ask_series", lambda entries: entries[0])
    page.open_scan(study)
    list_it(desk)
    assert desk.last(OpenScan)[1].out != first


@pytest.mark.parametrize("choice", ["keep", "deidentify", ""])
def test_a_dicom_seg_is_saved_once_it_is_said_whose_name_it_carries(
    choice: str, page: SegmentPage, desk: Any, study: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "ask_series", lambda entries: entries[0])
    page.open_scan(study)
    list_it(desk)
    desk.open()
    qtbot.waitUntil(lambda: page.controller.scan is not None)
    page.refresh_models()
    desk.list_models()
    page.side.prompt_edit.setPlainText("liver")
    qtbot.waitUntil(lambda: page.side.model is not None)
    page.controller.asker.ask()
    desk.answer(liver=np.full(page.controller.scan.shape_zyx, 200, np.uint8))
    qtbot.waitUntil(lambda: len(page.viewer.state.layers) == 1)
    jobs, target = desk.count(Segment), study.parent / "mask.dcm"
    monkeypatch.setattr(page, "ask_save_path", lambda: str(target))
    monkeypatch.setattr(page, "ask_identity", lambda: choice)
    page.side.answers.save_button.click()
    assert desk.count(Segment) == jobs + bool(choice)
    if choice:
        job = desk.last(Segment)[1]
        assert (job.out, job.identity) == (str(target), choice)
        assert job.colours == {"liver": "#{:02x}{:02x}{:02x}".format(*page.viewer.state.layers[0].colour)}


@pytest.mark.parametrize(
    ("name", "choice"), [("keepIdentityButton", "keep"), ("removeIdentityButton", "deidentify"), ("", "")]
)
def test_the_question_whose_name_a_dicom_seg_carries(name: str, choice: str, page: SegmentPage, qtbot: Any) -> None:
    told: list[str] = []

    def press() -> bool:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            return False
        told.append(box.text())
        button = box.findChild(QPushButton, name) if name else box.button(QMessageBox.StandardButton.Cancel)
        button.click()
        return True

    timer = QTimer()
    timer.timeout.connect(lambda: press() and timer.stop())
    timer.start(10)
    assert page.ask_identity() == choice
    assert "patient" in told[0]


def test_one_series_needs_no_question(
    page: SegmentPage, desk: Any, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "ask_series", lambda _entries: pytest.fail("asked"))
    page.open_scan(study / "IM0001")
    list_it(desk)
    assert desk.last(OpenScan)[1].path == str(study / "IM0001")


def test_a_closed_question_opens_nothing(
    page: SegmentPage, desk: Any, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "ask_series", lambda _entries: None)
    page.open_scan(study)
    list_it(desk)
    assert desk.count(OpenScan) == 0


def test_the_dialog_offers_what_can_be_opened(qtbot: Any) -> None:
    dialog = SeriesDialog([BROKEN, SOUND, PICTURE])
    qtbot.addWidget(dialog)
    assert dialog.table.currentRow() == 1
    texts = [dialog.table.item(1, column).text() for column in range(5)]
    assert texts == ["CT", "Chest", "40", "512 × 512", "0.7 × 0.7 × 2.5"]
    assert dialog.table.item(2, 2).text() == "picture"
    dialog.table.selectRow(0)
    assert not dialog.open_button.isEnabled()
    assert dialog.reason.text() == "Slices are missing."
    dialog.accept()
    assert dialog.chosen is None
    dialog.table.selectRow(2)
    dialog.open_button.click()
    assert dialog.chosen == PICTURE
