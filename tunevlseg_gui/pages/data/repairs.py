"""Repairs as steps that can be undone: a mended mask is used or not, a case is left out or not, cases move together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import EditDataset, RepairData
from engine.data.regroup import regrouped
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.edits import WrittenStep
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.pages.data.problem_groups import ProblemGroup
from tunevlseg_gui.pages.data.repair_dialog import RepairDialog
from tunevlseg_gui.project import Project
from tunevlseg_gui.translation import counted


class Repairs(QObject):
    """New files stay when a repair is undone; only `dataset.yaml` says which of two is read."""

    notice = Signal(object)
    look_wanted = Signal()  # the dataset says something else now

    def __init__(self, client: EngineClient, project: Project, parent: QWidget) -> None:
        super().__init__(parent)
        self._client, self._project, self._window = client, project, parent
        self.dialog: RepairDialog | None = None

    def begin(self, group: ProblemGroup) -> None:
        """What the button of a problem does."""
        if self._project.folder is None:
            return
        if group.mending == "regroup":
            self._regroup(group)
        elif group.mending in ("leave_out", "take_back"):
            self._leave_out(group.cases, back=group.mending == "take_back")
        elif group.mending == "originals":
            self._read_originals(group.cases)
        else:
            self.dialog = RepairDialog(self._client, self._project.folder, group, self._window)
            self.dialog.mended.connect(self._use)
            self.dialog.open()

    def merge(self, value: int, into: int) -> None:
        """A label's pixels count as another's from now on; its phrases and its name go with it."""
        project = self._project
        gone = next((label for label in project.labels if label.value == value), None)
        home = next((label for label in project.labels if label.value == into), None)
        if gone is None or home is None:
            return
        place = project.labels.index(gone)

        def done() -> None:
            project.known_labels.pop(value, None)
            project.put_labels([label for label in project.labels if label.value != value])

        def undone() -> None:
            project.known_labels[value] = gone
            project.put_labels([*project.labels[:place], gone, *project.labels[place:]])

        after, back = {"merged": {str(value): into}}, {"merged": {str(value): 0}}
        self._push(
            self.tr("merge of {name} into {home}").format(name=gone.name, home=home.name), after, back, done, undone
        )

    def _use(self, result: dict[str, Any]) -> None:
        new, before = dict(result["repaired"]), dict(result["before"])
        text = counted("Repairs", "repair of {n} masks", "repair of {n} mask", len(new))
        self._push(text, {"repaired": new}, {"repaired": before})

    def _leave_out(self, cases: Sequence[str], *, back: bool) -> None:
        many = counted("Repairs", "{n} cases", "{n} case", len(cases))
        away, again = {"left_out": list(cases)}, {"taken_back": list(cases)}
        if back:
            self._push(self.tr("taking back of {many}").format(many=many), again, away)
        else:
            self._push(self.tr("leaving out of {many}").format(many=many), away, again)

    def _read_originals(self, cases: Sequence[str]) -> None:
        """Which copies are read now, the engine says: an undo reads them again."""

        def heard(event: Event) -> None:
            if isinstance(event, JobFinished):
                new, before = dict(event.result["repaired"]), dict(event.result["before"])
                self._push(self.tr("reading of original masks"), {"repaired": new}, {"repaired": before})
            elif isinstance(event, JobFailed):
                self.notice.emit(of_failure(event))

        job = RepairData(str(self._project.folder), "originals", list(cases), note=False)
        self._client.submit(job, heard)

    def _push(
        self,
        text: str,
        after: Mapping[str, Any],
        before: Mapping[str, Any],
        done: Callable[[], None] | None = None,
        undone: Callable[[], None] | None = None,
    ) -> None:
        """A step once `dataset.yaml` says so: one that could not be written is none. `done`, `undone`: what follows."""
        step = WrittenStep(self._project.undo_stack, text, (after, done), (before, undone), self._edit)
        self._edit(after, step.written, lambda: None)

    def _edit(self, change: Mapping[str, Any], then: Callable[[], None], failed: Callable[[], None]) -> None:
        """Another folder may be open by the time that an answer comes; then nobody need look again."""
        folder = self._project.folder

        def heard(event: Event) -> None:
            if folder != self._project.folder:
                return
            if isinstance(event, JobFinished):
                then()
                self.look_wanted.emit()
            elif isinstance(event, JobFailed):
                failed()
                self.notice.emit(of_failure(event))

        self._client.submit(EditDataset(str(folder), **change), heard)

    def _regroup(self, group: ProblemGroup) -> None:
        rows = [row for row in self._project.cases if row.seen]
        split_of = {row.case_id: self._project.split_of(row) for row in rows}
        # What the engine keeps together (a patient's images and their copies) comes along.
        kin = {row.case_id: row.unit for row in rows}
        moves = regrouped([problem.get("cases") or () for problem in group.problems], kin, split_of)
        if moves:
            self._project.move_cases(moves)
        else:
            self.notice.emit(
                Notice(self.tr("These cases lie in one split already."), self.tr("Look again to see it."), "note")
            )
