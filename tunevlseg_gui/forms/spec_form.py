"""A form drawn from a list of settings: what everyone needs in sight, the rest behind a fold; checked while typing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from tunevlseg_gui.forms.field_spec import FieldSpec
from tunevlseg_gui.forms.field_widgets import FieldWidget, field_widget
from tunevlseg_gui.theme.icons import icon


class SpecForm(QWidget):
    """`values()` gives every field; `problems()` what is wrong, by field name. `prefix` begins the object names.

    `rule` says what is wrong with all values together, by field name, beside what each field allows.
    """

    changed = Signal()

    def __init__(
        self,
        specs: list[FieldSpec],
        prefix: str,
        values: dict[str, Any] | None = None,
        parent: QWidget | None = None,
        rule: Callable[[dict[str, Any]], dict[str, str]] | None = None,
    ) -> None:
        super().__init__(parent)
        self._rule = rule
        self.specs = {spec.name: spec for spec in specs}
        self._prefix = prefix
        self._fields: dict[str, FieldWidget] = {}
        self._told: dict[str, QLabel] = {}
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        basic = [spec for spec in specs if not spec.expert]
        expert = [spec for spec in specs if spec.expert]
        rows.addWidget(self._group(basic))
        if expert:
            self._fold = QPushButton(f"{len(expert)} more settings")
            self._fold.setObjectName(f"{prefix}_more")
            self._fold.setProperty("role", "flat")
            self._fold.setCheckable(True)
            self._fold.setIcon(icon("next", "accent_text"))
            self._folded = self._group(expert)
            self._folded.hide()
            self._fold.toggled.connect(self._unfold)
            rows.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)
            rows.addWidget(self._folded)
        for name, value in (values or {}).items():
            if name in self._fields:
                self._fields[name].put(value)
        self._check()

    def _unfold(self, on: bool) -> None:
        self._fold.setIcon(icon("down" if on else "next", "accent_text"))
        self._folded.setVisible(on)

    def _group(self, specs: list[FieldSpec]) -> QWidget:
        made = QWidget()
        form = QFormLayout(made)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(6)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for spec in specs:
            form.addRow(self._label(spec), self._field(spec))
        return made

    def _label(self, spec: FieldSpec) -> QLabel:
        made = QLabel(spec.title)
        made.setToolTip(_tip(spec))
        made.setMinimumWidth(130)
        return made

    def _field(self, spec: FieldSpec) -> QWidget:
        field = field_widget(spec)
        widget = field.widget()
        widget.setObjectName(f"{self._prefix}_{spec.name}")
        widget.setAccessibleName(spec.title)
        widget.setAccessibleDescription(spec.help)
        widget.setToolTip(_tip(spec))
        if spec.default is not None:
            field.put(spec.default)
        field.changed.connect(self._changed)
        self._fields[spec.name] = field
        made = QWidget()
        rows = QVBoxLayout(made)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(1)
        rows.addWidget(widget)
        if spec.help:
            rows.addWidget(
                _small(spec.help + (f" At most {spec.high:g}: {spec.why_capped}." if spec.why_capped else ""), "muted")
            )
        told = _small("", "problem")
        told.setObjectName(f"{self._prefix}_{spec.name}_problem")
        told.hide()
        self._told[spec.name] = told
        rows.addWidget(told)
        return made

    def values(self) -> dict[str, Any]:
        return {name: field.value() for name, field in self._fields.items()}

    def put(self, name: str, value: Any) -> None:
        """Fills one field."""
        self._fields[name].put(value)

    def problems(self) -> dict[str, str]:
        """Field name → what is wrong; empty where the form can be used."""
        found = {name: self.specs[name].problem(field.value()) for name, field in self._fields.items()}
        found = {name: problem for name, problem in found.items() if problem}
        return found or (self._rule(self.values()) if self._rule else {})

    def show_problem(self, name: str, text: str) -> None:
        """Points at a field that the engine refused."""
        if name in self._told:
            if self.specs[name].expert:
                self._fold.setChecked(True)
            self._tell(name, text)
            self._fields[name].widget().setFocus()

    def _changed(self) -> None:
        self._check()
        self.changed.emit()

    def _check(self) -> None:
        problems = self.problems()
        for name in self._fields:
            self._tell(name, problems.get(name, ""))

    def _tell(self, name: str, text: str) -> None:
        told, widget = self._told[name], self._fields[name].widget()
        told.setText(text)
        told.setVisible(bool(text))
        wrong = "true" if text else "false"
        if widget.property("wrong") != wrong:
            widget.setProperty("wrong", wrong)
            widget.style().unpolish(widget)
            widget.style().polish(widget)


def _small(text: str, role: str) -> QLabel:
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(True)
    return made


def _tip(spec: FieldSpec) -> str:
    return "\n".join(filter(None, [spec.help, spec.limits, f"Default: {spec.default}"]))
