"""Forking a run: from which epoch, what changes, and the new run that begins there."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from engine.contract.events import EpochEnded, Event, JobFailed, JobFinished
from engine.contract.jobs import ForkRun, Tune
from engine.runs.folders import run_folder_for
from engine.runs.layout import RECIPE
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.catalogue import Catalogue
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.forms.field_spec import FieldSpec, fields_of
from tunevlseg_gui.forms.spec_form import SpecForm
from tunevlseg_gui.pages.runs.kept_epochs import Forkable, KeptEpoch, read_forkable
from tunevlseg_gui.widgets.banner import Banner
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.command_dialog import command_button
from tunevlseg_gui.widgets.focus_order import put_in_order
from tunevlseg_gui.widgets.text import label

BASIC = ("learning_rate", "patience", "epochs", "schedule", "dice_weight", "ce_weight")
"""In sight at once, in this order; what else may change is behind the fold."""
NOT_HERE = ("start_from",)


class ForkDialog(QDialog):
    started = Signal(object)  # Path of the new run

    def __init__(self, client: EngineClient, run: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("forkDialog")
        self.setWindowTitle(self.tr("Fork the run"))
        self.setMinimumSize(560, 560)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._client, self._run = client, run
        self._forkable = Forkable({}, [])
        self._folder = Path()
        self._over = False
        self._baseline: dict[str, Any] = {}
        self._values: dict[str, Any] = {}  # of the chosen epoch
        self._named = ""  # as it was named here, not by hand
        self.epoch = QComboBox()
        self.epoch.setObjectName("forkEpoch")
        self.epoch.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.epoch.setAccessibleName(self.tr("Epoch to begin with"))
        self.epoch.currentIndexChanged.connect(lambda _at: self._show_settings())
        self.name = QLineEdit()
        self.name.setObjectName("forkName")
        self.name.setAccessibleName(self.tr("Name of the new run"))
        self.name.setMaxLength(80)
        self.form: SpecForm | None = None
        self._place = QWidget()
        self._place.setObjectName("scrolled")
        self._place_rows = QVBoxLayout(self._place)
        self._place_rows.setContentsMargins(0, 0, 8, 0)
        self.summary = label("", "muted", wrap=True, name="forkSummary")
        self.banner = Banner()
        self.start = button(self.tr("Fork and start"), "forkStart", self._start, role="primary", picture="part")
        self.start.setEnabled(False)
        self.start.setDefault(True)
        self._lay_out()
        client.run_event.connect(self._parent_said)
        run_task(self, partial(read_forkable, run), self._fill, self._cannot)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the fields
        scroll.setWidget(self._place)
        top = QHBoxLayout()
        for text, widget, stretch in (
            (self.tr("After epoch"), self.epoch, 0),
            (self.tr("Name"), self.name, 1),
        ):
            told = label(text, "muted")
            told.setBuddy(widget)
            top.addWidget(told)
            top.addWidget(widget, stretch)
        foot = QHBoxLayout()
        foot.addWidget(command_button("forkCommand", self.tr("Show the command"), self._job))
        foot.addStretch(1)
        foot.addWidget(button(self.tr("Close"), "forkClose", self.reject))
        foot.addWidget(self.start)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(22, 20, 22, 18)
        rows.setSpacing(10)
        rows.addWidget(label(self.tr("A new run from an epoch of this one"), "heading"))
        rows.addWidget(
            label(
                self.tr(
                    "It has this run's first part and goes on with what is changed here. Data, base model and strategy "
                    "stay. This run is left as it is."
                ),
                "muted",
                wrap=True,
            )
        )
        rows.addLayout(top)
        rows.addWidget(scroll, 1)
        rows.addWidget(self.summary)
        rows.addWidget(self.banner)
        rows.addLayout(foot)

    # -- what there is -------------------------------------------------------------------------------------------

    def _fill(self, found: Forkable) -> None:
        chosen, view = self.kept, self.epoch.view()
        if view.isVisible():
            return  # the list is being looked at; the next epoch comes soon
        self._forkable = found
        epochs = list(reversed(found.epochs))
        self.epoch.blockSignals(True)
        self.epoch.clear()
        for kept in epochs:
            dice = "" if kept.dice is None else self.tr(", Dice {dice}").format(dice=f"{kept.dice:.3f}")
            best = self.tr(", the best") if kept.best else ""
            self.epoch.addItem(f"{kept.epoch}{dice}{best}")
        if chosen is not None and epochs:
            # A run that goes on keeps its last epochs only: where the chosen one is put away, the next one is nearest.
            later = [at for at, kept in enumerate(epochs) if kept.epoch >= chosen.epoch]
            self.epoch.setCurrentIndex(later[-1] if later else 0)
        self.epoch.blockSignals(False)
        if not epochs:
            self._cannot(EngineError(self.tr("This run keeps no epoch yet.")))
        elif chosen is None or chosen != self.kept:
            self._show_settings()

    def _parent_said(self, folder: str, event: Event) -> None:
        """A run that goes on puts epochs away while one of them is being chosen."""
        if Path(folder) == self._run and isinstance(event, EpochEnded) and not self._over:
            run_task(self, partial(read_forkable, self._run), self._fill)

    def _cannot(self, error: Exception) -> None:
        self.banner.show_notice(of_error(error) if isinstance(error, EngineError) else Notice(str(error), "", "danger"))
        self.start.setEnabled(False)

    @property
    def kept(self) -> KeptEpoch | None:
        """The epoch that is chosen."""
        at = self.epoch.currentIndex()
        return list(reversed(self._forkable.epochs))[at] if at >= 0 else None

    def _show_settings(self) -> None:
        """The settings as they were after the chosen epoch; what was changed by hand stays."""
        kept, changed = self.kept, self.changes
        if kept is None:
            return
        base = re_named(str(self._forkable.recipe.get("name") or self._run.name))
        if self.name.text() == self._named:
            self._named = self.tr("{name} (fork at {epoch})").format(name=base[:60], epoch=kept.epoch)
            self.name.setText(self._named)
        specs = self._specs()
        values = {name: value for name, value in self._before(kept).items() if name in {spec.name for spec in specs}}
        if self.form is not None and values == self._values:
            self._offer()
            return  # nobody loses the field they type in
        self._values = values
        if self.form is not None:
            self._place_rows.removeWidget(self.form)
            self.form.deleteLater()
        self.form = SpecForm(specs, "fork", values)
        # As the form has them: a number may be rounded to what its field can show.
        self._baseline = self.form.values()
        for key, value in changed.items():
            self.form.put(key.partition(".")[2], value)
        self.form.changed.connect(self._offer)
        self.form.grown.connect(partial(put_in_order, self))
        self._place_rows.addWidget(self.form)
        put_in_order(self)
        self._offer()

    def _specs(self) -> list[FieldSpec]:
        catalogue = Catalogue.shipped()
        known = {spec.name: spec for spec in fields_of(catalogue.training) if spec.name not in NOT_HERE}
        basic = [replace(known.pop(name), expert=False) for name in BASIC if name in known]
        images = [replace(spec, expert=spec.name != "augment") for spec in catalogue.image_fields()]
        return [*basic, *images, *(replace(spec, expert=True) for spec in known.values())]

    def _before(self, kept: KeptEpoch) -> dict[str, Any]:
        return self._forkable.values("data", kept) | self._forkable.values("training", kept)

    @property
    def changes(self) -> dict[str, Any]:
        """Settings by path with another value than the parent had after the chosen epoch."""
        if self.form is None:
            return {}
        images = {spec.name for spec in Catalogue.shipped().image_fields()}
        return {
            f"{'data' if name in images else 'training'}.{name}": value
            for name, value in self.form.values().items()
            if value != self._baseline.get(name)
        }

    def _offer(self) -> None:
        changes = self.changes
        told = ", ".join(f"{key} = {value}" for key, value in changes.items())
        self.summary.setText(
            self.tr("Changed: {changes}").format(changes=told)
            if told
            else self.tr("Nothing is changed: the new run would repeat this one from there.")
        )
        self.start.setEnabled(self.form is not None and not self.form.problems() and not self._over)

    # -- starting ------------------------------------------------------------------------------------------------

    def _overrides(self) -> list[str]:
        named = self.name.text().strip()
        changes = {**({"name": named} if named else {}), **self.changes}
        return [f"{key}={_as_yaml(value)}" for key, value in changes.items()]

    def _job(self) -> Tune | None:
        """The same in a terminal."""
        kept = self.kept
        return None if kept is None else Tune("", "", self._overrides(), fork=str(self._run), epoch=kept.epoch)

    def _start(self) -> None:
        kept = self.kept
        if kept is None:
            return
        self.banner.hide()
        self.start.setEnabled(False)
        self._folder = run_folder_for(self.name.text().strip() or self._run.name)
        job = ForkRun(str(self._run), kept.epoch, self._overrides(), str(self._folder))
        self._client.submit(job, self._heard)

    def _heard(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                self._begin(Path(str(result["run"])))
            case JobFailed() as failure:
                name = (failure.field or "").rpartition(".")[2]
                if self.form is not None and name in self.form.specs:
                    self.form.show_problem(name, f"{failure.message} {failure.hint}".strip())
                else:
                    self.banner.show_notice(of_failure(failure))
                self.start.setEnabled(True)

    def _begin(self, run: Path) -> None:
        try:
            self._client.start_run(Tune(str(run / RECIPE), str(run), resume=str(run)))
        except EngineError as error:
            self._cannot(error)
            return
        self._over = True
        self.started.emit(run)
        self.accept()


def re_named(name: str) -> str:
    """Without what an earlier fork added to it."""
    return name.partition(" (fork at ")[0]


def _as_yaml(value: Any) -> str:
    """A value as `--set` reads it."""
    return json.dumps(value)
