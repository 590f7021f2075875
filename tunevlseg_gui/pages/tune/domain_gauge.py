"""How far the dataset lies from what the chosen model knows: a number with its meaning, and a map on demand."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.contract.jobs import DomainShift as ShiftJob
from engine.contract.jobs import Job
from tunevlseg_gui.pages.tune.look_panel import LookPanel
from tunevlseg_gui.pages.tune.wizard import DomainShift, Wizard
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.scale_bar import ScaleBar, Zone
from tunevlseg_gui.widgets.text import label
from tunevlseg_gui.widgets.turns import in_turn

if TYPE_CHECKING:
    from tunevlseg_gui.pages.tune.shift_map import ShiftMap

_LEVELS = {"low": "near", "medium": "some", "high": "far"}
_START, _END = 0.8, 6.0


class DomainGauge(LookPanel):
    """Puts what it found into the wizard, where the strategy cards read it.

    It asks by itself where the model brings what it is measured by; the question goes on while the wizard does.
    """

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(
            wizard,
            "domainGauge",
            self.tr("How far are your images from what this model knows?"),
            self.tr("At most a hundred images are looked at, none of the test split. Nothing is tuned."),
            self.tr("Measure"),
        )
        self._references: dict[str, str] = {}  # weights → folder that the user named
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._times = 0
        self._asked: object = None
        self.result: dict[str, Any] = {}
        self.number = label("", "number", name="shiftValue")
        self.bounds = label("", "muted", name="shiftBounds")
        self.words = label("", "heading", wrap=True, name="shiftWords")
        self.advised = label("", wrap=True, name="shiftAdvice")
        self.scale = ScaleBar(self.tr("Distance from what the model knows"), "shiftScale", _START)
        self.phrases = QVBoxLayout()
        self.phrases.setSpacing(4)
        self.about = label("", "muted", wrap=True, name="shiftAbout")
        self.reference = button(
            self.tr("Name a reference folder…"), "shiftReference", self._name_reference, role="flat", picture="folder"
        )
        self.shipped = button(self.tr("Measure by what ships with it"), "shiftShipped", self._by_shipped, role="flat")
        self.map_button = button(self.tr("Show the map"), "shiftMapShow", self._toggle_map, role="flat")
        self.map: QWidget | None = None
        self._lay_out()
        self.clear()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(14)
        numbers = QVBoxLayout()
        numbers.setSpacing(0)
        numbers.addWidget(self.number)
        numbers.addWidget(self.bounds)
        head.addLayout(numbers)
        head.addWidget(self.scale, 1)
        foot = QWidget()
        beside = FlowLayout(foot)
        for part in (self.map_button, self.reference, self.shipped):
            beside.addWidget(part)
        self.rows.addLayout(head)
        self.rows.addWidget(self.words)
        self.rows.addWidget(self.advised)
        self.rows.addLayout(self.phrases)
        self.rows.addWidget(self.about)
        self.rows.addWidget(foot)

    # -- asking --------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Measures where that takes seconds, and was not done for this dataset and model."""
        brings = self.wizard.draft.weights.startswith("starter") or self.wizard.draft.weights in self._references
        if self.ready and brings and not self.asking and self._asked != self.matters():
            self.start()

    def start(self) -> None:
        self._asked = self.matters()
        super().start()

    def job(self) -> Job | None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tunevlseg-shift-", ignore_cleanup_errors=True)
        draft = self.wizard.draft
        reference = self._references.get(draft.weights, "")
        data = self.wizard.project.data_for_recipe()
        self._times += 1  # the pictures of the last map are still in use: Windows replaces no file that is
        out = Path(self._folder.name) / str(self._times)
        return ShiftJob(data, draft.weights, reference, str(out), draft.seed)

    def _name_reference(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Pictures like those that this model was trained on"), str(Path.home())
        )
        if chosen:
            self.measure_by(chosen)

    def measure_by(self, folder: str) -> None:
        """By pictures of this folder; empty: by what ships with the model."""
        self._references[self.wizard.draft.weights] = folder
        if not folder:
            del self._references[self.wizard.draft.weights]
        self.start()

    def _by_shipped(self) -> None:
        self.measure_by("")

    # -- showing -------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        self._hide_all()
        self.wizard.put_shift(None)

    def _hide_all(self) -> None:
        self.result = {}
        for part in (self.number, self.bounds, self.words, self.advised, self.scale, self.about, self.map_button):
            part.hide()
        self._show_phrases([])
        self._show_references()
        self._drop_map()

    def show_result(self, result: dict[str, Any]) -> None:
        self._hide_all()
        self.result = result
        self.words.setText(str(result.get("words") or ""))
        self.advised.setText(str(result.get("advised") or ""))
        self.words.show()
        self.advised.show()
        self._show_references()
        if not result.get("known"):
            self.wizard.put_shift(None)
            return
        value, low, high = float(result["value"]), result.get("low"), result.get("high")
        bounds = None if low is None or high is None else (float(low), float(high))
        self.number.setText(f"{value:.1f}")
        self.bounds.setText("" if bounds is None else self.tr("{low:.1f} to {high:.1f}").format(low=low, high=high))
        self.bounds.setToolTip(self.tr("95 % bootstrap interval over patients"))
        medium, far = (float(level) for level in result.get("levels") or (1.3, 2.0))
        zones = (
            Zone(self.tr("known"), medium, "good"),
            Zone(self.tr("another kind"), far, "warning"),
            Zone(self.tr("far"), _END, "danger"),
        )
        self.scale.show_value(zones, value, bounds, f"{value:.1f}. {self.words.text()}")
        self.about.setText(
            self.tr(
                "1 means: like new pictures of the kind that the model knows. Measured with {images} images "
                "(patients: {patients}), beside {reference}."
            ).format(images=result["images"], patients=result["patients"], reference=result["reference"])
        )
        self._show_phrases(result.get("phrases") or [])
        for part in (self.number, self.bounds, self.scale, self.about, self.map_button):
            part.show()
        level = _LEVELS.get(str(result.get("level")), "some")
        self.wizard.put_shift(DomainShift(level, f"{self.words.text()} {self.advised.text()}"))  # type: ignore[arg-type]

    def _show_references(self) -> None:
        named = self.wizard.draft.weights in self._references
        self.shipped.setVisible(named and self.wizard.draft.weights.startswith("starter"))

    def _show_phrases(self, rows: list[dict[str, Any]]) -> None:
        while item := self.phrases.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)  # gone at once, also for whoever looks widgets up by name
                widget.deleteLater()
        said = {
            "low": self.tr("“{phrase}”: treated much like “{nearest}”, which the model was taught"),
            "medium": self.tr("“{phrase}”: unusual for the model; nearest of what it was taught: “{nearest}”"),
            "high": self.tr("“{phrase}”: strange to the model; nearest of what it was taught: “{nearest}”"),
        }
        for row in rows[:8]:
            text = said.get(str(row.get("level")), said["medium"])
            self.phrases.addWidget(
                label(text.format(phrase=row.get("phrase"), nearest=row.get("nearest")), "muted", wrap=True)
            )

    def _toggle_map(self) -> None:
        if self.map is not None:
            self._drop_map()
            return
        from tunevlseg_gui.pages.tune.shift_map import ShiftMap  # imports pyqtgraph

        made = ShiftMap()
        made.setParent(self)
        made.show_map(self.result.get("map") or {})
        self.map = made
        in_turn(made, lambda: self._show_map(made))
        self.map_button.setText(self.tr("Hide the map"))
        self.map_button.setAccessibleName(self.map_button.text())

    def _show_map(self, made: ShiftMap) -> None:
        """In another turn than its making: the whole step is laid out anew for it."""
        self.rows.addWidget(made)
        made.show()
        QWidget.setTabOrder(self.shipped, made.map)  # or it would come after the whole page
        QWidget.setTabOrder(made.map, made.kind)

    def _drop_map(self) -> None:
        if self.map is not None:
            self.map.setParent(None)
            self.map.deleteLater()
            self.map = None
        self.map_button.setText(self.tr("Show the map"))
        self.map_button.setAccessibleName(self.map_button.text())
