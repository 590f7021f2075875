"""Labels and phrases can be edited; nonsense is refused."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tunevlseg_gui.dataset import Label
from tunevlseg_gui.pages.data.label_table_model import NAME, PHRASE, VALUE, LabelTableModel
from tunevlseg_gui.project import Project


def made() -> tuple[LabelTableModel, Project]:
    project = Project()
    project.labels = [Label(1, "polyp", "polyp", "#E69F00"), Label(2, "liver", "the liver", "#56B4E9")]
    model = LabelTableModel(project)
    model.show_labels()
    return model, project


def test_a_phrase_is_changed_and_told(qtbot: QtBot) -> None:
    model, project = made()
    with qtbot.waitSignals([project.changed, model.dataChanged]):
        assert model.setData(model.index(0, PHRASE), "  a pink   bump ")
    assert project.labels[0].phrase == "a pink bump"
    project.undo_stack.undo()
    assert project.labels[0].phrase == "polyp"
    assert model.data(model.index(0, PHRASE)) == "polyp"


def test_a_phrase_that_was_only_the_name_follows_it(qapp: object) -> None:
    model, project = made()
    assert model.setData(model.index(0, NAME), "adenoma")
    assert project.labels[0].phrase == "adenoma"
    assert model.setData(model.index(1, NAME), "hepar")
    assert project.labels[1].phrase == "the liver"
    project.undo_stack.undo()
    project.undo_stack.undo()
    assert [(label.name, label.phrase) for label in project.labels] == [("polyp", "polyp"), ("liver", "the liver")]


def test_blanks_and_twins_are_refused(qapp: object) -> None:
    model, project = made()
    assert not model.setData(model.index(0, PHRASE), "   ")
    assert not model.setData(model.index(0, NAME), "liver")
    assert project.labels[0].name == "polyp"
    assert project.undo_stack.count() == 0
    assert not model.flags(model.index(0, VALUE)) & model.flags(model.index(0, NAME)).ItemIsEditable


def test_a_second_look_keeps_the_users_phrases(qapp: object) -> None:
    project = Project()
    report = {"labels": [{"value": 1, "name": "kvasir", "phrase": "kvasir"}], "cases": [{}], "usable": True}
    project.take_report(report)
    project.change_label(1, "phrase of kvasir", phrase="a pink bump")
    project.take_report(report)
    assert project.labels[0].phrase == "a pink bump"
