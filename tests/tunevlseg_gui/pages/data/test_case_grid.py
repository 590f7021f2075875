"""The grid: what is in sight, keys, clicks, the rubber band; with ten thousand rows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tunevlseg_gui.cases import row_of
from tunevlseg_gui.pages.data.case_grid import CaseGrid
from tunevlseg_gui.pages.data.case_model import CaseModel
from tunevlseg_gui.pages.data.thumbnail_delegate import CELL, ThumbnailDelegate

ROWS = 10_000
LEFT = Qt.MouseButton.LeftButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
K = Qt.Key


@pytest.fixture
def grid(qtbot: QtBot) -> CaseGrid:
    """Four columns, two and a half lines in sight."""
    made = CaseGrid()
    qtbot.addWidget(made)
    model = CaseModel(lambda row: row.case_id, made)
    made.setItemDelegate(ThumbnailDelegate(lambda _name: None, lambda row: row.split, made))
    made.setModel(model)
    made.resize(4 * CELL.width() + 40, CELL.height() * 5 // 2)
    made.show()
    qtbot.waitExposed(made)
    model.show_rows([row_of({"case_id": f"c{number}"}) for number in range(ROWS)])
    return made


def _click(grid: CaseGrid, row: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(grid.viewport(), LEFT, modifiers, grid.cell(row).center())


def test_only_what_is_in_sight_is_told(qtbot: QtBot, grid: CaseGrid) -> None:
    assert grid.columns == 4
    assert grid.rows_in_sight == range(12)
    with qtbot.waitSignal(grid.seen) as told:
        grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    assert told.args == [ROWS - 12, ROWS - 1]
    assert grid.indexAt(grid.cell(ROWS - 1).center()).row() == ROWS - 1


def test_a_narrower_grid_keeps_its_place(grid: CaseGrid) -> None:
    grid.scrollTo(grid.model().index(4000, 0), grid.ScrollHint.PositionAtCenter)
    before = grid.rows_in_sight
    grid.resize(2 * CELL.width() + 40, grid.height())
    assert grid.columns == 2
    assert before.start - 2 <= grid.rows_in_sight.start <= before.stop


def test_arrows_move_by_cell_and_line_and_stay_within(grid: CaseGrid) -> None:
    _click(grid, 0)
    for key, row in ((K.Key_Right, 1), (K.Key_Down, 5), (K.Key_Left, 4), (K.Key_Up, 0), (K.Key_Up, 0), (K.Key_Left, 0)):
        QTest.keyClick(grid, key)
        assert grid.currentIndex().row() == row
    QTest.keyClick(grid, K.Key_End)
    assert grid.currentIndex().row() == ROWS - 1
    assert ROWS - 1 in grid.rows_in_sight
    QTest.keyClick(grid, K.Key_Down)
    assert grid.currentIndex().row() == ROWS - 1


def test_clicks_with_shift_and_ctrl_and_all(grid: CaseGrid) -> None:
    _click(grid, 2)
    assert grid.selected_rows() == [2]
    _click(grid, 5, SHIFT)  # in reading order, not a rectangle
    assert grid.selected_rows() == [2, 3, 4, 5]
    _click(grid, 7, CTRL)
    _click(grid, 3, CTRL)
    assert grid.selected_rows() == [2, 4, 5, 7]
    QTest.keyClick(grid, K.Key_A, CTRL)
    assert len(grid.selected_rows()) == ROWS


def test_shift_and_arrows_extend_the_selection(grid: CaseGrid) -> None:
    _click(grid, 1)
    QTest.keyClick(grid, K.Key_Down, SHIFT)
    assert grid.selected_rows() == [1, 2, 3, 4, 5]


def test_a_rubber_band_selects_what_it_touches(grid: CaseGrid) -> None:
    # From the gap between two columns: a press on a cell selects it.
    model = grid.model()
    model.show_rows(model.rows[:6])
    start = grid.cell(3).translated(0, CELL.height()).center()  # beside the two cells of the second line
    QTest.mousePress(grid.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, start)
    for at in (start - QPoint(20, 0), grid.cell(5).center() + QPoint(10, 0), grid.cell(1).center()):
        QTest.mouseMove(grid.viewport(), at)
    QTest.mouseRelease(grid.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, grid.cell(1).center())
    assert grid.selected_rows() == [1, 2, 3, 5]


def test_enter_and_double_click_open(qtbot: QtBot, grid: CaseGrid) -> None:
    _click(grid, 6)
    with qtbot.waitSignal(grid.opened) as told:
        QTest.keyClick(grid, K.Key_Return)
    assert told.args == [6]
    with qtbot.waitSignal(grid.opened) as told:
        QTest.mouseDClick(grid.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, grid.cell(2).center())
    assert told.args == [2]
