"""Masks are corrected on the page by mouse and keys; every step can be taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.contract.events import JobFinished, SliceDone
from engine.contract.jobs import Refine, SaveMask, Segment
from engine.jobs.receipts import receipt_of
from engine.volumes.reading import read_mask
from tests.tunevlseg_gui.pages.segment.conftest import DeskClient
from tunevlseg_gui.pages.segment.page import SegmentPage
from tunevlseg_gui.viewer.mask_overlay import Layer, count_levels

LEFT, NONE, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def at(page: SegmentPage, row: float, column: float) -> QPoint:
    placed = page.viewer.view.placement()
    assert placed is not None
    x, y = placed.point_of(row, column)
    return QPoint(round(x), round(y))


def drag(page: SegmentPage, *places: tuple[float, float], modifiers: Qt.KeyboardModifier = NONE) -> None:
    view = page.viewer.view
    QTest.mousePress(view, LEFT, modifiers, at(page, *places[0]))
    for place in places[1:]:
        QTest.mouseMove(view, at(page, *place))
    QTest.mouseRelease(view, LEFT, modifiers, at(page, *places[-1]))


def key(page: SegmentPage, *keys: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    for one in keys:
        QTest.keyClick(page.viewer.view, one, modifiers)


def rest(page: SegmentPage, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not page.controller.editor.busy)


def ask(page: SegmentPage, desk: DeskClient, qtbot: Any, **levels: np.ndarray) -> None:
    page.side.prompt_edit.setPlainText("\n".join(levels))
    page.controller.asker.ask()
    asked = desk.count(Segment)
    desk.answer(**levels)
    assert desk.count(Segment) == asked
    qtbot.waitUntil(lambda: not page.controller.jobs.is_busy and page.viewer.state.layers != [])
    qtbot.wait(1)


@pytest.fixture
def levels() -> np.ndarray:
    values = np.zeros((6, 20, 30), np.uint8)
    values[2:4, 6:12, 10:18] = 200
    return values


@pytest.fixture
def liver(opened: SegmentPage, desk: DeskClient, qtbot: Any, levels: np.ndarray) -> SegmentPage:
    """“liver” is on show, the view has the focus."""
    ask(opened, desk, qtbot, liver=levels)
    qtbot.waitUntil(lambda: len(opened.viewer.state.layers) == 1)
    opened.viewer.go_to(2)
    opened.controller.editor.set_radius(1.0)
    opened.viewer.view.setFocus()
    return opened


def mask(page: SegmentPage, number: int = 0) -> np.ndarray:
    layer: Layer = page.viewer.state.layers[number]
    assert np.array_equal(layer.counts, count_levels(layer.levels))
    return layer.levels > 0


def test_painting_begins_with_the_answer_as_it_is_shown(liver: SegmentPage, qtbot: Any, levels: np.ndarray) -> None:
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    assert liver.viewer.state.layers[0].edited
    assert np.array_equal(mask(liver), levels > 127)
    drag(liver, (3, 3), (3, 8))
    changed = mask(liver) & (levels == 0)
    assert changed[2, 3, 3:9].all()
    assert not changed[[0, 1, 3, 4, 5]].any()
    assert not liver.side.answers.threshold_slider.isEnabled()
    assert "Edited by hand" in liver.side.answers.threshold_slider.toolTip()
    assert liver.edit_bar.tool_buttons["paint"].isChecked()


def test_everything_is_taken_back_and_done_again_the_answer_included(
    liver: SegmentPage, qtbot: Any, levels: np.ndarray
) -> None:
    editor = liver.controller.editor
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (3, 3), (3, 8))
    key(liver, Qt.Key.Key_E)
    drag(liver, (8, 12), (8, 15))
    key(liver, Qt.Key.Key_E)
    assert editor.tool_name == ""
    after = mask(liver)
    while editor.history.next_undo is not None:
        key(liver, Qt.Key.Key_Z, modifiers=CTRL)
        rest(liver, qtbot)
    assert liver.viewer.state.layers == []
    key(liver, Qt.Key.Key_Y, modifiers=CTRL)
    assert not liver.viewer.state.layers[0].edited
    assert np.array_equal(liver.viewer.state.layers[0].levels, levels)
    assert liver.side.answers.threshold_slider.isEnabled()
    while editor.history.next_redo is not None:
        key(liver, Qt.Key.Key_Z, modifiers=CTRL | Qt.KeyboardModifier.ShiftModifier)
        rest(liver, qtbot)
    assert np.array_equal(mask(liver), after)


def test_an_answer_that_filled_in_is_taken_back_to_what_was_shown_before(
    opened: SegmentPage, desk: DeskClient, qtbot: Any, levels: np.ndarray
) -> None:
    """Not to its own beginnings; and while it is on its way, no layer comes or goes otherwise."""
    state, editor = opened.viewer.state, opened.controller.editor
    opened.edit_bar.new_action.trigger()
    (drawn,) = state.layers
    opened.side.prompt_edit.setPlainText("liver")
    opened.controller.asker.ask()
    job_id, job = desk.last(Segment)
    path = Path(job.probabilities) / "liver.npy"
    path.parent.mkdir(parents=True)
    np.save(path, levels)
    desk.event.emit(SliceDone(job_id, 0, 6, str(path)))
    assert [layer.phrase for layer in state.layers] == ["mask", "liver"]
    opened.edit_bar.new_action.trigger()
    opened.controller.layers.remove(drawn)
    editor.undo()
    assert [layer.phrase for layer in state.layers] == ["mask", "liver"]
    assert "on its way" in opened.status.text()
    result = {"probabilities": [{"prompt": "liver", "path": str(path)}], "masks": [{}]}
    desk.event.emit(JobFinished(job_id, result))
    qtbot.waitUntil(lambda: len(state.layers) == 2 and bool(state.layers[1].counts.any()))
    editor.undo()
    assert state.layers == [drawn]
    editor.undo()
    assert state.layers == []


def test_with_ctrl_the_brush_erases_and_the_brackets_change_its_size(liver: SegmentPage, qtbot: Any) -> None:
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (8, 12), (8, 15), modifiers=CTRL)
    assert not mask(liver)[2, 8, 12:16].any()
    before = liver.controller.editor.brush.radius
    QTest.keyClicks(liver.viewer.view, "]]")
    assert liver.controller.editor.brush.radius > before
    assert liver.edit_bar.radius.value() == pytest.approx(liver.controller.editor.brush.radius, abs=0.06)


def test_a_hole_is_filled_by_a_click_and_open_ground_is_not(liver: SegmentPage, qtbot: Any) -> None:
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (9, 14), (9, 14), modifiers=CTRL)
    holed = mask(liver)
    assert not holed[2, 9, 14]
    key(liver, Qt.Key.Key_F)
    QTest.mouseClick(liver.viewer.view, LEFT, NONE, at(liver, 2, 2))
    assert "does not enclose" in liver.status.text()
    assert np.array_equal(mask(liver), holed)
    QTest.mouseClick(liver.viewer.view, LEFT, NONE, at(liver, 9, 14))
    assert mask(liver)[2, 9, 14]
    assert mask(liver)[2].sum() == 48


def test_a_part_is_removed_by_a_click_on_all_slices(liver: SegmentPage, qtbot: Any, levels: np.ndarray) -> None:
    editor = liver.controller.editor
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (1, 1), (1, 4))
    editor.use_tool("island")
    QTest.mouseClick(liver.viewer.view, LEFT, NONE, at(liver, 8, 12))
    rest(liver, qtbot)
    assert mask(liver).sum() > 0
    assert not mask(liver)[:, 6:12, 10:18].any()
    editor.undo()
    assert mask(liver)[3].sum() == 48


def test_between_painted_slices_is_proposed_then_taken(opened: SegmentPage, desk: DeskClient, qtbot: Any) -> None:
    values = np.zeros((6, 20, 30), np.uint8)
    values[0, 5:13, 8:18] = values[4, 5:13, 8:18] = 255
    ask(opened, desk, qtbot, liver=values)
    editor = opened.controller.editor
    editor.changes.interpolate()
    qtbot.waitUntil(lambda: editor.preview is not None)
    assert np.array_equal(mask(opened), values > 0)
    assert opened.edit_bar.proposed.isVisible()
    opened.viewer.go_to(2)
    assert editor.preview_on(opened.viewer.state.stack, 2) is not None
    opened.grab()  # the outline is drawn
    opened.viewer.view.setFocus()
    key(opened, Qt.Key.Key_Return)
    rest(opened, qtbot)
    assert np.array_equal(mask(opened)[2], values[0] > 0)
    assert editor.preview is None
    editor.undo()
    assert np.array_equal(mask(opened), values > 0)


def test_a_new_answer_to_an_edited_phrase_is_a_proposal(
    liver: SegmentPage, desk: DeskClient, qtbot: Any, levels: np.ndarray
) -> None:
    editor = liver.controller.editor
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (3, 3), (3, 8))
    drawn = mask(liver)
    other = np.roll(levels, 5, axis=2)
    ask(liver, desk, qtbot, liver=other)
    qtbot.waitUntil(lambda: editor.preview is not None)
    assert np.array_equal(mask(liver), drawn)
    assert len(liver.viewer.state.layers) == 1
    QTest.mouseClick(liver.edit_bar.drop_button, LEFT)
    assert editor.preview is None
    key(liver, Qt.Key.Key_Z, modifiers=CTRL)
    assert editor.preview is not None
    QTest.mouseClick(liver.edit_bar.take_button, LEFT)
    rest(liver, qtbot)
    assert np.array_equal(mask(liver), other > 127)
    editor.undo()
    assert np.array_equal(mask(liver), drawn)
    assert editor.preview is not None
    editor.undo()
    assert editor.preview is None
    assert np.array_equal(mask(liver), drawn)


def test_back_to_the_answer_is_a_step_too(liver: SegmentPage, qtbot: Any, levels: np.ndarray) -> None:
    editor = liver.controller.editor
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (3, 3), (3, 8))
    drawn = mask(liver)
    liver.edit_bar.back_action.trigger()
    assert not liver.viewer.state.layers[0].edited
    assert np.array_equal(liver.viewer.state.layers[0].levels, levels)
    assert liver.side.answers.threshold_slider.isEnabled()
    editor.undo()
    assert np.array_equal(mask(liver), drawn)


def test_filters_of_the_whole_run_in_the_engine(liver: SegmentPage, desk: DeskClient, qtbot: Any) -> None:
    editor = liver.controller.editor
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (1, 1), (1, 4))
    before = mask(liver)
    editor.changes.keep_largest()
    qtbot.waitUntil(lambda: desk.count(Refine) == 1)
    drag(liver, (15, 3), (15, 8))  # refused while something is under way
    assert np.array_equal(mask(liver), before)
    desk.do(Refine)
    rest(liver, qtbot)
    assert not mask(liver)[2, 1].any()
    assert mask(liver)[2].sum() == 48
    editor.undo()
    assert np.array_equal(mask(liver), before)


def test_a_filter_is_cancelled_and_the_mask_stays(liver: SegmentPage, desk: DeskClient, qtbot: Any) -> None:
    editor = liver.controller.editor
    editor.changes.smooth()
    qtbot.waitUntil(lambda: desk.count(Refine) == 1)
    before = mask(liver)
    key(liver, Qt.Key.Key_Escape)
    rest(liver, qtbot)
    assert desk.cancelled
    assert np.array_equal(mask(liver), before)
    assert "Cancelled" in liver.status.text()


def test_an_empty_mask_is_drawn_by_hand_and_saved_with_its_receipt(
    page: SegmentPage, desk: DeskClient, qtbot: Any, tmp_path: Path
) -> None:
    scan = tmp_path / "head.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((6, 20, 30), np.int16)), str(scan))
    page.open_scan(scan)
    desk.open()
    qtbot.waitUntil(lambda: page.controller.scan is not None)
    page.side.prompt_edit.setPlainText("cyst")
    page.edit_bar.new_action.trigger()
    page.viewer.view.setFocus()
    key(page, Qt.Key.Key_P)
    drag(page, (8, 8), (12, 20))
    drawn = mask(page)
    assert drawn.any()
    out = tmp_path / "head_cyst.nii.gz"
    page.controller.saver.save(out, lambda _path: True)
    qtbot.waitUntil(lambda: desk.count(SaveMask) == 1)
    assert page.viewer.state.layers[0].is_unsaved
    desk.do(SaveMask)
    assert np.array_equal(read_mask(out).voxels > 0, drawn)
    receipt = receipt_of(out)
    assert receipt is not None
    assert receipt.edited == ["cyst"]
    assert not page.viewer.state.layers[0].is_unsaved
    drag(page, (2, 2), (2, 5))
    assert page.viewer.state.layers[0].is_unsaved


def test_tools_are_reached_by_keyboard_and_have_names(liver: SegmentPage) -> None:
    bar = liver.edit_bar
    for widget in (*bar.tool_buttons.values(), bar.radius, bar.ball, bar.more, bar.undo, bar.redo, bar.layer_combo):
        assert widget.accessibleName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_memory_for_undo_is_a_setting(liver: SegmentPage) -> None:
    actions = {action.data(): action for action in liver.edit_bar.memory_actions.actions()}
    assert liver.controller.editor.history.limit_mb == 256
    actions[64].trigger()
    assert liver.controller.editor.history.limit_mb == 64
    actions[256].trigger()


def test_the_mask_that_a_step_was_about_is_in_hand_again(liver: SegmentPage, desk: DeskClient, qtbot: Any) -> None:
    editor = liver.controller.editor
    key(liver, Qt.Key.Key_P)
    rest(liver, qtbot)
    drag(liver, (3, 3), (3, 8))
    first = editor.layer
    liver.edit_bar.new_action.trigger()
    assert editor.layer is not first
    editor.undo()
    editor.undo()
    assert (editor.layer, editor.history.next_redo.words) == (first, "Paint")  # type: ignore[union-attr]
    editor.redo()
    editor.redo()
    assert len(liver.viewer.state.layers) == 2
    editor.choose(liver.viewer.state.layers[1])
    editor.undo()
    editor.undo()
    assert editor.layer is first
