"""The status bar of the window."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine.contract.events import JobFinished, Progress
from engine.contract.notices import RESEARCH_ONLY
from tunevlseg_gui.main_window import MainWindow

WAIT = 20_000


def test_it_names_the_device_and_says_research_use_only(window: MainWindow, qtbot: QtBot) -> None:
    window.begin([])
    qtbot.waitUntil(lambda: window.device.text() == "Device: CPU", timeout=WAIT)
    only = window.findChild(QLabel, "statusResearch")
    assert only is not None
    assert only.text() == "Research use only"
    assert window.banner.notice is not None
    assert window.banner.notice.message == RESEARCH_ONLY


def test_a_stage_goes_with_its_job(window: MainWindow) -> None:
    window.status._worker_changed("ready")
    window.client.event.emit(Progress("a", 1, 3, "runs", stage="reading"))
    assert window.work.text() == "Engine: reading 1 of 3 runs"
    window.client.event.emit(JobFinished("b", {}))
    assert window.work.text() == "Engine: reading 1 of 3 runs", "another one's end"
    window.client.event.emit(JobFinished("a", {}))
    assert window.work.text() == ""
