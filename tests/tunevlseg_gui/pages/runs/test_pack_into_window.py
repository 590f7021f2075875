"""A prompt pack dropped on the window: the real engine makes a run of it, or says why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from engine.contract.control import CancelToken
from engine.contract.jobs import Pack, Tune
from engine.jobs import pack, tune
from engine.runs.folders import runs_folder
from engine.runs.reader import Run
from engine.synthetic.sample_data import write_dataset
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    write_dataset("polyps", tmp_path / "polyps", count=12)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"version: 1\nname: polyps\ndata: {{folder: {tmp_path / 'polyps'}}}\nmodel: {{weights: starter}}\n"
        "strategy: {name: coop}\ntraining: {epochs: 1, device: cpu, threads: 1, previews: false}\n",
        encoding="utf-8",
    )
    tune.run(Tune(str(recipe), str(tmp_path / "run")), lambda event: None, CancelToken(), "job")
    out = tmp_path / "polyps.tvprompt"
    pack.run(Pack(str(tmp_path / "run"), str(out), calibrate=False), lambda event: None, CancelToken(), "job")
    return out


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(EngineClient())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(
            QPointF(200, 200),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def told(window: MainWindow) -> str:
    return "" if window.banner.notice is None else window.banner.notice.message


@pytest.mark.slow
def test_a_pack_becomes_a_run(qtbot: QtBot, window: MainWindow, packed: Path, tmp_path: Path) -> None:
    drop(window, packed)
    qtbot.waitUntil(lambda: "is a run now" in told(window), timeout=90_000)
    (made,) = [folder for folder in runs_folder().iterdir() if folder.is_dir()]
    assert Run.open(made).state == "finished"
    page = window.page("runs")
    assert page.live.folder == made
    assert window.banner.notice is not None
    assert f"tunevlseg import-pack {packed}" in window.banner.notice.hint
    page.detail.show_panel("settings")
    # Its data are not here: it cannot be tuned again, by no button and no command.
    qtbot.waitUntil(lambda: not page.detail.panel("settings").again.isEnabled())
    page.show_table()
    qtbot.waitUntil(lambda: [row.folder for row in page.overview.runs.chosen] == [made])
    offered = {action.objectName() for action in page.overview.menu().actions() if action.isEnabled()}
    assert {"menuPack", "menuExport", "menuReport"} <= offered
    assert not {"menuAgain", "menuSearch", "menuLabels", "menuCommand"} & offered
    damaged = tmp_path / "damaged.tvprompt"
    damaged.write_bytes(packed.read_bytes()[:-40])
    drop(window, damaged)
    qtbot.waitUntil(lambda: "damaged" in told(window), timeout=30_000)
    assert [folder for folder in runs_folder().iterdir() if folder.is_dir()] == [made]
