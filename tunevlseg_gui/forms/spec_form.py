"""A form drawn from a list of settings: what everyone needs in sight, the rest behind a fold; checked while typing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from tunevlseg_gui.forms.field_spec import FieldSpec, in_figures
from tunevlseg_gui.forms.field_widgets import FieldWidget, field_widget
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.translation import from_engine, line_start, translate

TURN = 0.008
"""Seconds of one turn of the event loop that building fields may take: a field costs about one millisecond."""


FIELD = 150
"""Pixels that a field and its help have at least: where the title leaves fewer, it stands above them."""


class SpecForm(QWidget):
    """`values()` gives every field; `problems()` what is wrong, by field name. `prefix` begins the object names.

    `rule` says what is wrong with all values together, by field name, beside what each field allows. With `in_turns`
    fields are built a few at a time, so that the window stays quick; values and problems are complete from the start.
    Those behind the fold are built when it is opened.
    """

    changed = Signal()
    grown = Signal()  # every field in sight is there

    def __init__(
        self,
        specs: list[FieldSpec],
        prefix: str,
        values: dict[str, Any] | None = None,
        parent: QWidget | None = None,
        rule: Callable[[dict[str, Any]], dict[str, str]] | None = None,
        *,
        in_turns: bool = False,
    ) -> None:
        super().__init__(parent)
        self._rule = rule
        self.specs = {spec.name: spec for spec in specs}
        self._prefix = prefix
        self._in_turns = in_turns
        self._unbuilt = {spec.name: (values or {}).get(spec.name, spec.default) for spec in specs}
        self._fields: dict[str, FieldWidget] = {}
        self._told: dict[str, QLabel] = {}
        self._waiting: list[tuple[QFormLayout, FieldSpec]] = []
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._grow)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        self._expert = [spec for spec in specs if spec.expert]
        self._folded: QWidget | None = None
        rows.addWidget(self._group([spec for spec in specs if not spec.expert]))
        if self._expert:
            self._fold = QPushButton(self.tr("{count} more settings").format(count=len(self._expert)))
            self._fold.setObjectName(f"{prefix}_more")
            self._fold.setProperty("role", "flat")
            self._fold.setCheckable(True)
            self._fold.setIcon(icon("next", "accent_text"))
            self._fold.toggled.connect(self._unfold)
            rows.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)

    def show_expert(self, on: bool) -> None:
        """Opens or closes the fold, where there is one."""
        if self._expert:
            self._fold.setChecked(on)

    def values(self) -> dict[str, Any]:
        return {name: self._value(name) for name in self.specs}

    def focus_first(self) -> None:
        """The keyboard goes to the first field."""
        if self._fields:
            next(iter(self._fields.values())).widget().setFocus()

    def put(self, name: str, value: Any) -> None:
        """Fills one field."""
        if name in self._fields:
            self._fields[name].put(value)
        else:
            self._unbuilt[name] = value
            self._changed()

    def problems(self) -> dict[str, str]:
        """Field name → what is wrong; empty where the form can be used."""
        found = {name: spec.problem(self._value(name)) for name, spec in self.specs.items()}
        found = {name: problem for name, problem in found.items() if problem}
        return found or (self._rule(self.values()) if self._rule else {})

    def show_problem(self, name: str, text: str) -> None:
        """Points at a field that the engine refused, until it is edited."""
        if name in self.specs:
            if self.specs[name].expert:
                self.show_expert(True)
            self._build_now(name)
            self._tell(name, text)

    # -- building ------------------------------------------------------------------------------------------------

    def _group(self, specs: list[FieldSpec]) -> QWidget:
        made = QWidget()
        form = QFormLayout(made)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(6)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._waiting += [(form, spec) for spec in specs]
        if self._in_turns:
            self._turn.start()
        else:
            self._grow_by(len(self._waiting))
        return made

    def _grow(self) -> None:
        began = time.perf_counter()
        while self._waiting and time.perf_counter() - began < TURN:
            self._grow_by(1)
        if self._waiting:
            self._turn.start()
        else:
            QTimer.singleShot(0, self, self._settle)  # once all of them are shown
            self.grown.emit()

    def _settle(self) -> None:
        """Heights are worked out anew: rows that came in several turns were seen to keep those of another width."""
        for made in self.findChildren(QWidget):
            layout = made.layout()
            if layout is not None:
                layout.invalidate()
        self.updateGeometry()

    def _grow_by(self, count: int) -> None:
        for _ in range(count):
            form, spec = self._waiting.pop(0)
            form.addRow(self._label(spec), self._field(spec))
        self.check()

    def _build_now(self, name: str) -> None:
        while name not in self._fields and self._waiting:
            self._grow_by(1)

    def _unfold(self, on: bool) -> None:
        self._fold.setIcon(icon("down" if on else "next", "accent_text"))
        if on and self._folded is None:
            self._folded = self._group(self._expert)
            rows = self.layout()
            assert rows is not None
            rows.addWidget(self._folded)
            if not self._in_turns:
                self.grown.emit()
        if self._folded is not None:
            self._folded.setVisible(on)

    def _label(self, spec: FieldSpec) -> QLabel:
        made = QLabel(from_engine(spec.title))
        made.setToolTip(_tip(spec))
        made.setMinimumWidth(130)
        return made

    def _field(self, spec: FieldSpec) -> QWidget:
        field = field_widget(spec)
        widget = field.widget()
        widget.setObjectName(f"{self._prefix}_{spec.name}")
        widget.setAccessibleName(from_engine(spec.title))
        widget.setAccessibleDescription(
            " ".join(filter(None, (from_engine(spec.help), spec.limits, from_engine(spec.unit))))
        )
        widget.setToolTip(_tip(spec))
        value = self._unbuilt.pop(spec.name)
        if value is not None or spec.optional:
            field.put(value)
        field.changed.connect(self._changed)
        self._fields[spec.name] = field
        made = QWidget()
        made.setMinimumWidth(FIELD)
        rows = QVBoxLayout(made)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(1)
        rows.addWidget(widget)
        if spec.help:
            rows.addWidget(_small(_help(spec), "muted"))
        told = _small("", "problem")
        told.setObjectName(f"{self._prefix}_{spec.name}_problem")
        told.hide()
        self._told[spec.name] = told
        rows.addWidget(told)
        return made

    def _value(self, name: str) -> Any:
        return self._fields[name].value() if name in self._fields else self._unbuilt[name]

    def check(self) -> None:
        """Tells at each field what is wrong now; for a rule that also looks elsewhere."""
        problems = self.problems()
        for name in self._fields:
            self._tell(name, problems.get(name, ""))

    def _changed(self) -> None:
        self.check()
        self.changed.emit()

    def _tell(self, name: str, text: str) -> None:
        told, widget = self._told[name], self._fields[name].widget()
        if told.text() == text:
            return
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
    made.setAlignment(line_start())
    made.setProperty("role", role)
    made.setWordWrap(True)
    return made


def _help(spec: FieldSpec) -> str:
    """What it means, in which unit, within which limits."""
    parts = [from_engine(spec.help)]
    if spec.why_capped:
        parts.append(
            translate("SpecForm", "At most {high}: {why_capped}.").format(
                high=in_figures(spec.high or 0), why_capped=from_engine(spec.why_capped)
            )
        )
    elif spec.limits:
        unit = f" {from_engine(spec.unit)}" if spec.unit else ""
        parts.append(f"{spec.limits[:1].upper()}{spec.limits[1:]}{unit}.")
    elif spec.unit:
        parts.append(translate("SpecForm", "In {unit}.").format(unit=from_engine(spec.unit)))
    return " ".join(parts)


def _tip(spec: FieldSpec) -> str:
    default = translate("SpecForm", "Default: {value}").format(value=spec.default)
    return "\n".join(filter(None, [from_engine(spec.help), spec.limits, default]))
