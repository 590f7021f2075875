"""What was edited of a dataset is there again when it is opened another day, and Undo takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.fakes import drawn_layouts as draw
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.dataset import Label, Split
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.pages.data.kept_edits import edits_of, file_for, read_edits, with_edits
from tunevlseg_gui.project import Project

WAIT = 60_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "set"
    for number in range(12):
        draw.save(home / f"images/c{number}.png", draw.photo(number))
        draw.save(home / f"masks/c{number}.png", draw.disc(number, 1) + 2 * draw.disc(90 + number, 1))
    return home


@pytest.fixture
def client(qapp: object) -> Iterator[EngineClient]:
    made = EngineClient()
    yield made
    made.close()


def opened(qtbot: QtBot, client: EngineClient, folder: Path) -> MainWindow:
    made = MainWindow(client)
    made.shut_down = lambda: None  # type: ignore[method-assign]  # the engine serves the next window too
    qtbot.addWidget(made)
    made.show()
    made.open_path(folder)
    qtbot.waitUntil(lambda: made.project.found is not None, timeout=WAIT)
    return made


def test_labels_phrases_and_splits_come_back_as_one_step(qtbot: QtBot, client: EngineClient, folder: Path) -> None:
    window = opened(qtbot, client, folder)
    project, page = window.project, window.page("data")
    page.controller.share_out(Split(50, 30, 20))
    qtbot.waitUntil(lambda: project.undo_stack.count() == 1, timeout=WAIT)
    home = project.split_of(project.cases[0])
    away = "test" if home == "train" else "train"
    project.move_cases({"c0": away})
    project.change_label(1, "phrase", phrase="a round thing", snomed="78961009")
    window.page("data").side.labels.editor.others.setPlainText("a disc")  # the cursor is still in it
    window.page("data").side.labels.editor.others.document().setModified(True)
    before = {row.case_id: project.split_of(row) for row in project.cases}
    window.close()
    again = opened(qtbot, client, folder)
    project = again.project
    qtbot.waitUntil(lambda: project.undo_stack.count() == 1, timeout=WAIT)
    assert {row.case_id: project.split_of(row) for row in project.cases} == before
    assert (project.labels[0].phrase, project.labels[0].snomed) == ("a round thing", "78961009")
    assert project.labels[0].alternatives == ("a disc",)
    assert again.banner.notice is not None
    assert "is back" in again.banner.notice.message
    qtbot.waitUntil(lambda: project.ready, timeout=WAIT)
    assert project.data_for_recipe()["folder"] != str(folder)
    project.undo_stack.undo()
    assert project.labels == project.labels_found
    assert (project.moves, project.split) == ({}, Split())
    again.close()
    assert not file_for(folder).exists()


def test_ignored_labels_stay_ignored_and_are_not_counted(qtbot: QtBot, client: EngineClient, folder: Path) -> None:
    window = opened(qtbot, client, folder)
    table = window.page("data").side.labels.table
    qtbot.waitUntil(lambda: table.model().rowCount() == 3, timeout=WAIT)  # they are shown in a turn of their own
    table.selectRow(1)
    window.page("data").side.labels.ignore.click()
    window.close()
    again = opened(qtbot, client, folder)
    qtbot.waitUntil(lambda: [label.value for label in again.project.labels] == [1, 3], timeout=WAIT)
    again.project.undo_stack.undo()
    assert [label.value for label in again.project.labels] == [1, 2, 3]
    again.close()


def test_what_the_dataset_says_itself_is_not_kept_beside_it(qtbot: QtBot, client: EngineClient, folder: Path) -> None:
    window = opened(qtbot, client, folder)
    project, page = window.project, window.page("data")
    project.move_cases({"c0": "test", "c1": "train"})
    page.keep_edits()
    assert file_for(folder).exists()
    page.controller.save(folder / "dataset.yaml")
    qtbot.waitUntil((folder / "dataset.yaml").exists, timeout=WAIT)
    qtbot.waitUntil(lambda: not file_for(folder).exists(), timeout=WAIT)
    window.close()


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "labels": [{}], "split": {}}', "\x00"])
def test_a_damaged_file_brings_nothing_back(tmp_path: Path, text: str) -> None:
    (tmp_path / "edits.json").write_text(text, encoding="utf-8")
    assert read_edits(tmp_path / "edits.json") == {}


def test_names_that_clash_by_now_leave_the_table_as_found(qapp: object) -> None:
    project = Project()
    project.labels_found = [Label(1, "liver", "liver", "#E69F00"), Label(2, "spleen", "spleen", "#56B4E9")]
    project.labels = [Label(1, "spleen one", "spleen", "#E69F00"), project.labels_found[1]]
    edits = {"labels": [(project.labels[0], False)], "ignored": set()}
    assert with_edits(project.labels_found, edits)[0].name == "spleen one"
    assert edits_of(project)["labels"][0]["value"] == 1
    now = [project.labels_found[0], Label(2, "spleen one", "spleen", "#56B4E9")]
    assert with_edits(now, edits) == now
