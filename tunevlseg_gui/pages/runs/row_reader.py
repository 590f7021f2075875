"""Asks the engine for the rows of the table of runs; those whose folders are as they were are not read again.

The engine's process reads them: two thousand recipes parsed on a thread of this one would hold up the window.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, RunsListed
from engine.contract.jobs import ListRuns
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.runs.run_rows import RunRow


class RowReader(QObject):
    read = Signal(object)  # list of RunRow: new ones, and those that changed
    listed = Signal(object)  # set of str, their folders: every run that there is
    failed = Signal(object)  # JobFailed

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._known: dict[str, int] = {}
        self._busy = False
        self._asked: Path | None = None

    def refresh(self, root: Path) -> None:
        """Looks at every run below `root`; while a look goes on, one more follows it."""
        if self._busy:
            self._asked = root
            return
        self._busy = True
        self._client.submit(ListRuns(str(root), self._known), self._heard)

    def forget(self, folder: Path) -> None:
        """Reads this one again at the next look."""
        self._known.pop(str(folder), None)

    def _heard(self, event: Event) -> None:
        match event:
            case RunsListed(rows=rows):
                found = [RunRow.of(row) for row in rows]
                for row in found:
                    # One that runs changes its state without a file of its own.
                    if row.state == "running":
                        self._known.pop(row.key, None)
                    else:
                        self._known[row.key] = row.stamp
                self.read.emit(found)
            case JobFinished(result=result):
                folders = {str(folder) for folder in result.get("folders") or []}
                self._known = {name: stamp for name, stamp in self._known.items() if name in folders}
                self.listed.emit(folders)
                self._over()
            case JobFailed():
                self.failed.emit(event)
                self._over()
            case JobCancelled():
                self._over()

    def _over(self) -> None:
        self._busy = False
        again, self._asked = self._asked, None
        if again is not None:
            self.refresh(again)
