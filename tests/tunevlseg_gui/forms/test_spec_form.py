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
    kernel = form.findChild(QSpinBox, "strategy_kernel")
    fold = form.findChild(QPushButton, "strategy_more")
    assert kernel is not None
    assert fold is not None
    assert not kernel.isVisible()
    qtbot.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert kernel.isVisible()
