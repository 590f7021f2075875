"""One widget per kind of setting; each can be filled, read, and asked what is wrong."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSpinBox, QWidget

from tunevlseg_gui.forms.field_spec import FieldSpec
from tunevlseg_gui.theme.spin_box import inset

_INT_LIMIT = 2_000_000_000


class FieldWidget(Protocol):
    """What a form needs of a widget. `changed` follows every edit by the user."""

    changed: Any

    def value(self) -> Any: ...

    def put(self, value: Any) -> None: ...

    def widget(self) -> QWidget: ...


class IntField(QSpinBox):
    changed = Signal()

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        low = -_INT_LIMIT if spec.low is None else int(spec.low) + spec.low_open
        high = _INT_LIMIT if spec.high is None else int(spec.high) - spec.high_open
        self.setRange(low, max(low, high))
        inset(self)
        if spec.unit:
            self.setSuffix(f" {spec.unit}")
        self.valueChanged.connect(lambda _value: self.changed.emit())

    def wheelEvent(self, event: QWheelEvent) -> None:
        # A form is scrolled with the wheel: it must not change numbers on the way.
        event.ignore()

    def put(self, value: Any) -> None:
        self.setValue(int(value))

    def widget(self) -> QWidget:
        return self


class NumberField(QLineEdit):
    """A number as text: 2e-4 and 0.0002 alike; empty is None."""

    changed = Signal()

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        self._whole = spec.kind == "int"
        if spec.optional:
            self.setPlaceholderText(self.tr("not set"))
        self.textChanged.connect(lambda _text: self.changed.emit())

    def value(self) -> Any:
        text = self.text().strip().replace(",", ".")
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            return text
        return int(number) if self._whole and number.is_integer() else number

    def put(self, value: Any) -> None:
        self.setText("" if value is None else _shown(value))

    def widget(self) -> QWidget:
        return self


def _shown(value: Any) -> str:
    if isinstance(value, float) and value and (abs(value) < 1e-3 or abs(value) >= 1e6):
        mantissa, _, exponent = f"{value:.6e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:g}" if isinstance(value, float) else str(value)


class BoolField(QCheckBox):
    changed = Signal()

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        del spec
        self.toggled.connect(lambda _on: self.changed.emit())

    def value(self) -> Any:
        return self.isChecked()

    def put(self, value: Any) -> None:
        self.setChecked(bool(value))

    def widget(self) -> QWidget:
        return self


class ChoiceField(QComboBox):
    changed = Signal()

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        if spec.optional:
            self.addItem(self.tr("not set"), None)
        for choice in spec.choices:
            self.addItem(str(choice).replace("_", " "), choice)
        self.currentIndexChanged.connect(lambda _index: self.changed.emit())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def value(self) -> Any:
        return self.currentData()

    def put(self, value: Any) -> None:
        self.setCurrentIndex(max(0, self.findData(value)))

    def widget(self) -> QWidget:
        return self


class TextField(QLineEdit):
    changed = Signal()

    def __init__(self, spec: FieldSpec) -> None:
        super().__init__()
        self._optional = spec.optional
        self.textChanged.connect(lambda _text: self.changed.emit())

    def value(self) -> Any:
        return None if self._optional and not self.text() else self.text()

    def put(self, value: Any) -> None:
        self.setText("" if value is None else str(value))

    def widget(self) -> QWidget:
        return self


def field_widget(spec: FieldSpec) -> FieldWidget:
    """The widget for a setting's kind."""
    if spec.kind == "int" and not spec.optional:
        return IntField(spec)
    if spec.kind in ("int", "float"):
        return NumberField(spec)
    return {"bool": BoolField, "choice": ChoiceField}.get(spec.kind, TextField)(spec)
