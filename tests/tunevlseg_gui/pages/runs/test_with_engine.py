"""The Scores tab and a report with the real engine on a real run of a tiny model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.contract.control import CancelToken
from engine.contract.jobs import Tune
from engine.jobs import tune
from engine.synthetic.sample_data import write_dataset
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.report_dialog import ReportDialog
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.pages.runs.scores_panel import ScoresPanel

WAIT = 120_000


@pytest.fixture
def client(qapp: object) -> Iterator[EngineClient]:
    made = EngineClient()
    yield made
    made.close()


@pytest.mark.slow
def test_from_scores_to_report(client: EngineClient, qtbot: QtBot, tiny_weights: Path, tmp_path: Path) -> None:
    write_dataset("polyps", tmp_path / "polyps", count=10)
    values = {
        "version": 1,
        "data": {"folder": str(tmp_path / "polyps"), "split": {"train": 0.4, "val": 0.2, "test": 0.4}},
        "model": {"name": "clipseg", "weights": str(tiny_weights)},
        "strategy": {"name": "zero_shot"},
        "training": {"device": "cpu", "threads": 1, "previews": False},
    }
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text(yaml.safe_dump(values), encoding="utf-8")
    tune.run(Tune(str(recipe), str(run)), lambda event: None, CancelToken(), "job")
    panel = ScoresPanel(client)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.summary.values.rowCount() == 1)
    panel.bar.split.setCurrentIndex(panel.bar.split.findData("val"))
    qtbot.mouseClick(panel.bar.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.summary.values.rowCount() == 2, timeout=WAIT)
    assert (run / "scores-val.csv").exists()
    qtbot.waitUntil(lambda: panel.cases.values.rowCount() == 2)
    panel.cases.selectRow(0)
    qtbot.waitUntil(lambda: not panel.picture.pictures[0].pixmap.isNull(), timeout=WAIT)

    dialog = ReportDialog(client, [RunRow(run, "polyps")])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.open_file.isVisible, timeout=WAIT)
    assert dialog.banner.notice is None
    text = (run / "report-polyps.html").read_text(encoding="utf-8")
    assert text.count("data:image/jpeg") == 3
