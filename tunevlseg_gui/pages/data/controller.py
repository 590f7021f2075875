"""The Data page's talk with the engine: names at once, then the report; edited splits into files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from engine.contract.events import CasesListed, Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import InspectData, ListCases, SaveSplit
from engine.runs.folders import data_folder
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.cases import CaseRow
from tunevlseg_gui.dataset import Split
from tunevlseg_gui.edits import Step
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.pages.data.kept_edits import Edits, KeptEdits, file_for, read_edits, with_edits
from tunevlseg_gui.project import Project
from tunevlseg_gui.translation import translate

if TYPE_CHECKING:
    from tunevlseg_gui.pages.data.page import DataPage

LOOK_AFTER_MS = 400
"""After the cases were listed: opening them all takes every core, and the first thumbnails should come before."""
SAVE_AFTER_MS = 300
"""After the last of several quick moves."""


class DataController:
    def __init__(self, page: DataPage, client: EngineClient, project: Project) -> None:
        self._page = page
        self._client = client
        self._project = project
        self._job = ""
        self._placed = False
        self._listing = ""
        self.kept = KeptEdits(project, lambda error: page.notice.emit(of_error(error)), page)
        self._fresh: list[dict[str, Any]] | None = None  # cases as named at another look, until its report comes
        self._looking = QTimer(page)
        self._looking.setSingleShot(True)
        self._looking.timeout.connect(self._open_files)
        self._saving = QTimer(page)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_AFTER_MS)
        self._saving.timeout.connect(self._keep_moves)
        project.split_wanted.connect(self.inspect)
        project.cases_moved.connect(self._saving.start)

    def inspect(self) -> None:
        """Lists the cases, and asks the engine to look at every file, with labels and splits as they are edited."""
        folder = self._project.folder
        if folder is None:
            return
        self.cancel()
        self._job = ""
        self._page.browser.open(str(folder))
        self._fresh = None if self._project.found is None else []
        self._page.show_busy(translate("DataController", "Opening the files…"), 0, 0)
        self._listing = self._client.submit(ListCases(str(folder)), self._listed)

    def _open_files(self) -> None:
        folder, split = self._project.folder, self._project.split
        self._placed = bool(self._project.moves)
        splits = self._project.splits() if self._placed else {}
        if self._placed:
            split = replace(split, given=True)  # where cases were moved to stands, not what another draw would give
        job = InspectData(
            str(folder),
            labels=[label.for_recipe() for label in self._project.labels],
            split=split.for_recipe() if split != Split() else {},
            placed={case_id: name for name, case_ids in splits.items() for case_id in case_ids},
            in_parts=True,
        )
        self._job = self._client.submit(job, self._heard)

    def look_again(self) -> None:
        """The dataset's own dataset.yaml says something else now: what was made of it before does not count."""
        self._project.forget_saved()
        self.inspect()

    def share_out(self, split: Split) -> None:
        """All cases anew, as the engine would; a lone volume, whose slices are shared out, by the engine itself."""
        project = self._project
        if not project.shareable or project.found is None:
            project.draw_split(split)
            return
        split = replace(split, given=not project.found.splits_given)
        rows, seed, folder = list(project.cases), project.found.seed, project.folder

        def push(drawn: dict[str, str]) -> None:
            if project.folder == folder:
                project.draw_split(split, drawn)

        run_task(self._page, lambda: _drawn(rows, split, seed), push)

    def save(self, path: Path) -> None:
        """Splits and labels as edited into a dataset.yaml that the user chose (and agreed to replace)."""

        def heard(event: Event) -> None:
            match event:
                case JobFinished(result=result):
                    if Path(str(result["folder"])) == self._project.folder:
                        self.kept.forget()  # the dataset says it itself now
                    told = Notice(
                        translate("DataController", "The split was written: {path}.").format(path=result["path"]),
                        translate("DataController", "No file was moved."),
                        "good",
                    )
                    self._page.notice.emit(told)
                case JobFailed() as failure:
                    self._page.notice.emit(of_failure(failure))

        self._client.submit(self._save_job(path, by_content=False), heard)

    def cancel(self) -> None:
        self._looking.stop()
        for job in (self._job, self._listing):
            if job:
                self._client.cancel(job)
        if not (self._job or self._listing):
            self._page.show_busy("", 0, 0)  # between the list and the files

    def _save_job(self, out: Path, *, by_content: bool) -> SaveSplit:
        project = self._project
        return SaveSplit(
            str(project.folder),
            str(out),
            project.splits(),
            [label.for_recipe() for label in project.labels],
            project.found.label_kind if project.found else "",
            by_content=by_content,
            overwrite=not by_content,
        )

    def _keep_moves(self) -> None:
        """Moved cases into a file of the program's own, from which tuning reads them."""
        moves = self._project.moves
        if not moves or self._project.folder is None or not self._project.waiting:
            return

        def heard(event: Event) -> None:
            if self._project.moves is not moves:
                return  # moved on: another file is on its way
            match event:
                case JobFinished(result=result):
                    self._project.take_saved(Path(str(result["folder"])), moves)
                case JobFailed() as failure:
                    self._page.notice.emit(of_failure(failure))

        self._client.submit(self._save_job(data_folder() / "datasets", by_content=True), heard)

    def _listed(self, event: Event) -> None:
        if event.job_id != self._listing:
            return
        match event:
            case CasesListed(first=first, rows=rows):
                if self._fresh is not None:
                    self._fresh += rows
                elif self._project.found is None:
                    self._project.take_listed(rows, first=first == 0)
            case JobFinished():
                self._listing = ""
                self._looking.start(LOOK_AFTER_MS)
            case JobFailed():
                self._listing = ""
                self._open_files()  # the report tells what is wrong with the folder
            case JobCancelled():
                self._listing = ""
                self._over()

    def _heard(self, event: Event) -> None:
        if event.job_id != self._job:
            return  # of a folder that was left for another meanwhile
        match event:
            case Progress(done=done, total=total, unit=unit):
                self._page.show_busy(f"{done:,.0f} of {total:,.0f} {unit}", done, total)
            case CasesListed(rows=rows):
                self._project.take_seen(rows)
            case JobFinished(result=result):
                self._over()
                first = self._project.found is None
                self._project.take_report(result, placed=self._placed, listed=self._fresh)
                self._fresh = None
                self._page.notice.emit(None)
                self._page.show_project()
                if self._project.waiting:
                    self._saving.start()
                if first:
                    self._bring_back()
            case JobFailed() as failure:
                self._over()
                self._page.notice.emit(of_failure(failure))
            case JobCancelled():
                self._over()

    def _bring_back(self) -> None:
        """What was edited on another day, as one step."""
        project = self._project
        folder, rows = project.folder, list(project.cases)
        seed = project.found.seed if project.found else 0
        if folder is None:
            return
        shareable = project.shareable

        def work() -> tuple[Edits, dict[str, str]]:
            edits = read_edits(file_for(folder))
            anew = bool(edits) and edits["split"] != Split() and shareable
            return edits, _drawn(rows, edits["split"], seed) if anew else {}

        def push(found: tuple[Edits, dict[str, str]]) -> None:
            if found[0] and project.folder == folder and not project.undo_stack.count():
                self._push_kept(*found)

        run_task(self._page, work, push)

    def _push_kept(self, edits: Edits, drawn: dict[str, str]) -> None:
        project = self._project
        base = {row.case_id: drawn.get(row.case_id, row.split) for row in project.cases if row.seen and not row.parts}
        moves = {case: to for case, to in edits["moves"].items() if case in base and base[case] != to}
        labels = (list(project.labels), with_edits(project.labels, edits))
        placed = {row.case_id: row.split for row in project.cases if row.seen} if drawn else {}
        splits = ((project.split, placed, {}), (edits["split"], drawn, moves))
        relabelled, shared = labels[0] != labels[1], splits[0][0] != splits[1][0] or bool(moves)
        recount = [label.value for label in labels[0]] != [label.value for label in labels[1]]

        def put(after: int) -> None:
            if relabelled:
                project.put_labels(labels[after])
            if splits[0][0] != splits[1][0]:
                project.put_split(*splits[after])
            elif moves:
                project.put_moves(splits[after][2])
            if recount:
                self.look_again()

        if relabelled or shared:
            project.undo_stack.push(
                Step(translate("DataController", "edits of last time"), lambda: put(1), lambda: put(0))
            )
            told = translate(
                "DataController", "What you edited of this dataset last time is back: labels, phrases and splits."
            )
            self._page.notice.emit(Notice(told, translate("DataController", "Undo (Ctrl+Z) takes it away."), "note"))

    def _over(self) -> None:
        self._job = ""
        self._page.show_busy("", 0, 0)


def _drawn(rows: list[CaseRow], split: Split, seed: int) -> dict[str, str]:
    """Case id → split, by the rule that tuning follows; on a pool thread."""
    from engine.data.config import SplitConfig
    from engine.data.split import Member, assign

    members = [Member(row.case_id, row.patient, kin=row.unit) for row in rows if row.seen and row.split]
    return dict(assign(members, SplitConfig(**split.for_recipe()), seed).split_of) if members else {}
