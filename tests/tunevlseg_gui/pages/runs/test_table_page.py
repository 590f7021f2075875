"""The table of runs on real run folders: order, filter, columns, notes, trash; many runs do not hold up the window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.errors import InputError
from engine.runs.folders import runs_folder
from engine.runs.layout import RECIPE
from engine.runs.notes import Notes, read_notes, write_notes
from tests.fakes.run_folders import write_run
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.notes_dialog import NotesDialog
from tunevlseg_gui.pages.runs.run_columns import NAMES
from tunevlseg_gui.pages.runs.run_rows import RunRow
from tunevlseg_gui.pages.runs.run_table import RunTable
from tunevlseg_gui.pages.runs.table_page import TablePage
from tunevlseg_gui.settings.model import RunsSettings


@pytest.fixture
def page(qtbot: QtBot, qapp: object) -> Iterator[TablePage]:
    root = runs_folder()
    for seed in (1, 2):
        write_run(root / f"vpt-{seed}", "vpt", seed, name="abdomen-vpt", gain=0.1)
    write_run(root / "coop", "coop", 3, name="abdomen-coop")
    write_notes(root / "coop", Notes("müde Augen", tags=("paper",)))
    client = EngineClient()
    made = TablePage(client)
    qtbot.addWidget(made)
    made.resize(1100, 600)
    made.show()
    made.refresh()
    qtbot.waitUntil(lambda: made.model.rowCount() == 3, timeout=20_000)
    yield made
    client.close()


def names(page: TablePage) -> list[str]:
    return [row.folder.name for row in page.model.rows]


def test_before_the_first_answer_nothing_is_said_of_no_runs(qtbot: QtBot, qapp: object) -> None:
    client = EngineClient()
    page = TablePage(client)
    qtbot.addWidget(page)
    page.show()
    page.refresh()
    assert page.nothing.text() == "Looking for runs…"
    qtbot.waitUntil(lambda: page.nothing.text().startswith("No runs yet"), timeout=20_000)
    client.close()


def test_a_row_says_what_the_folder_holds(page: TablePage) -> None:
    row = page.model.row_of(runs_folder() / "vpt-1")
    assert row is not None
    assert (row.name, row.strategy, row.model, row.data, row.state) == (
        "abdomen-vpt",
        "vpt",
        "starter",
        "abdomen",
        "finished",
    )
    assert row.best == pytest.approx(0.82, abs=0.03)
    assert row.test is not None
    assert (row.epochs, row.best_epoch, row.seed) == (8, 8, 1)
    other, apart = (page.model.row_of(runs_folder() / name) for name in ("vpt-2", "coop"))
    assert other is not None
    assert apart is not None
    assert row.same == other.same != apart.same


@pytest.mark.parametrize(("text", "left"), [("coop", 1), ("VPT abdomen", 2), ("paper", 1), ("müde", 1), ("nothing", 0)])
def test_the_filter_looks_at_everything(page: TablePage, text: str, left: int) -> None:
    field = page.findChild(QLineEdit, "runFilter")
    field.setText(text)
    assert page.model.rowCount() == left
    assert page.runs.count.text() == f"{left} of 3"
    field.clear()
    assert page.model.rowCount() == 3


def test_an_order_keeps_the_selection_and_puts_the_unknown_last(page: TablePage, qtbot: QtBot) -> None:
    write_run(runs_folder() / "untested", "maple", 4, cases=0)
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    page.runs.choose([runs_folder() / "coop"])
    kept: list[RunsSettings] = []
    page.runs.look_changed.connect(lambda: kept.append(page.runs.settings))
    page.runs.sort_by(NAMES.index("test"))
    assert names(page)[0].startswith("vpt")
    assert names(page)[-2:] == ["coop", "untested"]
    page.runs.sort_by(NAMES.index("test"))
    assert names(page)[0] == "coop"
    assert names(page)[-1] == "untested"
    assert [row.folder.name for row in page.runs.chosen] == ["coop"]
    assert (kept[-1].sort, kept[-1].downwards) == ("test", False)


def test_columns_are_chosen_and_remembered(page: TablePage) -> None:
    menu = page.runs.columns_menu()
    actions = {action.text(): action for action in menu.actions()}
    assert not actions["Name"].isEnabled()
    actions["Seed"].setChecked(True)
    actions["Model"].setChecked(False)
    page.table.setColumnWidth(1, 321)
    wanted = page.runs.settings
    assert "seed" in wanted.columns
    assert "model" not in wanted.columns
    other = RunTable()
    other.use_settings(wanted)
    assert other.shown_columns == wanted.columns
    assert other.table.columnWidth(1) == 321
    other.use_settings(RunsSettings(columns=["gone", "state", "name"], sort="gone"))
    assert other.shown_columns == ["state", "name"]


def test_notes_are_written_beside_the_run(page: TablePage, qtbot: QtBot) -> None:
    run = runs_folder() / "vpt-2"
    page.runs.choose([run])
    page.edit_notes()
    dialog = page.findChild(NotesDialog)
    dialog.tags.setText("ct, again")
    dialog.note.setPlainText("as good as the first")
    qtbot.mouseClick(dialog.findChild(QPushButton, "notesKeep"), Qt.MouseButton.LeftButton)
    said = Notes("as good as the first", tags=("ct", "again"))
    qtbot.waitUntil(lambda: read_notes(run) == said)
    page.table.activateWindow()
    page.table.setFocus()
    qtbot.waitUntil(page.table.hasFocus)
    qtbot.keyClick(page.table, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: read_notes(run).star)
    row = page.model.row_of(run)
    assert row is not None
    assert row.notes == Notes("as good as the first", star=True, tags=("ct", "again"))


def test_runs_go_only_after_a_yes(page: TablePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    # Where the system's trash lies is the system's own affair.
    monkeypatch.setattr("tunevlseg_gui.pages.runs.trash.QFile.moveToTrash", lambda path: gone.append(path) or False)
    page.runs.choose([runs_folder() / "vpt-1", runs_folder() / "coop"])
    page.remove()
    question = page.trash.question
    assert question is not None
    qtbot.keyClick(question, Qt.Key.Key_Escape)
    assert gone == []
    page.remove()
    qtbot.mouseClick(page.trash.question.findChild(QPushButton, "trashYes"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(gone) == 2)
    # No trash: nothing is deleted without a second yes.
    qtbot.waitUntil(lambda: "for good" in page.trash.question.text())
    assert (runs_folder() / "vpt-1" / RECIPE).exists()
    qtbot.mouseClick(page.trash.question.findChild(QPushButton, "trashYes"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(page) == ["vpt-2"])
    assert not (runs_folder() / "vpt-1").exists()


def test_a_running_run_stays(page: TablePage) -> None:
    told: list[Exception] = []
    page.failed.connect(told.append)
    page.trash.ask([RunRow(runs_folder() / "x", "x", state="running")])
    assert page.trash.question is None
    assert isinstance(told[0], InputError)


def test_two_thousand_runs_are_arranged_in_no_time(page: TablePage) -> None:
    """Processor time of the window's thread, so that a busy machine does not count."""
    strategies = ("vpt", "coop", "maple", "cocoop")
    rows = [
        RunRow(Path(f"/runs/{at}"), f"run {at}", strategies[at % 4], best=(at * 37 % 1000) / 1000, changed=float(at))
        for at in range(2000)
    ]
    page.model.put(rows)
    took = []
    for act in (
        lambda: page.runs.filter.setText("coop"),
        lambda: page.runs.filter.setText(""),
        lambda: page.model.sort(NAMES.index("best"), Qt.SortOrder.DescendingOrder),
        lambda: page.model.sort(NAMES.index("name"), Qt.SortOrder.AscendingOrder),
    ):
        began = time.thread_time()
        act()
        took.append(time.thread_time() - began)
    assert page.model.rowCount() == 2003
    assert sorted(took)[1] < 0.05  # a few milliseconds; processor time grows on a machine that others use too


def test_what_a_filter_hid_is_selected_again_when_it_is_taken_away(page: TablePage) -> None:
    page.runs.choose([runs_folder() / "vpt-2", runs_folder() / "vpt-1"])
    field = page.findChild(QLineEdit, "runFilter")
    field.setText("coop")
    assert [row.folder.name for row in page.runs.chosen] == ["coop"], "something is always selected"
    field.clear()
    assert {row.folder.name for row in page.runs.chosen} == {"vpt-1", "vpt-2"}
    assert page.runs.current is not None
    assert page.runs.current.folder.name == "vpt-2", "the current one stays the one that an action means"


def test_the_filter_is_reached_from_the_buttons_above_it_too(page: TablePage, qtbot: QtBot) -> None:
    page.more.setFocus()
    qtbot.keyClick(page.more, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.runs.filter.hasFocus())


def test_the_usual_columns_fit_the_smallest_usual_window(page: TablePage, qtbot: QtBot) -> None:
    page.resize(1280 - 93, 700)  # beside the rail
    qtbot.waitUntil(lambda: page.runs.table.viewport().width() > 1100)
    assert page.runs.table.horizontalScrollBar().maximum() == 0


def test_the_menu_leads_to_the_prompt_pack(page: TablePage, qtbot: QtBot) -> None:
    page.runs.choose([runs_folder() / "vpt-1"])
    menu = page.menu()
    entry = next(action for action in menu.actions() if action.objectName() == "menuPack")
    with qtbot.waitSignal(page.pack_wanted) as told:
        entry.trigger()
    assert told.args[0].folder == runs_folder() / "vpt-1"
