"""The Scores tab: evaluations beside each other, a job that is asked and can be left, cases worst first."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.contract.jobs import Evaluate
from engine.runs.layout import EVALUATIONS
from engine.runs.scores import evaluation_folder
from tests.fakes.run_folders import write_run, write_scores
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.score_rows import case_heads, label_heads, pair_heads, summary_heads
from tunevlseg_gui.pages.runs.scores_panel import ScoresPanel


@pytest.fixture
def panel(qtbot: QtBot, client: EngineClient) -> ScoresPanel:
    made = ScoresPanel(client)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    return made


def shown(panel: ScoresPanel, qtbot: QtBot, run: Path) -> None:
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.summary.values.rowCount() > 0)


def names(panel: ScoresPanel) -> list[tuple[str, str]]:
    return [(cells[0].text, cells[1].text) for cells, _ in panel.summary.values.rows]


def test_evaluations_stand_beside_each_other(panel: ScoresPanel, qtbot: QtBot, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    other = {"own_data": False, "data": "/other/clinic", "split": "all"}
    write_scores(evaluation_folder(run, "/other/clinic") / "scores-all.csv", 3, -0.1, 12, **other)
    shown(panel, qtbot, run)
    assert names(panel)[:2] == [("liver", "test"), ("liver", "clinic: all")]
    assert [name for name, _ in names(panel)] == ["liver"] * 2 + ["spleen"] * 2 + ["all"] * 2
    assert "(" in panel.summary.values.rows[0][0][3].text  # the interval
    assert "Drawn (synthetic)" in panel.rule.text()


def test_cases_come_worst_first_and_follow_the_evaluation(panel: ScoresPanel, qtbot: QtBot, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    shown(panel, qtbot, run)
    panel.summary.selectRow(1)
    qtbot.waitUntil(lambda: {row.label for _, row in panel.cases.values.rows} == {"spleen"})
    dice = [row.dice for _, row in panel.cases.values.rows]
    assert dice == sorted(dice)
    menu = panel.cases.orders()
    menu.actions()[4].trigger()
    distances = [row.hd95 for _, row in panel.cases.values.rows]
    assert distances == sorted(distances)


def test_what_is_asked_is_shown_when_it_is_there(panel: ScoresPanel, qtbot: QtBot, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", cases=0)
    panel.show_run(run)
    assert panel.nothing.text() == "Looking for scores…"
    qtbot.waitUntil(lambda: panel.nothing.isVisible() and panel.nothing.text().startswith("No scores yet"))
    panel.bar.split.setCurrentIndex(panel.bar.split.findData("val"))
    panel.bar.tolerance.setValue(1.5)
    assert panel.bar.job() == Evaluate(str(run), "", "val", "", 1.5)
    write_scores(run / "scores-val.csv", 1, 0.0, 6, split="val")  # as the engine would
    qtbot.mouseClick(panel.bar.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(names(panel)) == 3 and panel.bar.start.isVisible())
    assert not panel.bar.progress.isVisible()


def test_another_folder_has_a_place_of_its_own_in_the_run(panel: ScoresPanel, qtbot: QtBot, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    shown(panel, qtbot, run)
    panel.bar.use_data(str(tmp_path / "clinic"))
    job = panel.bar.job()
    assert job.data == str(tmp_path / "clinic")
    assert job.out.startswith(str(run / EVALUATIONS / "clinic-"))
    qtbot.mouseClick(panel.bar.own, Qt.MouseButton.LeftButton)
    assert panel.bar.job().out == ""


def test_an_evaluation_can_be_left(panel: ScoresPanel, qtbot: QtBot, tmp_path: Path) -> None:
    shown(panel, qtbot, write_run(tmp_path / "slow"))
    qtbot.mouseClick(panel.bar.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.bar.progress.maximum() == 100)
    assert "12 s left" in panel.bar.words.text()
    qtbot.mouseClick(panel.bar.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.bar.start.isVisible)


def test_a_failure_is_told(panel: ScoresPanel, qtbot: QtBot, tmp_path: Path) -> None:
    told: list[object] = []
    panel.notice.connect(told.append)
    shown(panel, qtbot, write_run(tmp_path / "fail"))
    qtbot.mouseClick(panel.bar.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[0] is None
    assert told[1] is not None
    assert panel.bar.start.isVisible()


def test_every_heading_of_scores_tells_what_it_means() -> None:
    heads = [*summary_heads(), *case_heads(), *pair_heads(("a", "b"), "hd95"), *label_heads(("a", "b"), "nsd")]
    assert [head.title for head in heads if len(head.tip) < 20] == []
