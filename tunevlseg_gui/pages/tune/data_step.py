"""Step 1: what is learnt from."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.project import Project
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import PathLabel, card, label

_PARTS = (("train", "to learn from"), ("val", "to choose the best epoch"), ("test", "kept for the final scores"))


class DataStep(QWidget):
    data_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(12)
        self._body = QWidget()
        self._rows.addWidget(self._body)
        self._rows.addStretch(1)
        project.changed.connect(self.draw)
        self.draw()

    def problem(self) -> str:
        """Why one cannot go on; empty where one can."""
        if self._project.folder is None:
            return "Open a dataset first."
        if self._project.found is None:
            return "The dataset is still being looked at."
        if self._project.split_problem:
            return self._project.split_problem
        if self._project.waiting:
            return "The edited split is being saved."
        return "" if self._project.ready else "Nothing in this dataset can be used: see the problems on the Data page."

    def draw(self) -> None:
        self._rows.removeWidget(self._body)
        self._body.setParent(None)
        self._body.deleteLater()
        self._body = self._nothing() if self._project.found is None else self._summary()
        self._rows.insertWidget(0, self._body)

    def _nothing(self) -> QWidget:
        made = card()
        rows = QVBoxLayout(made)
        rows.setContentsMargins(20, 18, 20, 18)
        looking = self._project.folder is not None
        rows.addWidget(label("Looking at the dataset…" if looking else "No dataset is open", "heading"))
        rows.addWidget(
            label("A folder with images/ and masks/ works as it is. The demo on the start page has one.", "muted")
        )
        row = QHBoxLayout()
        row.addWidget(
            button("Open a folder…", "wizardOpenFolder", self.folder_wanted.emit, role="primary", picture="folder")
        )
        row.addStretch(1)
        rows.addLayout(row)
        return made

    def _summary(self) -> QWidget:
        found, sizes = self._project.found, self._project.split_sizes()
        assert found is not None
        made = card()
        rows = QVBoxLayout(made)
        rows.setContentsMargins(20, 18, 20, 18)
        rows.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(label(found.name or self._project.title, "heading"))
        head.addStretch(1)
        head.addWidget(button("Change on the Data page", "wizardData", self.data_wanted.emit, role="flat"))
        rows.addLayout(head)
        rows.addWidget(PathLabel(str(self._project.folder)))
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        for column, (name, meaning) in enumerate(_PARTS):
            row = sizes.get(name, {})
            grid.addWidget(label(str(row.get("cases", 0)), "number"), 0, column)
            grid.addWidget(label(f"cases {meaning}", "muted"), 1, column)
        grid.setColumnStretch(len(_PARTS), 1)
        rows.addSpacing(4)
        rows.addLayout(grid)
        rows.addSpacing(4)
        rows.addWidget(label("Phrases that the model will be given", "muted"))
        for known in self._project.labels[:12]:
            said = " or ".join(f"“{text}”" for text in known.texts)
            rows.addWidget(label(said if known.texts == (known.name,) else f"{known.name}: {said}", wrap=True))
        errors = sum(problem.get("severity") == "error" for problem in found.problems)
        if errors:
            rows.addWidget(
                label(
                    f"{errors} file{' is' if errors == 1 else 's are'} left out: see the problems on the Data page.",
                    "problem",
                )
            )
        return made
