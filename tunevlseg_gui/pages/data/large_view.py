"""One case large: its slices with the labels over them, a step to the next case with the arrow keys, Esc back."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.contract.errors import EngineError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import OpenCase
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.cases import CaseRow
from tunevlseg_gui.pages.data.case_browser import CaseBrowser
from tunevlseg_gui.pages.data.case_layers import CaseLayers, read_case, rgb
from tunevlseg_gui.pages.data.case_side import CaseSide
from tunevlseg_gui.pages.data.problem_list import breakable
from tunevlseg_gui.project import Project
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import PathLabel, label, set_tone

_WHERE = {"train": "accent", "val": "accent", "test": "good"}


class LargeView(QWidget):
    """Steps through the cases that the browser shows, in its order."""

    closed = Signal()

    def __init__(
        self, client: EngineClient, project: Project, browser: CaseBrowser, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._client, self._project, self._browser = client, project, browser
        self._job = ""
        self._row = 0
        self._opened = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._layers: list[tuple[int, Layer]] = []
        self._hidden: set[int] = set()  # labels that were switched off, in every case
        self.viewer = ScanViewer()
        for view in self.viewer.panes.views:
            view.installEventFilter(self)
        self.name = PathLabel()
        self.name.setObjectName("caseName")
        self.name.setProperty("role", "heading")
        self.where = label("", "chip", name="caseSplit")
        self.facts = label("", "muted", name="caseFacts")
        self.place = label("", "muted", name="casePlace")
        self.side = CaseSide()
        self.side.switched.connect(self._switch)
        self.side.look_chosen.connect(self._look_chosen)
        self.previous = button(
            "", "previousCase", lambda: self.step(-1), picture="back", tip=self.tr("Previous case (←)")
        )
        self.next = button("", "nextCase", lambda: self.step(1), picture="next", tip=self.tr("Next case (→)"))
        back = button(
            self.tr("Back to all cases"), "closeCase", self.close_case, role="flat", picture="back", tip="Esc"
        )
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        head.addWidget(back)
        head.addWidget(self.name, 1)
        for widget in (self.where, self.facts):
            head.addWidget(widget)
        head.addSpacing(12)
        for widget in (self.place, self.previous, self.next):
            head.addWidget(widget)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self.viewer, 1)
        middle.addWidget(self.side)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(10)
        rows.addLayout(head)
        rows.addLayout(middle, 1)
        escape = QShortcut(QKeySequence("Esc"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.close_case)
        self.viewer.changed.connect(self._show_look)
        project.labels_edited.connect(self._recolour)
        project.cases_moved.connect(self._show_facts)

    # -- which case ----------------------------------------------------------------------------------------------

    @property
    def case(self) -> CaseRow | None:
        rows = self._browser.model.rows
        return rows[self._row] if 0 <= self._row < len(rows) else None

    def open_row(self, row: int) -> None:
        """The case in this row of the browser."""
        self._row = row
        if self.case is None or self._project.folder is None:
            return
        self._browser.show_case(row)
        self._show_facts()
        self.viewer.view.setFocus()
        if self._job:
            self._client.cancel(self._job)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tunevlseg-case-", ignore_cleanup_errors=True)
        self._opened += 1
        out = Path(self._folder.name) / str(self._opened)
        self._job = self._client.submit(OpenCase(str(self._project.folder), self.case.case_id, str(out)), self._heard)

    def step(self, cases: int) -> None:
        wanted = min(max(self._row + cases, 0), len(self._browser.model.rows) - 1)
        if wanted != self._row:
            self.open_row(wanted)

    def close_case(self) -> None:
        if self._job:
            self._client.cancel(self._job)
            self._job = ""
        self.viewer.close_scan()
        self._forget(keep=0)
        self.closed.emit()

    def _forget(self, keep: int) -> None:
        """Takes away the files of cases that are not shown any more; 0 keeps none."""
        if self._folder is None:
            return
        old = [folder for folder in Path(self._folder.name).iterdir() if folder.name != str(keep)]
        run_task(self, lambda: [shutil.rmtree(folder, ignore_errors=True) for folder in old], lambda _done: None)

    def _heard(self, event: Event) -> None:
        if event.job_id != self._job:
            return
        match event:
            case JobFinished(result=result):
                self._job = ""
                self._prepare(result)
            case JobFailed(message=message, hint=hint):
                self._job = ""
                self.viewer.close_scan()
                self._layers = []
                self._show_legend()
                self.side.told.setText("\n\n".join(filter(None, [f"{message} {hint}".strip(), self._problems()])))
            case JobCancelled():
                self._job = ""

    def _prepare(self, result: dict[str, Any]) -> None:
        number, row = self._opened, self.case
        if row is None or self._project.folder is None:
            return
        path = self._project.folder / row.image
        found = self._project.found
        labels, binary = list(self._project.labels), bool(found and found.label_kind == "binary")

        def done(made: CaseLayers) -> None:
            if number == self._opened and not self._job:
                self._show(made)
                self._forget(keep=number)

        def failed(error: Exception) -> None:
            self.side.told.setText(error.message if isinstance(error, EngineError) else str(error))

        run_task(self, lambda: read_case(path, result, labels, binary=binary), done, failed)

    # -- showing it ----------------------------------------------------------------------------------------------

    def _show(self, made: CaseLayers) -> None:
        self._layers = made.layers
        self.viewer.show_scan(made.scan)
        for value, layer in made.layers:
            layer.visible = value not in self._hidden
        if made.fullest_zyx is not None and not made.scan.is_picture:
            self.viewer.state.cursor_zyx = made.fullest_zyx
        self.viewer.show_layers([layer for _, layer in made.layers])
        self._show_legend()
        self._show_look()

    def _show_facts(self) -> None:
        row = self.case
        if row is None:
            return
        split = self._browser.word_of(row)
        self.name.set_path(row.case_id)
        self.where.setText(split)
        self.where.setVisible(bool(split))
        set_tone(self.where, _WHERE.get(split, "warning"))
        patient = self.tr("patient {patient}").format(patient=row.patient) if row.patient != row.case_id else ""
        self.facts.setText("   ·   ".join(filter(None, [row.size, patient])))
        self.place.setText(
            self.tr("{n} of {total}").format(n=f"{self._row + 1:,}", total=f"{len(self._browser.model.rows):,}")
        )
        self.previous.setEnabled(self._row > 0)
        self.next.setEnabled(self._row + 1 < len(self._browser.model.rows))
        self.side.told.setText(self._problems() or self.tr("None found."))

    def _problems(self) -> str:
        row, found = self.case, self._project.found
        if row is None or found is None:
            return ""
        told = [problem for problem in found.problems if row.case_id in (problem.get("cases") or ())]
        lines = []
        for problem in told:
            where = f"{problem['path']}: " if problem.get("path") else ""
            lines.append(f"{where}{problem.get('message', '')} {problem.get('fix', '')}".strip())
        return "\n\n".join(breakable(line) for line in lines)

    def _show_legend(self) -> None:
        self.side.show_legend(self._layers, self.case.areas if self.case is not None else {})

    def _switch(self, value: int, layer: Layer, on: bool) -> None:
        layer.visible = on
        (self._hidden.discard if on else self._hidden.add)(value)
        self.viewer.refresh()

    def _recolour(self) -> None:
        """After an edit of a label."""
        if not self.isVisible() or self.viewer.state.scan is None:
            return
        known = {label.value: label for label in self._project.labels}
        for value, layer in self._layers:
            if value in known:
                layer.colour, layer.phrase = rgb(known[value].colour), known[value].name
        self._show_legend()
        self.viewer.refresh()

    def _look_chosen(self) -> None:
        self.viewer.state.set_opacity(self.side.opacity.value() / 100)
        self.viewer.state.outline = self.side.outline.isChecked()
        self.viewer.refresh()

    def _show_look(self) -> None:
        """Opacity and outline as the keys of the slice left them."""
        state = self.viewer.state
        self.side.show_look(state.opacity, outline=bool(state.outline))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The slice's own arrows left and right step through the cases here; up, down and the wheel its slices."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not _modified(event):
            steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
            if event.key() in steps:
                self.step(steps[Qt.Key(event.key())])
                return True
        return super().eventFilter(watched, event)


def _modified(event: QKeyEvent) -> bool:
    return bool(event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)
