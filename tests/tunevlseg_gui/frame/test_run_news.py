"""What became of a run that nobody looked at, and the way to it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.events import JobCancelled, JobFailed
from engine.contract.jobs import Tune
from engine.runs.folders import runs_folder
from engine.runs.writer import RunWriter
from tests.fakes.run_folders import write_run
from tunevlseg_gui.frame.run_news import news_of
from tunevlseg_gui.main_window import MainWindow

WAIT = 20_000


def test_its_folder_tells_how_it_ended(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", name="polyps")
    found = news_of(run)
    assert found is not None
    assert (found.message, found.tone, found.run) == ("polyps has finished.", "good", run)
    assert found.hint.startswith("Best validation Dice 0.")
    writer = RunWriter(run)
    writer.event(JobFailed("j", "The disk is full.", hint="Make room."))
    failed = news_of(run)
    assert failed is not None
    assert (failed.tone, failed.hint) == ("danger", "The disk is full. Make room.")
    writer.event(JobCancelled("j"))
    assert news_of(run) is None, "it was cancelled by hand"
    assert news_of(tmp_path) is None


def test_a_run_that_ends_while_another_page_is_shown_can_be_opened_from_the_banner(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.begin([])
    run = runs_folder() / "quick"
    run.mkdir(parents=True)
    (run / "asked.yaml").write_text("version: 1\nname: quick\nstrategy: {name: vpt}\n", encoding="utf-8")
    window.client.start_run(Tune(str(run / "asked.yaml"), str(run)))
    qtbot.waitUntil(
        lambda: window.banner.notice is not None and "has finished" in window.banner.notice.message, timeout=WAIT
    )
    button = window.banner.findChild(QPushButton, "bannerOpenRun")
    assert button is not None
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    page = window.page("runs")
    qtbot.waitUntil(lambda: page.isVisible() and page.shows(run), timeout=WAIT)  # type: ignore[attr-defined]
    window.show_notice(None)
    window.news._ended(run)
    qtbot.wait(0)
    assert window.banner.notice is None, "it is on show"
