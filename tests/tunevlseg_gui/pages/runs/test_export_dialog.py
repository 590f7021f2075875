"""An export says where it goes and how it went, and replaces only a file that was chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.events import JobFinished, Log, Progress
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.export_dialog import ExportDialog, bundle_path

FINISHED = {
    "bundle": "/out/run.vlseg",
    "precision": "int8",
    "precision_note": "Weights only are rounded.",
    "megabytes": 4.25,
    "verdict": "verified against torch (int8)",
    "parity": {"verified": True},
}


@pytest.fixture
def dialog(qtbot: QtBot, client: EngineClient, tmp_path: Path) -> ExportDialog:
    made = ExportDialog(client, tmp_path, bundle_path(tmp_path, "mine"))
    qtbot.addWidget(made)
    made.show()
    return made


def test_it_says_where_the_bundle_goes_and_another_place_can_be_chosen(
    dialog: ExportDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dialog.place.toolTip() == str(tmp_path / "mine.vlseg")
    job = dialog.job()
    assert job is not None
    assert (job.out, job.overwrite) == (str(tmp_path / "mine.vlseg"), False)
    answers = iter([str(tmp_path / "old.vlseg"), str(tmp_path / "new"), ""])
    # The system's own file dialog cannot be driven here.
    ask = "tunevlseg_gui.pages.runs.export_dialog.QFileDialog.getSaveFileName"
    monkeypatch.setattr(ask, lambda *_: (next(answers), ""))
    button = dialog.findChild(QPushButton, "exportPlaceChoose")
    for out, overwrite in (("old.vlseg", True), ("new.vlseg", False), ("new.vlseg", False)):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        job = dialog.job()
        assert job is not None
        assert (job.out, job.overwrite) == (str(tmp_path / out), overwrite)


def test_of_several_files_none_is_replaced_unasked(
    dialog: ExportDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file dialog asks about the name that is chosen, not about NAME-fp32 and NAME-fp16."""
    ask = "tunevlseg_gui.pages.runs.export_dialog.QFileDialog.getSaveFileName"
    monkeypatch.setattr(ask, lambda *_: (str(tmp_path / "mine.vlseg"), ""))
    dialog.findChild(QPushButton, "exportPlaceChoose").click()
    dialog.boxes["fp16"].setChecked(True)
    job = dialog.job()
    assert job is not None
    assert (job.precision, job.overwrite) == ("fp32,fp16", False)
    dialog.boxes["fp16"].setChecked(False)
    job = dialog.job()
    assert job is not None
    assert job.overwrite


def test_progress_is_told_once_with_the_time_left_in_words(dialog: ExportDialog) -> None:
    for left in (93.0, 92.0):
        dialog.hear(Progress("job", 2, 5, "steps", left, "Tracing the image graph"))
    assert dialog.line.text() == "Tracing the image graph, 1 min 32 s left"


def test_what_is_not_as_it_should_be_is_told_at_the_end(dialog: ExportDialog) -> None:
    dialog.hear(Log("job", "The bundle is compared on drawn images only.", "warning"))
    dialog.hear(Log("job", "Loading the libraries and the model."))
    dialog.hear(JobFinished("job", FINISHED))
    assert dialog.banner.notice is not None
    assert dialog.banner.notice.message == "The bundle is compared on drawn images only."
    assert dialog.badge.text() == "verified"
    told = [widget.text() for widget in dialog.report.findChildren(type(dialog.line))]
    assert "4.2 MB, verified against torch (int8)" in told
    assert "Weights only are rounded." in told
