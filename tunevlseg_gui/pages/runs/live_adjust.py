"""Settings that may change while a run goes on: a small form, and what the worker answers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.contract.events import ENDINGS, Event, SettingChanged, SettingRefused
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.forms.field_spec import fields_of
from tunevlseg_gui.forms.spec_form import SpecForm
from tunevlseg_gui.pages.runs.kept_epochs import settings_in_force
from tunevlseg_gui.translation import from_engine
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

ADJUSTABLE = ("learning_rate", "patience", "epochs")


class AdjustDialog(QDialog):
    """Asks the run's worker for each setting that was changed, and closes when all are in force."""

    told = Signal(str)  # what is in force now, in words

    def __init__(self, client: EngineClient, run: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("adjustDialog")
        self.setWindowTitle(self.tr("Change settings of the run"))
        self.setMinimumWidth(480)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._client, self._run = client, run
        self._before: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._told: list[str] = []
        self._refused = False
        specs = {spec.name: spec for spec in fields_of(Catalogue.shipped().training)}
        known = [replace(specs[name], expert=False) for name in ADJUSTABLE if name in specs]
        self.form = SpecForm(known, "adjust")
        self.form.setEnabled(False)
        self.line = label(
            self.tr("They count from the next step on, and are noted with the run; its recipe stays as it is."),
            "muted",
            wrap=True,
        )
        self.answer = label("", "problem", wrap=True, name="adjustAnswer")
        self.answer.hide()
        self.apply = button(self.tr("Apply"), "adjustApply", self._apply, role="primary")
        self.apply.setEnabled(False)
        self.apply.setDefault(True)  # Enter in a field applies it
        self.form.changed.connect(self._offer)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(button(self.tr("Close"), "adjustClose", self.reject))
        foot.addWidget(self.apply)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addWidget(label(self.tr("While it runs"), "heading"))
        rows.addWidget(self.line)
        rows.addWidget(self.form)
        rows.addWidget(self.answer)
        rows.addStretch(1)
        rows.addLayout(foot)
        client.run_event.connect(self._heard)
        run_task(self, partial(settings_in_force, run), self._fill)

    def _fill(self, values: dict[str, Any]) -> None:
        for name in self.form.specs:
            if name in values:
                self.form.put(name, values[name])
        # As the form has them: a number may be rounded to what its field can show.
        self._before = self.form.values()
        self.form.setEnabled(True)
        self.form.focus_first()
        self._offer()

    @property
    def changed(self) -> dict[str, Any]:
        """Settings with another value than they have now."""
        return {name: value for name, value in self.form.values().items() if value != self._before.get(name)}

    def _offer(self) -> None:
        self.apply.setEnabled(bool(self._before) and bool(self.changed) and not self.form.problems())

    def _apply(self) -> None:
        self.answer.hide()
        self._refused = False
        self.apply.setEnabled(False)
        for name, value in self.changed.items():
            self._asked.add(f"training.{name}")
            self._client.set_in_run(self._run, f"training.{name}", value)
        self.line.setText(self.tr("Told to the run; it answers with its next step."))

    def _tell(self) -> None:
        """All that is in force now, once everything was answered."""
        if self._told and not self._asked:
            self.told.emit(" ".join(self._told))
            self._told.clear()

    def _heard(self, folder: str, event: Event) -> None:
        if Path(folder) != self._run:
            return
        match event:
            case SettingChanged(key=key, value=value) if key in self._asked:
                self._asked.discard(key)
                name = key.partition(".")[2]
                self._before[name] = value
                title = from_engine(self.form.specs[name].title)
                self._told.append(self.tr("{setting} is {value} now.").format(setting=title, value=value))
                if not self._asked and not self._refused:
                    self.accept()
                self._tell()
            case SettingRefused(message=message, hint=hint, key=key) if key in self._asked:
                self._asked.discard(key or "")
                self._refused = True
                self._tell()
                self.form.show_problem((key or "").partition(".")[2], f"{message} {hint}".strip())
                self._offer()
            case _ if isinstance(event, ENDINGS) and self._asked:
                self._asked.clear()
                self.answer.setText(self.tr("The run has ended before it could be changed."))
                self.answer.show()
