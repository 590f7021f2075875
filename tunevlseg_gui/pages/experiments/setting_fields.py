"""Fields for the settings of a study: a value each, or a range each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from tunevlseg_gui.pages.experiments.study_data import Column
from tunevlseg_gui.translation import translate


def value_field(column: Column, value: Any, name: str) -> QComboBox | QLineEdit:
    """For one value; empty, or the first choice, leaves it open."""
    made: QComboBox | QLineEdit
    if column.kind == "choice":
        made = QComboBox()
        made.addItem(translate("SettingFields", "any"))
        made.addItems([str(choice) for choice in column.choices])
        if value in column.choices:
            made.setCurrentIndex(1 + column.choices.index(value))
    else:
        made = QLineEdit("" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value))
        made.setPlaceholderText(f"{column.told(column.low)} … {column.told(column.high)}")
    made.setObjectName(f"{name}_{column.key}")
    made.setAccessibleName(column.title)
    return made


def value_of(column: Column, field: QWidget) -> Any:
    """None where it is open. Raises ValueError with words for a person."""
    if isinstance(field, QComboBox):
        return None if field.currentIndex() <= 0 else column.choices[field.currentIndex() - 1]
    assert isinstance(field, QLineEdit)
    return _number(column, field.text())


def limits_of(column: Column, low: str, high: str) -> list[Any] | None:
    """None where both ends are open. Raises ValueError."""
    if not low.strip() and not high.strip():
        return None
    ends = [_number(column, low), _number(column, high)]
    if ends[0] is None:
        ends[0] = column.raw(column.low)
    if ends[1] is None:
        ends[1] = column.raw(column.high)
    if ends[0] > ends[1]:
        raise ValueError(
            translate("SettingFields", "{name}: the lower end lies above the upper one.").format(name=column.title)
        )
    return ends


def point_of(columns: Sequence[Column], fields: Mapping[str, QWidget]) -> dict[str, Any]:
    """What is given, by the settings' paths. Raises ValueError."""
    found = {column.key: value_of(column, fields[column.key]) for column in columns}
    return {key: value for key, value in found.items() if value is not None}


def _number(column: Column, text: str) -> Any:
    if not text.strip():
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(
            translate("SettingFields", "{name}: {text} is no number.").format(name=column.title, text=text)
        ) from None
    if column.kind == "int" and not value.is_integer():
        raise ValueError(
            translate("SettingFields", "{name}: {text} is no whole number.").format(name=column.title, text=text)
        )
    if not column.low <= value <= column.high:
        raise ValueError(
            translate("SettingFields", "{name}: {text} lies outside {low} to {high}.").format(
                name=column.title, text=text, low=column.told(column.low), high=column.told(column.high)
            )
        )
    return int(value) if column.kind == "int" else value
