"""Every edit of a dataset is a step that says what it was and can be taken back."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from tunevlseg_gui.dataset import Label, Split
from tunevlseg_gui.edits import Step
from tunevlseg_gui.project import Project


def made() -> Project:
    project = Project()
    project.labels = [Label(1, "polyp", "polyp", "#E69F00")]
    return project


def test_labels_moves_and_draws_are_undone_in_order_and_redone(qapp: object) -> None:
    project = made()
    project.change_label(1, "colour of polyp", colour="#56B4E9")
    project.move_cases({"a": "val", "b": "val"})
    project.move_cases({"a": "test"})
    project.draw_split(Split(60, 20, 20))
    stack = project.undo_stack
    assert [stack.text(at) for at in range(stack.count())] == [
        "colour of polyp",
        "move of 2 cases to val",
        "move of 1 case to test",
        "split of 60, 20 and 20 %",
    ]
    assert project.moves == {}
    stack.undo()
    assert (project.split, project.moves) == (Split(), {"a": "test", "b": "val"})
    stack.undo()
    assert project.moves == {"a": "val", "b": "val"}
    stack.undo()
    stack.undo()
    assert project.moves == {}
    assert project.labels[0].colour == "#E69F00"
    while stack.canRedo():
        stack.redo()
    assert (project.split, project.moves, project.labels[0].colour) == (Split(60, 20, 20), {}, "#56B4E9")


def test_what_changes_nothing_is_no_step(qapp: object) -> None:
    project = made()
    project.change_label(1, "name of polyp", name="polyp")
    project.change_label(7, "name of nothing", name="liver")
    project.move_cases({})
    assert project.undo_stack.count() == 0


def test_each_step_tells_who_draws_it(qtbot: QtBot) -> None:
    project = made()
    with qtbot.waitSignals([project.labels_edited, project.changed]):
        project.change_label(1, "name of polyp", name="adenoma")
    with qtbot.waitSignals([project.cases_moved, project.changed]):
        project.move_cases({"a": "val"})
    with qtbot.waitSignals([project.split_wanted, project.changed]):
        project.draw_split(Split(60, 20, 20))
    with qtbot.waitSignals([project.split_wanted, project.changed]):
        project.undo_stack.undo()


def test_a_step_of_another_kind_is_two_functions(qapp: object) -> None:
    project, done = made(), list[str]()
    project.undo_stack.push(Step("repair of scan-3", lambda: done.append("do"), lambda: done.append("undo")))
    project.undo_stack.undo()
    project.undo_stack.redo()
    assert done == ["do", "undo", "do"]


def test_another_dataset_forgets_the_steps(qapp: object) -> None:
    project = made()
    project.move_cases({"a": "val"})
    project.open(Path("other"))
    assert not project.undo_stack.canUndo()
    assert project.moves == {}
