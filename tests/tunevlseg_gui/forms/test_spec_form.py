"""The form: right widgets, checked while typing, experts' settings behind a fold."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from tunevlseg_gui.forms.field_spec import FieldSpec
from tunevlseg_gui.forms.spec_form import SpecForm

SPECS = [
    FieldSpec("num_context", "int", 4, "Tokens.", low=1, high=32),
    FieldSpec("learning_rate", "float", 2e-4, "Step.", low=0, low_open=True),
    FieldSpec("kernel", "int", 5, low=1, expert=True),
]


def made(qtbot: QtBot, values: dict[str, object] | None = None) -> SpecForm:
    form = SpecForm(SPECS, "strategy", values)
    qtbot.addWidget(form)
    form.show()
    return form


def test_defaults_and_kept_values_are_shown(qtbot: QtBot) -> None:
    form = made(qtbot, {"num_context": 8, "unknown": 1})
    assert form.values() == {"num_context": 8, "learning_rate": 2e-4, "kernel": 5}
    rate = form.findChild(QLineEdit, "strategy_learning_rate")
    assert rate is not None
    assert rate.text() == "2e-4"


def test_a_wrong_value_is_told_at_its_field_while_typing(qtbot: QtBot) -> None:
    form = made(qtbot)
    rate = form.findChild(QLineEdit, "strategy_learning_rate")
    told = form.findChild(QLabel, "strategy_learning_rate_problem")
    assert rate is not None
    assert told is not None
    rate.clear()
    qtbot.keyClicks(rate, "-1")
    assert told.text() == "Must be above 0."
    assert told.isVisible()
    assert form.problems() == {"learning_rate": "Must be above 0."}
    rate.clear()
    qtbot.keyClicks(rate, "5e-2")
    assert form.problems() == {}
    assert form.values()["learning_rate"] == 0.05


def test_a_rule_over_all_values_tells_at_its_field(qtbot: QtBot) -> None:
    def rule(values: dict[str, object]) -> dict[str, str]:
        return {"num_context": "Too many for this kernel."} if values["num_context"] == 8 else {}

    form = SpecForm(SPECS, "strategy", {"num_context": 8}, rule=rule)
    qtbot.addWidget(form)
    form.show()
    told = form.findChild(QLabel, "strategy_num_context_problem")
    assert told is not None
    assert told.text() == "Too many for this kernel."
    assert told.isVisible()
    form.put("num_context", 4)
    assert form.problems() == {}
    assert not told.isVisible()


def test_expert_settings_wait_behind_a_fold(qtbot: QtBot) -> None:
    form = made(qtbot)
    fold = form.findChild(QPushButton, "strategy_more")
    assert fold is not None
    assert form.findChild(QSpinBox, "strategy_kernel") is None
    assert form.values()["kernel"] == 5
    qtbot.mouseClick(fold, Qt.MouseButton.LeftButton)
    kernel = form.findChild(QSpinBox, "strategy_kernel")
    assert kernel is not None
    assert kernel.isVisible()
    kernel.setValue(7)
    qtbot.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert not kernel.isVisible()
    assert form.values()["kernel"] == 7


def test_fields_that_are_not_built_yet_count(qtbot: QtBot) -> None:
    many = [FieldSpec(f"field_{number}", "int", number, low=0) for number in range(60)]
    form = SpecForm(many, "strategy", {"field_59": -1}, in_turns=True)
    qtbot.addWidget(form)
    assert form.findChild(QSpinBox, "strategy_field_59") is None
    assert form.values()["field_58"] == 58
    assert form.problems() == {"field_59": "Must be at least 0."}
    form.put("field_59", 9)
    assert form.problems() == {}
    with qtbot.waitSignal(form.grown):
        form.show()
    last = form.findChild(QSpinBox, "strategy_field_59")
    assert last is not None
    assert last.value() == 9


def test_a_field_that_the_engine_refuses_is_pointed_at_until_it_is_edited(qtbot: QtBot) -> None:
    form = made(qtbot)
    form.show_problem("kernel", "Too wide for this map.")  # behind the fold
    told = form.findChild(QLabel, "strategy_kernel_problem")
    assert told is not None
    assert told.isVisible()
    assert told.text() == "Too wide for this map."
    form.put("kernel", 3)
    assert not told.isVisible()
    form.show_problem("nothing_like_it", "x")
