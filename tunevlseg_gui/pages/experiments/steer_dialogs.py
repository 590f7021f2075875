"""Dialogs that tell a study something: a point to try, a region to leave out, a setting to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from engine.contract.commands import Ban, Command, Enqueue, Freeze
from engine.contract.jobs import SteerStudy
from tunevlseg_gui.pages.experiments.asking import checked
from tunevlseg_gui.pages.experiments.setting_fields import limits_of, point_of, value_field, value_of
from tunevlseg_gui.pages.experiments.steering import job_of
from tunevlseg_gui.pages.experiments.study_data import Column, Study
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.text import label


class SteerDialog(QDialog):
    """What all of them share: a form, what is wrong, the command, and the button that tells it."""

    wanted = Signal(object)  # Command

    def __init__(self, study: Study, name: str, title: str, line: str, does: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setMinimumWidth(480)
        self.study = study
        self.form = QFormLayout()
        self.form.setSpacing(8)
        self.wrong = label("", "problem", wrap=True, name=f"{name}Wrong")
        self.go = button(does, f"{name}Go", self._tell, role="primary")
        self.go.setDefault(True)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addWidget(label(title, "heading"))
        rows.addWidget(label(line, "muted", wrap=True))
        rows.addLayout(self.form)
        rows.addWidget(self.wrong)
        self.wrong.hide()
        foot = QHBoxLayout()
        foot.addWidget(command_button(f"{name}Command", self.tr("Show the command"), self._job))
        foot.addStretch(1)
        foot.addWidget(button(self.tr("Cancel"), f"{name}Cancel", self.reject))
        foot.addWidget(self.go)
        rows.addLayout(foot)

    def command(self) -> Command:
        """Raises ValueError with words for a person."""
        raise NotImplementedError

    def _job(self) -> SteerStudy | None:
        found = self._checked()
        return None if found is None else job_of(self.study.folder, found)

    def _checked(self) -> Command | None:
        return checked(self.command, self.wrong)

    def _tell(self) -> None:
        found = self._checked()
        if found is not None:
            self.wanted.emit(found)
            self.accept()


class PointDialog(SteerDialog):
    """A point to try next; what is left empty is proposed by the study."""

    def __init__(self, study: Study, values: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(
            study,
            "pointDialog",
            translate("SteerDialogs", "Try this point"),
            translate("SteerDialogs", "It is the next trial that begins. What is left empty, the study proposes."),
            translate("SteerDialogs", "Try it next"),
            parent,
        )
        self.fields = {one.key: value_field(one, values.get(one.key), "point") for one in study.params}
        for column in study.params:
            self.form.addRow(column.title, self.fields[column.key])

    def command(self) -> Command:
        found = point_of(self.study.params, self.fields)
        if not found:
            raise ValueError(translate("SteerDialogs", "Give at least one value."))
        return Enqueue(found)


class BanDialog(SteerDialog):
    """A region in which nothing is proposed any more; a point is banned where all given ranges hold it."""

    def __init__(self, study: Study, region: Mapping[str, list[Any]], parent: QWidget | None = None) -> None:
        super().__init__(
            study,
            "banDialog",
            translate("SteerDialogs", "Ban a region"),
            translate("SteerDialogs", "Nothing is proposed any more where all of these hold. Empty: any value."),
            translate("SteerDialogs", "Ban it"),
            parent,
        )
        self.fields: dict[str, Any] = {}
        for column in study.params:
            self._add(column, region.get(column.key))

    def _add(self, column: Column, limits: list[Any] | None) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        parts: list[Any] = []
        if column.kind == "choice":
            for choice in column.choices:
                made: Any = QCheckBox(str(choice))
                made.setChecked(bool(limits and choice in limits))
                parts.append(made)
        else:
            for at, name in enumerate((translate("SteerDialogs", "from"), translate("SteerDialogs", "to"))):
                value = limits[at] if limits else None
                made = QLineEdit("" if value is None else f"{value:.6g}")
                made.setPlaceholderText(column.told(column.high if at else column.low))
                made.setAccessibleName(f"{column.title} {name}")
                parts.append(made)
        for at, part in enumerate(parts):
            part.setObjectName(f"ban_{column.key}_{at}")
            row.addWidget(part)
            if column.kind != "choice" and not at:
                row.addWidget(label("–", "muted"))
        row.addStretch(1 if column.kind == "choice" else 0)
        self.fields[column.key] = parts
        self.form.addRow(column.title, holder)

    def command(self) -> Command:
        region: dict[str, list[Any]] = {}
        for column in self.study.params:
            parts = self.fields[column.key]
            if column.kind == "choice":
                some = [choice for choice, part in zip(column.choices, parts, strict=True) if part.isChecked()]
                limits: list[Any] | None = some or None
            else:
                limits = limits_of(column, parts[0].text(), parts[1].text())
            if limits is not None:
                region[column.key] = limits
        if not region:
            raise ValueError(translate("SteerDialogs", "Give a range or a choice of at least one setting."))
        return Ban(region)


class FreezeDialog(SteerDialog):
    """One setting at one value from now on."""

    def __init__(self, study: Study, values: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(
            study,
            "freezeDialog",
            translate("SteerDialogs", "Keep a setting"),
            translate("SteerDialogs", "Only this value of it is proposed from now on."),
            translate("SteerDialogs", "Keep it"),
            parent,
        )
        self._values = values
        self.setting = QComboBox()
        self.setting.setObjectName("freezeSetting")
        self.setting.setAccessibleName(translate("SteerDialogs", "Setting"))
        self.setting.addItems([one.title for one in study.params])
        self.form.addRow(translate("SteerDialogs", "Setting"), self.setting)
        self.field: Any = None
        self.setting.currentIndexChanged.connect(self._offer)
        given = [at for at, one in enumerate(study.params) if one.key in values]
        self.setting.setCurrentIndex(given[0] if len(given) == 1 else 0)
        self._offer()

    def _offer(self) -> None:
        if self.field is not None:
            self.form.removeRow(self.field)
        column = self._column
        self.field = value_field(column, self._values.get(column.key), "freeze")
        self.form.addRow(translate("SteerDialogs", "Value"), self.field)

    @property
    def _column(self) -> Column:
        return self.study.params[max(0, self.setting.currentIndex())]

    def command(self) -> Command:
        value = value_of(self._column, self.field)
        if value is None:
            raise ValueError(translate("SteerDialogs", "Give a value."))
        return Freeze(self._column.key, value)
