"""Repairs from the Data page on the real engine: new files are used, each step is undone, leaks end by moving cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import SimpleITK as sitk
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.data.listing import REPAIRED
from tests.fakes import drawn_layouts as draw
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.pages.data.problem_groups import ProblemGroup
from tunevlseg_gui.pages.data.repair_dialog import RepairDialog
from tunevlseg_gui.widgets.turns import none_wait

WAIT = 60_000


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(EngineClient())
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def opened(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    window.open_path(folder)
    qtbot.waitUntil(lambda: window.project.ready and none_wait(), timeout=WAIT)


def group(qtbot: QtBot, window: MainWindow, mending: str) -> ProblemGroup:
    """The problems that this mends, once they are shown."""
    problems = window.page("data").side.problems
    found: list[ProblemGroup] = []

    def shown() -> bool:
        found[:] = [card.group for card in problems.cards if card.group.mending == mending]
        return bool(found)

    qtbot.waitUntil(shown, timeout=WAIT)
    return found[0]


def cases(window: MainWindow) -> int:
    return window.project.found.cases if window.project.found else -1


def test_shifted_masks_are_compared_repaired_used_and_undone(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for number in range(4):
        draw.volume(tmp_path / f"images/v{number}.nii.gz", draw.scan(number))
        image = sitk.GetImageFromArray(draw.organs(1, 2))
        image.SetOrigin((0.3 * (number > 1), 0, 0))
        (tmp_path / "labels").mkdir(exist_ok=True)
        sitk.WriteImage(image, str(tmp_path / f"labels/v{number}.nii.gz"))
    opened(qtbot, window, tmp_path)
    assert cases(window) == 2
    repairs = window.page("data").side.repairs
    repairs.begin(group(qtbot, window, "geometry"))
    dialog = repairs.dialog
    assert isinstance(dialog, RepairDialog)
    qtbot.waitUntil(dialog.go.isEnabled, timeout=WAIT)
    assert dialog.rows.topLevelItem(0).text(1) == "→ copy-header"
    assert dialog.rows.topLevelItem(0).childCount() >= 2
    dialog.go.click()
    qtbot.waitUntil(lambda: cases(window) == 4, timeout=WAIT)
    assert not dialog.isVisible()
    assert window.project.undo_stack.undoText() == "repair of 2 masks"
    window.project.undo_stack.undo()
    qtbot.waitUntil(lambda: cases(window) == 2, timeout=WAIT)
    assert (tmp_path / REPAIRED / "labels/v2.nii.gz").exists()
    window.project.undo_stack.redo()
    qtbot.waitUntil(lambda: cases(window) == 4, timeout=WAIT)
    # In a later session there is no such undo, but a note that says so, with a button.
    repairs.begin(group(qtbot, window, "originals"))
    qtbot.waitUntil(lambda: cases(window) == 2, timeout=WAIT)
    window.project.undo_stack.undo()
    qtbot.waitUntil(lambda: cases(window) == 4, timeout=WAIT)


def test_masks_that_cannot_be_inverted_are_told_one_by_one(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    draw.folder_pairs(tmp_path)
    draw.save(tmp_path / "masks/b.png", draw.disc(1, 1) + 2 * draw.disc(9, 1))
    opened(qtbot, window, tmp_path)
    repairs = window.page("data").side.repairs
    repairs.begin(ProblemGroup("mask_inverted", "warning", "invert", ({"cases": ["b"]},)))
    dialog = repairs.dialog
    assert isinstance(dialog, RepairDialog)
    dialog.go.click()
    qtbot.waitUntil(lambda: not dialog.running and "could not be" in dialog.line.text(), timeout=WAIT)
    assert "only a mask of one structure" in dialog.rows.topLevelItem(0).text(1)
    assert window.project.undo_stack.count() == 0
    dialog.reject()


def test_empty_cases_are_left_out_and_taken_back(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    draw.folder_pairs(tmp_path)
    draw.save(tmp_path / "masks/b.png", 0 * draw.disc(1))
    opened(qtbot, window, tmp_path)
    window.page("data").side.repairs.begin(group(qtbot, window, "leave_out"))
    qtbot.waitUntil(lambda: cases(window) == 2, timeout=WAIT)
    # It is in no split, and no case of the grid any more.
    assert [row.case_id for row in window.project.cases] == ["a", "c"]
    window.page("data").side.repairs.begin(group(qtbot, window, "take_back"))
    qtbot.waitUntil(lambda: cases(window) == 3, timeout=WAIT)
    window.project.undo_stack.undo()
    qtbot.waitUntil(lambda: cases(window) == 2, timeout=WAIT)
    window.project.undo_stack.undo()
    qtbot.waitUntil(lambda: cases(window) == 3, timeout=WAIT)
    assert sorted(row.case_id for row in window.project.cases) == ["a", "b", "c"]


def test_moved_cases_are_saved_again_after_a_repair(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    """What tuning reads names the mended masks too."""
    draw.folder_pairs(tmp_path)
    draw.save(tmp_path / "images/d.png", draw.photo(7))
    draw.save(tmp_path / "masks/d.jpg", draw.disc(7), quality=40)
    opened(qtbot, window, tmp_path)
    project = window.project
    home = next(row for row in project.cases if row.case_id == "d").split
    project.move_cases({"d": "test" if home == "train" else "train"})
    qtbot.waitUntil(lambda: project.saved is not None and not project.waiting, timeout=WAIT)
    before = project.saved
    repairs = window.page("data").side.repairs
    repairs.begin(group(qtbot, window, "lossless"))
    repairs.dialog.go.click()
    qtbot.waitUntil(lambda: project.saved != before and not project.waiting, timeout=WAIT)
    about = (Path(project.data_for_recipe()["folder"]) / "dataset.yaml").read_text()
    assert f"masks/d.jpg: {REPAIRED}/masks/d.png" in about
    # In use already: nothing is left to mend.
    assert not [card for card in window.page("data").side.problems.cards if card.group.mending == "lossless"]


def test_the_cases_of_a_problem_are_shown_alone(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    draw.folder_pairs(tmp_path)
    (tmp_path / "masks/b.png").write_bytes(b"damaged")
    opened(qtbot, window, tmp_path)
    page = window.page("data")
    qtbot.waitUntil(lambda: len(window.project.cases) == 3, timeout=WAIT)
    page.side.problems.cards[0].findChild(QPushButton, "showCases").click()
    assert [row.case_id for row in page.browser.model.rows] == ["b"]
    assert "of a problem" in page.browser.filter_bar.count.text()
    page.browser.filter_bar.clear.click()
    assert len(page.browser.model.rows) == 3


def test_labels_are_merged_and_parted(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    draw.nnunet(tmp_path)
    opened(qtbot, window, tmp_path)
    panel = window.page("data").side.labels
    before = [label.found for label in window.project.labels]
    assert len(before) == 2
    panel.table.selectRow(1)
    panel.merge_into.aboutToShow.emit()  # its lines are made as it opens
    (action,) = panel.merge_into.actions()
    assert action.text() == "Into liver"
    action.trigger()
    qtbot.waitUntil(lambda: window.project.labels[0].found not in ("", before[0]), timeout=WAIT)
    assert [label.name for label in window.project.labels] == ["liver"]
    assert window.project.undo_stack.undoText() == "merge of left kidney into liver"
    window.project.undo_stack.undo()
    qtbot.waitUntil(lambda: [label.found for label in window.project.labels] == before, timeout=WAIT)


def test_a_leak_ends_by_moving_the_cases_of_the_patient(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for number, (split, name) in enumerate((("train", "a"), ("train", "b"), ("val", "c"), ("val", "d"))):
        draw.save(tmp_path / f"{split}/images/{name}.png", draw.photo(number % 3))
        draw.save(tmp_path / f"{split}/masks/{name}.png", draw.disc(number))
    opened(qtbot, window, tmp_path)
    window.page("data").side.repairs.begin(group(qtbot, window, "regroup"))
    assert window.project.moves == {"d": "train"}
    window.project.undo_stack.undo()
    assert window.project.moves == {}


def test_what_cannot_be_written_is_no_step_and_an_undo_that_cannot_be_written_is_none(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    draw.folder_pairs(tmp_path)
    draw.save(tmp_path / "masks/b.png", 0 * draw.disc(1))
    opened(qtbot, window, tmp_path)
    repairs, stack = window.page("data").side.repairs, window.project.undo_stack
    file = tmp_path / "dataset.yaml"
    file.mkdir()  # nobody can write a file of this name, whoever runs the tests
    repairs.begin(group(qtbot, window, "leave_out"))
    qtbot.waitUntil(lambda: window.banner.notice is not None, timeout=WAIT)
    assert (stack.count(), cases(window)) == (0, 3)
    file.rmdir()
    window.show_notice(None)
    repairs.begin(group(qtbot, window, "leave_out"))
    qtbot.waitUntil(lambda: cases(window) == 2, timeout=WAIT)
    kept = file.read_text(encoding="utf-8")
    file.unlink()
    file.mkdir()
    stack.undo()
    qtbot.waitUntil(lambda: window.banner.notice is not None, timeout=WAIT)
    assert (stack.index(), stack.undoText()) == (1, "leaving out of 1 case")
    file.rmdir()
    file.write_text(kept, encoding="utf-8")
    stack.undo()
    qtbot.waitUntil(lambda: cases(window) == 3, timeout=WAIT)
