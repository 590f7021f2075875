"""The page on the real engine: cases moved by keys with their patients, kept for tuning, undone; a case seen large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.contract.control import CancelToken
from engine.data.config import DataConfig
from engine.data.report import inspect
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.dataset import Split
from tunevlseg_gui.pages.data.page import DataPage
from tunevlseg_gui.project import Project

WAIT = 120_000
K = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten patients with two images each; one mask is missing."""
    home = tmp_path / "set"
    rows, columns = np.mgrid[:40, :60]
    rng = np.random.default_rng(5)
    for patient in range(10):
        for number in range(2):
            mask = ((rows - 20) ** 2 + (columns - 15 - 3 * patient) ** 2 < 30 + 8 * patient).astype(np.uint8) * 255
            image = rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)
            for kind, pixels in (("images", image), ("masks", mask)):
                path = home / kind / f"patient{patient:02}_{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
    (home / "masks" / "patient09_1.png").unlink()
    return home


@pytest.fixture
def page(qtbot: QtBot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataPage]:
    monkeypatch.setenv("TUNEVLSEG_HOME", str(tmp_path / "home"))
    client = EngineClient()
    made = DataPage(client, Project())
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.open_folder(folder)
    qtbot.waitUntil(lambda: made.project.ready, timeout=WAIT)
    yield made
    client.close()


def _placed(data: dict[str, Any]) -> dict[str, str]:
    """What tuning reads: the same inspection, of the recipe's data."""
    report = inspect(DataConfig.model_validate(data), 12345, lambda event: None, CancelToken())
    return {item.case.case_id: item.split for item in report.cases}


def test_cases_are_moved_by_a_key_with_their_patients_and_tuning_sees_it(qtbot: QtBot, page: DataPage) -> None:
    project, browser = page.project, page.browser
    assert len(browser.model.rows) == 19
    found = {row.case_id: row.split for row in project.cases}
    assert _placed(project.data_for_recipe()) == found
    train = [row.case_id for row in project.cases if row.split == "train" and row.case_id.endswith("_0")][:2]
    browser.grid.select_rows(browser.model.runs(train))
    browser.grid.setFocus()
    qtbot.waitUntil(browser.grid.hasFocus)
    QTest.keyClick(browser.grid, K.Key_2)
    both = {name.replace("_0", end) for name in train for end in ("_0", "_1")}
    assert project.moves == dict.fromkeys(both, "val")
    assert not project.ready  # until the file that says so is there
    qtbot.waitUntil(lambda: "2 more of the same patients" in browser.selection_bar.told.text())
    qtbot.waitUntil(lambda: project.ready, timeout=WAIT)
    after = _placed(project.data_for_recipe())
    assert after == found | dict.fromkeys(both, "val")
    QTest.keyClick(page, K.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert project.moves == {}
    assert project.ready
    assert _placed(project.data_for_recipe()) == found


def test_a_move_leaves_rows_that_stay_in_place_alone(qtbot: QtBot, page: DataPage) -> None:
    """Ten thousand of them would be selected anew else."""
    browser = page.browser
    browser.grid.selectAll()
    with qtbot.assertNotEmitted(browser.model.modelReset):
        browser.move("test")
    assert set(page.project.moves.values()) == {"test"}
    assert len(browser.selected()) == browser.grid.selected_count == len(browser.model.rows)
    browser.filter_bar.split.setCurrentIndex(browser.filter_bar.split.findData("train"))
    assert browser.model.rows == []


def test_a_split_without_a_validation_case_is_no_split(qtbot: QtBot, page: DataPage) -> None:
    page.browser.grid.selectAll()
    page.browser.move("train")
    assert "No case is left in val" in page.project.split_problem
    assert not page.tune.isEnabled()
    page.project.undo_stack.undo()
    assert page.tune.isEnabled()


def test_a_split_drawn_here_is_the_one_that_tuning_draws(qtbot: QtBot, page: DataPage) -> None:
    project = page.project
    before = {row.case_id: project.split_of(row) for row in project.cases}
    with qtbot.waitSignal(project.cases_moved, timeout=WAIT):
        page.controller.share_out(Split(50, 30, 20))
    drawn = {row.case_id: project.split_of(row) for row in project.cases}
    assert drawn != before
    assert _placed(project.data_for_recipe()) == drawn
    project.undo_stack.undo()
    assert {row.case_id: project.split_of(row) for row in project.cases} == before


def test_the_split_is_saved_where_the_user_wants_it(qtbot: QtBot, page: DataPage, folder: Path, tmp_path: Path) -> None:
    page.project.move_cases({"patient00_0": "test", "patient00_1": "test"})
    out = tmp_path / "elsewhere" / "dataset.yaml"
    page.ask_save_path = lambda: str(out)  # type: ignore[method-assign]
    with qtbot.waitSignal(page.notice, timeout=WAIT) as told:
        qtbot.mouseClick(page.browser.selection_bar.save, Qt.MouseButton.LeftButton)
    assert str(out) in told.args[0].message
    assert _placed({"folder": str(out.parent)})["patient00_1"] == "test"
    assert not (folder / "dataset.yaml").exists()


def test_another_look_keeps_the_moves(qtbot: QtBot, page: DataPage) -> None:
    project = page.project
    project.move_cases({"patient01_0": "test", "patient01_1": "test"})
    found = project.found
    page.controller.inspect()
    qtbot.waitUntil(lambda: project.found is not found and project.ready, timeout=WAIT)
    assert _placed(project.data_for_recipe())["patient01_0"] == "test"
    project.undo_stack.undo()
    assert project.moves == {}
    row = next(row for row in project.cases if row.case_id == "patient01_0")
    assert row.split == _placed(project.data_for_recipe())["patient01_0"]


def test_a_case_is_seen_large_and_the_arrows_step(qtbot: QtBot, page: DataPage) -> None:
    page.browser.grid.setFocus()
    page.browser.show_case(3)
    QTest.keyClick(page.browser.grid, K.Key_Return)
    large, state = page.large, page.large.viewer.state
    assert page.body.currentWidget() is large
    qtbot.waitUntil(lambda: bool(state.layers), timeout=WAIT)
    assert large.name.text() == page.browser.model.rows[3].case_id
    with Image.open(Path(str(page.project.folder)) / "masks" / f"{large.name.text()}.png") as mask:
        truth = np.asarray(mask) > 0
    assert (state.mask_of(state.layers[0]) == truth).all()
    first = state.scan
    QTest.keyClick(large.viewer.view, K.Key_Right)
    qtbot.waitUntil(lambda: state.scan is not first and bool(state.layers), timeout=WAIT)
    assert page.browser.grid.currentIndex().row() == 4
    assert large.name.text() == page.browser.model.rows[4].case_id
    qtbot.waitUntil(large.viewer.view.hasFocus)
    QTest.keyClick(large.viewer.view, K.Key_Escape)
    assert page.body.currentWidget() is not large


def test_thumbnails_of_what_is_in_sight_are_drawn_and_coloured_anew(qtbot: QtBot, page: DataPage) -> None:
    qtbot.waitUntil(lambda: page.browser.drawn, timeout=WAIT)
    name = page.browser.model.rows[0].case_id
    before = page.browser.store.pixmap(name).toImage()
    page.project.change_label(1, "colour", colour="#0000FF")
    qtbot.waitUntil(lambda: page.browser.drawn, timeout=WAIT)
    after = page.browser.store.pixmap(name).toImage()
    assert before != after
    page.browser.selection_bar.masks.setChecked(False)
    qtbot.waitUntil(lambda: page.browser.drawn, timeout=WAIT)
    assert page.browser.store.pixmap(name).toImage() not in (before, after)


def test_problems_of_phrases_follow_the_label_table(qtbot: QtBot, page: DataPage) -> None:
    project = page.project
    files = [problem for problem in project.found.problems if not problem["kind"].startswith("phrase")]

    def kinds() -> set[str]:
        return {card.group.kind for card in page.side.problems.cards if card.group.kind.startswith("phrase")}

    project.change_label(1, "phrase", phrase="object")
    qtbot.waitUntil(lambda: kinds() == {"phrase_missing"}, timeout=WAIT)
    project.change_label(1, "phrase", phrase="no polyp at all")
    qtbot.waitUntil(lambda: kinds() == {"phrase_contradicts"}, timeout=WAIT)
    assert [problem for problem in project.found.problems if problem["kind"] != "phrase_contradicts"] == files
    project.undo_stack.undo()
    qtbot.waitUntil(lambda: kinds() == {"phrase_missing"}, timeout=WAIT)
    project.undo_stack.undo()
    qtbot.waitUntil(lambda: kinds() == {"phrase_from_folder"}, timeout=WAIT)
    assert [problem for problem in project.found.problems if not problem["kind"].startswith("phrase")] == files


def test_a_case_moved_after_given_splits_were_drawn_anew_is_tuned_where_it_lies(
    qtbot: QtBot, page: DataPage, folder: Path
) -> None:
    """The file of the moves holds every case's split: no draw may come after it."""
    for kind in ("images", "masks"):
        files = sorted((folder / kind).iterdir())
        for number, path in enumerate(files):
            home = folder / kind / ("val" if number < 4 else "train")
            home.mkdir(exist_ok=True)
            path.rename(home / path.name)
    project = page.project
    page.open_folder(folder)
    qtbot.waitUntil(lambda: project.ready and bool(project.found.splits_given), timeout=WAIT)
    with qtbot.waitSignal(project.cases_moved, timeout=WAIT):
        page.controller.share_out(Split(50, 30, 20))
    case = project.cases[0].case_id
    away = "test" if project.split_of(project.cases[0]) != "test" else "train"
    own, others = project.together([case], away)
    project.move_cases(dict.fromkeys([*own, *others], away))
    qtbot.waitUntil(lambda: project.ready, timeout=WAIT)
    wanted = {row.case_id: project.split_of(row) for row in project.cases}
    assert _placed(project.data_for_recipe()) == wanted
    counts, found = {name: size["cases"] for name, size in project.split_sizes().items()}, project.found
    page.controller.inspect()
    qtbot.waitUntil(lambda: project.found is not found and project.ready, timeout=WAIT)
    assert {name: size["cases"] for name, size in project.found.splits.items()} == counts
    project.undo_stack.undo()
    assert _placed(project.data_for_recipe()) == {row.case_id: project.split_of(row) for row in project.cases}
