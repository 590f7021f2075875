"""A report is asked for, can be left, and never replaces a file that nobody chose."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.report_dialog import ReportDialog, report_path
from tunevlseg_gui.pages.runs.run_rows import RunRow


def dialog(qtbot: QtBot, client: EngineClient, folder: Path) -> ReportDialog:
    folder.mkdir(exist_ok=True)
    made = ReportDialog(client, [RunRow(folder, "my run")])
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_name_that_is_free_is_offered(tmp_path: Path) -> None:
    one, two = RunRow(tmp_path / "a", "a b/c"), RunRow(tmp_path / "b", "b")
    one.folder.mkdir()
    assert report_path([one]) == one.folder / "report-a-b-c.html"
    report_path([one]).write_text("x")
    assert report_path([one]) == one.folder / "report-a-b-c-2.html"
    assert report_path([one, two]) == tmp_path / "report-2-runs.html"


def test_it_is_made_and_can_be_opened(qtbot: QtBot, client: EngineClient, tmp_path: Path) -> None:
    made = dialog(qtbot, client, tmp_path / "run")
    made.names.setChecked(True)
    made.pictures.setChecked(False)
    job = made.job()
    assert (job.runs, job.case_names, job.pictures, job.overwrite) == ([str(tmp_path / "run")], True, False, False)
    qtbot.mouseClick(made.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(made.open_file.isVisible)
    assert made.title.text() == "The report is ready"


def test_only_the_file_that_was_chosen_is_replaced(
    qtbot: QtBot, client: EngineClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dialog(qtbot, client, tmp_path / "run")
    chosen = str(tmp_path / "mine.html")
    # The system's own file dialog cannot be driven here.
    ask = "tunevlseg_gui.pages.runs.report_dialog.QFileDialog.getSaveFileName"
    monkeypatch.setattr(ask, lambda *_: (chosen, ""))
    qtbot.mouseClick(made.browse, Qt.MouseButton.LeftButton)
    assert made.job().overwrite
    made.path.setText(str(tmp_path / "other.html"))
    assert not made.job().overwrite


def test_closing_leaves_it(qtbot: QtBot, client: EngineClient, tmp_path: Path) -> None:
    made = dialog(qtbot, client, tmp_path / "slow")
    with qtbot.waitSignal(
        client.event, check_params_cb=lambda event: type(event).__name__ == "Progress", timeout=10_000
    ):
        qtbot.mouseClick(made.start, Qt.MouseButton.LeftButton)
    ended = lambda event: type(event).__name__ == "JobCancelled"  # noqa: E731
    with qtbot.waitSignal(client.event, check_params_cb=ended, timeout=10_000):
        made.reject()


def test_a_failure_can_be_tried_again(qtbot: QtBot, client: EngineClient, tmp_path: Path) -> None:
    made = dialog(qtbot, client, tmp_path / "fail")
    qtbot.mouseClick(made.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: made.banner.notice is not None)
    assert made.start.isVisible()
    assert made.path.isEnabled()
