"""Things dragged over the window: said what a drop would do, opened where they belong, or refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from pytestqt.qtbot import QtBot

from engine.runs.folders import home
from tunevlseg_gui.main_window import MainWindow

WAIT = 20_000
ACTION, BUTTON, KEYS = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def mime(*paths: Path) -> QMimeData:
    made = QMimeData()
    made.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return made


def drag(window: MainWindow, *paths: Path) -> QMimeData:
    data = mime(*paths)
    event = QDragEnterEvent(QPoint(5, 5), ACTION, data, BUTTON, KEYS)
    window.dragEnterEvent(event)
    assert event.isAccepted()
    return data


def drop(window: MainWindow, *paths: Path) -> None:
    data = mime(*paths)
    window.dropEvent(QDropEvent(QPointF(5, 5), ACTION, data, BUTTON, KEYS))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "polyps"
    (folder / "images").mkdir(parents=True)
    return folder


def test_a_drag_says_what_a_drop_would_do(qtbot: QtBot, window: MainWindow, dataset: Path, tmp_path: Path) -> None:
    kept = drag(window, dataset)
    assert window.veil.isVisible()
    qtbot.waitUntil(lambda: window.veil.title.text() == "Open the dataset", timeout=WAIT)
    assert window.veil.size() == window.size()
    # No field of text below it would take the path of the file for a phrase.
    under = window.childAt(window.rect().center())
    assert under is window.veil or under.parentWidget() is window.veil
    assert not window.veil.acceptDrops()
    window.dragLeaveEvent(QDragLeaveEvent())
    assert not window.veil.isVisible()
    letter = tmp_path / "letter.docx"
    letter.touch()
    kept = drag(window, letter)
    qtbot.waitUntil(lambda: window.veil.refused, timeout=WAIT)
    assert "NIfTI" in window.veil.line.text()
    del kept


def test_a_dropped_folder_opens_and_is_remembered(window: MainWindow, qtbot: QtBot, dataset: Path) -> None:
    drop(window, dataset)
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.stack.currentWidget() is window.page("data")
    saved = json.loads((home() / "settings.json").read_text())
    assert saved["recent"][0]["path"] == str(dataset)
    assert window.start.recent.item(0).text().startswith("polyps")


def test_text_is_no_file(window: MainWindow) -> None:
    text = QMimeData()
    text.setText("a phrase")
    event = QDragEnterEvent(QPoint(5, 5), ACTION, text, BUTTON, KEYS)
    event.ignore()
    window.dragEnterEvent(event)
    assert not event.isAccepted()
    assert not window.veil.isVisible()


def test_a_dataset_yaml_opens_its_folder_and_a_table_its_labels(
    qtbot: QtBot, window: MainWindow, dataset: Path, tmp_path: Path
) -> None:
    table = tmp_path / "labels.ctbl"
    table.write_text("1 colon_polyp 1 2 3 255\n")
    drop(window, table)
    assert "Open a dataset first" in window.banner.notice.hint
    (dataset / "dataset.yaml").write_text("version: 1\n")
    drop(window, dataset / "dataset.yaml")
    qtbot.waitUntil(lambda: window.project.ready, timeout=WAIT)
    assert window.project.folder == dataset
    assert window.settings.recent[0].path == str(dataset)
    drop(window, table)
    assert window.project.labels[0].name == "colon polyp"
    assert window.settings.recent[0].path == str(dataset)


def test_several_things_are_told_and_none_opens(window: MainWindow, dataset: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    drop(window, dataset, other)
    assert "2 things" in window.banner.notice.message
    assert window.project.folder is None


def test_base_weights_are_imported_where_they_are_dropped(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    weights = tmp_path / "clipseg-rd64"
    weights.mkdir()
    for name in ("config.json", "model.safetensors"):
        (weights / name).touch()
    drag(window, weights)
    qtbot.waitUntil(lambda: window.veil.title.text() == "Import the base weights", timeout=WAIT)
    drop(window, weights)
    assert window.stack.currentWidget() is window.page("models")
    qtbot.waitUntil(lambda: window.banner.notice is not None, timeout=WAIT)
    assert window.banner.notice.message.endswith("is installed.")
    window.show_page("tune")  # where a model is being chosen, it stays there
    drop(window, weights)
    assert window.stack.currentWidget() is window.page("tune")
    qtbot.waitUntil(lambda: window.banner.notice is not None, timeout=WAIT)
