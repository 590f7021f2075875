"""A case with its truth and the answers of one or more runs, drawn by the engine when it is first looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.contract.events import AnswerDrawn, Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import DrawAnswers
from engine.runs.folders import cache_folder
from engine.runs.layout import BEST
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import of_failure
from tunevlseg_gui.widgets.picture import Picture
from tunevlseg_gui.widgets.text import label

AHEAD = 6
"""Cases drawn together with the one that was asked for: loading the model takes longer than drawing."""


class CasePicture(QWidget):
    """`show_runs` says whose answers are shown, beside each other; `show_case` which case."""

    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._runs: list[tuple[str, Path]] = []
        self._data = ""
        self._drawn: dict[tuple[Path, str], str] = {}
        self._asked: set[tuple[Path, str]] = set()
        self._jobs: set[str] = set()
        self.case = ""
        self.title = label("", "muted", wrap=True, name="caseTitle")
        self.pictures: list[Picture] = []
        self._captions = []
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(self._row, 1)
        rows.addWidget(self.title)

    def show_runs(self, runs: Sequence[tuple[str, Path]], data: str = "") -> None:
        """Name and folder of each run; `data`: the folder where it is not their own."""
        self.stop()
        self._runs, self._data, self.case = list(runs), data, ""
        self._drawn.clear()
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self.pictures = []
        for name, _ in self._runs:
            place = QWidget()
            column = QVBoxLayout(place)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            picture = Picture()
            picture.setObjectName("casePicture")
            picture.setMinimumHeight(80)  # a small window has room for no more
            picture.setAccessibleName(self.tr("Answer of {name}").format(name=name))
            column.addWidget(picture, 1)
            if len(self._runs) > 1:
                caption = label(name, "muted")
                caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
                column.addWidget(caption)
            self._row.addWidget(place, 1)
            self.pictures.append(picture)
        self._tell(self.tr("Choose a case to see the answer over it."))

    def show_case(self, case: str, next_ones: Sequence[str] = ()) -> None:
        """Draws it where it is not drawn yet, and the next few with it."""
        self.case = case
        for picture in self.pictures:
            picture.show_image(QImage())
        self._tell(self.tr("Drawing {case}…").format(case=case))
        for _, folder in self._runs:
            known = self._drawn.keys() | self._asked
            wanted = [one for one in (case, *next_ones) if (folder, one) not in known]
            if (folder, case) in self._drawn:
                self._load(folder, case)
            elif case in wanted:
                self._ask(folder, wanted[:AHEAD])

    def stop(self) -> None:
        """Drawings that are not wanted any more are given up."""
        for job in self._jobs:
            self._client.cancel(job)
        self._jobs.clear()
        self._asked.clear()

    def _ask(self, folder: Path, cases: list[str]) -> None:
        self._asked |= {(folder, case) for case in cases}
        job = DrawAnswers(str(folder), cases, str(_shelf(folder, self._data, cases)), self._data)
        self._jobs.add(self._client.submit(job, partial(self._heard, folder)))

    def _heard(self, folder: Path, event: Event) -> None:
        match event:
            case AnswerDrawn(case_id=case, path=path, problem=problem):
                self._asked.discard((folder, case))
                self._drawn[(folder, case)] = path
                if case == self.case and path:
                    self._load(folder, case)
                elif case == self.case:
                    self._tell(problem)
            case JobFinished():
                self._asked = {key for key in self._asked if key[0] != folder}
                if self.case and (folder, self.case) not in self._drawn:
                    self._tell(self.tr("{case} could not be drawn.").format(case=self.case))
            case JobFailed():
                self._asked.clear()
                self._tell(event.message)
                self.notice.emit(of_failure(event))
            case JobCancelled():
                self._asked = {key for key in self._asked if key[0] != folder}

    def _load(self, folder: Path, case: str) -> None:
        path = self._drawn[(folder, case)]
        if path:
            run_task(self, lambda: QImageReader(path).read(), partial(self._take, folder, case))

    def _take(self, folder: Path, case: str, image: QImage) -> None:
        if case != self.case or image.isNull():
            return
        for (_, known), picture in zip(self._runs, self.pictures, strict=True):
            if known == folder:
                picture.show_image(image)
        self._tell(self.tr("{case}: the truth is outlined in white, the answer filled in.").format(case=case))

    def _tell(self, text: str) -> None:
        self.title.setText(text)


def _shelf(folder: Path, data: str, cases: Sequence[str]) -> Path:
    """A folder of the cache that no other drawing uses; other weights draw elsewhere."""
    try:
        weights = (folder / BEST).stat().st_mtime_ns
    except OSError:
        weights = 0
    words = "\n".join([str(folder), data, str(weights), *cases])
    return cache_folder() / "answers" / hashlib.sha256(words.encode()).hexdigest()[:16]
