"""Imports in the window, by the real engine: a zip, and a checkpoint that lacks its tokenizer."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.runs.folders import models_folder
from tests.fakes.tiny_cris import tiny_cris, training_checkpoint, write_tiny_tokenizer
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.weights.more_models import MoreModels
from tunevlseg_gui.weights.store import WeightStore

WAIT = 60_000


@pytest.fixture
def client(qapp: object) -> Iterator[EngineClient]:
    made = EngineClient()
    yield made
    made.close()


@pytest.fixture
def panel(qtbot: QtBot, client: EngineClient) -> MoreModels:
    made = MoreModels(WeightStore.of(client))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_zip_is_imported(panel: MoreModels, qtbot: QtBot, client: EngineClient, tiny_weights: Path) -> None:
    file = tiny_weights.parent / "zipped.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for part in tiny_weights.iterdir():
            archive.write(part, f"clipseg/{part.name}")
    store = WeightStore.of(client)
    told: list[float] = []
    store.import_changed.connect(lambda found: told.append(found.total))
    with qtbot.waitSignal(store.installed, timeout=WAIT) as heard:
        store.import_from(str(file))
    assert heard.args == ["zipped"]
    assert max(told) > 0
    assert not panel.imports.bar.isVisible()


def test_a_missing_tokenizer_is_asked_for_and_given(
    panel: MoreModels, qtbot: QtBot, client: EngineClient, tmp_path: Path
) -> None:
    torch.save(training_checkpoint(tiny_cris().state_dict()), tmp_path / "best.pth")
    words = write_tiny_tokenizer(tmp_path / "words")
    store = WeightStore.of(client)
    told: list[Notice] = []
    store.notice.connect(told.append)
    panel.activateWindow()
    store.import_from(str(tmp_path / "best.pth"))
    wanting = panel.findChild(QWidget, "importWanting")
    qtbot.waitUntil(wanting.isVisible, timeout=WAIT)
    assert "no tokenizer" in panel.imports.problem.text()
    assert told == []
    field = panel.findChild(QLineEdit, "importTokenizer")
    qtbot.waitUntil(field.hasFocus)
    assert not panel.imports.go.isEnabled()
    qtbot.keyClicks(field, str(words))
    with qtbot.waitSignal(store.installed, timeout=WAIT) as heard:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert heard.args == ["best"]
    assert not wanting.isVisible()
    assert (models_folder() / "best" / "tokenizer.json").is_file()


def test_it_can_be_left(panel: MoreModels, qtbot: QtBot, client: EngineClient, tmp_path: Path) -> None:
    torch.save(training_checkpoint(tiny_cris().state_dict()), tmp_path / "best.pth")
    store = WeightStore.of(client)
    store.import_from(str(tmp_path / "best.pth"))
    wanting = panel.findChild(QWidget, "importWanting")
    qtbot.waitUntil(wanting.isVisible, timeout=WAIT)
    store.forget_import()
    assert not wanting.isVisible()
    assert not any(models_folder().glob("*"))


def test_one_import_at_a_time(panel: MoreModels, qtbot: QtBot, client: EngineClient, tiny_weights: Path) -> None:
    store = WeightStore.of(client)
    told: list[Notice] = []
    store.notice.connect(told.append)
    store.import_from(str(tiny_weights))
    store.import_from(str(tiny_weights))
    assert [notice.tone for notice in told] == ["warning"]
    qtbot.waitSignal(store.installed, timeout=WAIT).wait()
