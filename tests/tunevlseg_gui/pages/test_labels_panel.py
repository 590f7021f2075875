"""All that can be said of a label is said here, undone with one step, and refused with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.data.palette import PALETTE
from tunevlseg_gui.pages.data.labels_panel import LabelsPanel
from tunevlseg_gui.project import Project

REPORT: dict[str, Any] = {
    "labels": [
        {"value": 1, "name": "polyp", "phrase": "polyp", "colour": "#E69F00"},
        {"value": 2, "name": "liver", "phrase": "the liver", "colour": "#56B4E9", "alternatives": ["hepar"]},
    ],
    "cases": [{}],
    "usable": True,
}


@pytest.fixture
def project(qapp: object) -> Project:
    made = Project()
    made.take_report(REPORT)
    return made


@pytest.fixture
def panel(qtbot: QtBot, project: Project) -> LabelsPanel:
    made = LabelsPanel(project)
    qtbot.addWidget(made)
    made.table.selectRow(0)
    return made


def test_the_first_label_is_chosen_from_right_to_left_too(qtbot: QtBot, project: Project) -> None:
    project.open(Path("elsewhere"))
    made = LabelsPanel(project)
    made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    qtbot.addWidget(made)
    made.resize(500, 600)
    made.show()
    qtbot.waitExposed(made)
    project.take_report(REPORT)
    made.show_labels()
    assert made.editor.name.text() == "polyp"


def enter(line: Any, text: str) -> None:
    line.setText(text)
    line.editingFinished.emit()


def test_the_chosen_label_is_shown_and_follows_the_choice(panel: LabelsPanel) -> None:
    assert panel.editor.name.text() == "polyp"
    panel.table.selectRow(1)
    assert panel.editor.phrase.text() == "the liver"
    assert panel.editor.others.toPlainText() == "hepar"


def test_every_field_is_a_step_to_undo(panel: LabelsPanel, project: Project) -> None:
    editor = panel.editor
    enter(editor.phrase, " a  growth ")
    editor.others.setPlainText("a lesion\n\n a bump \na growth\na lesion")
    editor.keep_others()
    editor.colour.chosen.emit(PALETTE[4])
    enter(editor.snomed, "7896 1009")
    label = project.labels[0]
    assert (label.phrase, label.alternatives) == ("a growth", ("a lesion", "a bump"))
    assert (label.colour, label.snomed) == (PALETTE[4], "78961009")
    assert label.for_recipe() == {
        "value": 1,
        "name": "polyp",
        "phrase": "a growth",
        "colour": PALETTE[4],
        "alternatives": ["a lesion", "a bump"],
        "snomed": "78961009",
    }
    assert project.undo_stack.count() == 4
    for _ in range(4):
        project.undo_stack.undo()
    assert project.labels[0].for_recipe() == {"value": 1, "name": "polyp", "phrase": "polyp", "colour": "#E69F00"}
    assert editor.others.toPlainText() == ""


def test_a_wrong_code_is_told_and_not_taken(panel: LabelsPanel, project: Project) -> None:
    enter(panel.editor.snomed, "78961008")
    assert "check digit" in panel.editor.wrong.text()
    assert project.labels[0].snomed == ""
    enter(panel.editor.snomed, "78961009")
    assert panel.editor.wrong.text() == ""


def test_twin_names_and_blanks_are_refused(panel: LabelsPanel, project: Project) -> None:
    enter(panel.editor.name, "liver")
    assert "Another label" in panel.editor.wrong.text()
    enter(panel.editor.phrase, "  ")
    assert (project.labels[0].name, project.labels[0].phrase) == ("polyp", "polyp")
    assert panel.editor.phrase.text() == "polyp"


def test_a_report_that_comes_while_typing_takes_no_word_away(
    qtbot: QtBot, panel: LabelsPanel, project: Project
) -> None:
    panel.show()
    qtbot.waitExposed(panel)
    editor = panel.editor
    for field in (editor.phrase, editor.others):
        field.setFocus()
        qtbot.waitUntil(field.hasFocus)
        qtbot.keyClicks(field, "a bump")
        project.take_report(REPORT)
        panel.show_labels()
        text = field.text() if field is editor.phrase else field.toPlainText()
        assert "a bump" in text
    editor.name.setFocus()
    label = project.labels[0]
    assert ("a bump" in label.phrase, label.alternatives) == (True, ("a bump",))
    project.undo_stack.undo()
    assert editor.others.toPlainText() == ""


def test_a_label_is_ignored_and_taken_back(qtbot: QtBot, panel: LabelsPanel, project: Project) -> None:
    panel.table.selectRow(1)
    with qtbot.waitSignal(panel.look_wanted):
        panel.ignore.click()
    assert [label.name for label in project.labels] == ["polyp"]
    # The last one cannot be ignored: nothing would be left to learn.
    panel.table.selectRow(0)
    assert not panel.ignore.isEnabled()
    project.take_report({**REPORT, "labels": REPORT["labels"][:1]})
    panel.restore.click()
    assert [label.name for label in project.labels] == ["polyp", "liver"]
    project.undo_stack.undo()
    project.undo_stack.undo()
    assert project.labels[1].alternatives == ("hepar",)


def test_a_value_becomes_a_label(qtbot: QtBot, panel: LabelsPanel, project: Project) -> None:
    told: list[Any] = []
    panel.notice.connect(told.append)
    with qtbot.waitSignal(panel.look_wanted):
        panel.add(7)
    assert [(label.value, label.name) for label in project.labels][-1] == (7, "label 7")
    assert project.labels[-1].colour == PALETTE[2]
    assert panel.editor.name.text() == "label 7"
    panel.add(2)
    assert "liver already" in told[-1].message
    project.undo_stack.undo()
    assert len(project.labels) == 2


def test_tables_of_other_programs_come_in_and_go_out(panel: LabelsPanel, project: Project, tmp_path: Path) -> None:
    told: list[Any] = []
    panel.notice.connect(told.append)
    path = tmp_path / "labels.ctbl"
    path.write_text("# Color table file\n1 colon_polyp 1 2 3 255\n9 other 4 5 6 255\n")
    panel.import_labels(path)
    assert (project.labels[0].name, project.labels[0].phrase) == ("colon polyp", "colon polyp")
    assert (project.labels[0].colour, project.labels[1].name) == ("#010203", "liver")
    assert "1 of 2" in told[-1].message
    assert "1 other" in told[-1].hint
    panel.export_labels(tmp_path / "out.csv")
    assert "colon polyp" in (tmp_path / "out.csv").read_text()
    project.undo_stack.undo()
    assert project.labels[0].name == "polyp"
    path.write_text("nothing of the kind")
    panel.import_labels(path)
    assert told[-1].tone == "danger"
