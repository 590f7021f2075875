"""Problems of phrases follow the label table while it is edited; all others wait for the next look at the files."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from engine.contract.events import Event, JobFinished
from engine.contract.jobs import CheckPhrases
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.cases import SEVERITIES
from tunevlseg_gui.dataset import Label
from tunevlseg_gui.project import Project

CHECK_AFTER_MS = 300
"""After the last of several quick edits, or of an undo of many."""


class PhraseWatch(QObject):
    """Calls `changed` where `project.found.problems` says something else of phrases now."""

    def __init__(self, client: EngineClient, project: Project, changed: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._project, self._changed = client, project, changed
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(CHECK_AFTER_MS)
        self._later.timeout.connect(self._ask)
        project.labels_edited.connect(self._later.start)

    def _ask(self) -> None:
        project = self._project
        labels, folder = project.labels, project.folder
        if project.found is None or not labels:
            return
        marked = sorted({value for row in project.cases for value in row.areas})
        job = CheckPhrases(str(folder), [label.for_recipe() for label in labels], marked)

        def heard(event: Event) -> None:
            # A label that cannot be is told where it is edited; an older answer is left for the newer one.
            if isinstance(event, JobFinished) and project.folder == folder and _same(project.labels, labels):
                self._take(event.result)

        self._client.submit(job, heard)

    def _take(self, result: dict[str, object]) -> None:
        found = self._project.found
        kinds, problems = result["kinds"], result["problems"]
        if found is None or not isinstance(kinds, list) or not isinstance(problems, list):
            return
        rest = [problem for problem in found.problems if problem.get("kind") not in kinds]
        now = sorted([*rest, *problems], key=lambda problem: SEVERITIES.index(problem["severity"]))
        if len(now) != len(found.problems) or any(problem not in found.problems for problem in now):
            found.problems = now
            self._changed()


def _same(some: list[Label], others: list[Label]) -> bool:
    return [label.for_recipe() for label in some] == [label.for_recipe() for label in others]
