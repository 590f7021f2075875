"""Step 1: what is learnt from, and what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.pages.tune.step import WizardStep
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.text import PathLabel, card, label, set_tone

SHOWN_LABELS = 12
_TONES = {"error": "danger", "warning": "warning", "note": ""}


class DataStep(WizardStep):
    name = "data"
    data_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(wizard, parent)
        self._project = wizard.project
        self._body = QWidget()
        self.rows.addWidget(self._body)
        self._drawn: object = None
        wizard.data_changed.connect(self._changed)
        self._draw()

    def title(self) -> str:
        return self.tr("Data")

    def sentence(self) -> str:
        return self.tr(
            "What the model learns from: images with masks, and a phrase for each structure. "
            "The dataset that is open is taken as it stands."
        )

    def problem(self) -> str:
        project = self._project
        if project.folder is None:
            return self.tr("Open a dataset first.")
        if project.found is None:
            return self.tr("The dataset is still being looked at.")
        if project.split_problem:
            return project.split_problem
        if project.waiting:
            return self.tr("The edited split is being saved.")
        return (
            "" if project.ready else self.tr("Nothing in this dataset can be used: see the problems on the Data page.")
        )

    def enter(self) -> None:
        self._draw()
        super().enter()

    def _changed(self) -> None:
        if self.isVisible():
            self._draw()
        self.checked.emit()

    def _draw(self) -> None:
        project = self._project
        state = (project.folder, project.found, project.labels, project.moves, project.drawn)
        if self._drawn == state:
            return
        self._drawn = state
        self.rows.removeWidget(self._body)
        self._body.setParent(None)  # gone at once, also for whoever looks widgets up by name
        self._body.deleteLater()
        self._body = self._nothing() if project.found is None else self._summary()
        self.rows.insertWidget(0, self._body)
        self.rearranged.emit()

    def _nothing(self) -> QWidget:
        made = card()
        rows = _column(made)
        looking = self._project.folder is not None
        rows.addWidget(
            label(self.tr("Looking at the dataset…") if looking else self.tr("No dataset is open"), "heading")
        )
        rows.addWidget(
            label(
                self.tr("A folder with images/ and masks/ works as it is. The demo on the start page has one."),
                "muted",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.addWidget(
            button(
                self.tr("Open a folder…"), "wizardOpenFolder", self.folder_wanted.emit, role="primary", picture="folder"
            )
        )
        row.addStretch(1)
        rows.addLayout(row)
        return made

    def _summary(self) -> QWidget:
        found = self._project.found
        assert found is not None
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        about = card()
        rows = _column(about)
        head = QHBoxLayout()
        head.addWidget(label(found.name or self._project.title, "heading", wrap=True), 1)
        if found.synthetic:
            head.addWidget(label(self.tr("synthetic"), "chip"))
        rows.addLayout(head)
        rows.addWidget(PathLabel(str(self._project.folder)))
        ways = QWidget()
        beside = FlowLayout(ways)
        for title, name, wanted in (
            (self.tr("Another folder…"), "wizardOtherFolder", self.folder_wanted),
            (self.tr("Change on the Data page"), "wizardData", self.data_wanted),
        ):
            beside.addWidget(button(title, name, wanted.emit, role="flat"))
        rows.addWidget(ways)
        rows.addSpacing(4)
        rows.addWidget(self._sizes())
        rows.addSpacing(4)
        rows.addWidget(label(self.tr("Phrases that the model will be given"), "muted"))
        for known in self._project.labels[:SHOWN_LABELS]:
            said = self.tr(" or ").join(f"“{text}”" for text in known.texts)
            rows.addWidget(label(said if known.texts == (known.name,) else f"{known.name}: {said}", wrap=True))
        more = len(self._project.labels) - SHOWN_LABELS
        if more > 0:
            rows.addWidget(label(self.tr("and {count} more").format(count=more), "muted"))
        column.addWidget(about)
        column.addWidget(self._problems())
        return made

    def _sizes(self) -> QWidget:
        meanings = (
            ("train", self.tr("cases to learn from")),
            ("val", self.tr("cases to choose the best epoch")),
            ("test", self.tr("cases kept for the final scores")),
        )
        sizes = self._project.split_sizes()
        made = QWidget()
        flow = FlowLayout(made, spacing=28)
        for name, meaning in meanings:
            part = QWidget()
            rows = QVBoxLayout(part)
            rows.setContentsMargins(0, 0, 0, 0)
            rows.setSpacing(2)
            rows.addWidget(label(str(sizes.get(name, {}).get("cases", 0)), "number"))
            rows.addWidget(label(meaning, "muted"))
            flow.addWidget(part)
        return made

    def _problems(self) -> QWidget:
        """Counts by severity, the first of the worst, and the way to all of them."""
        counts = severities(self._project.found.problems if self._project.found else [])
        made = card("wizardProblems")
        rows = _column(made)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Problems"), "heading"))
        head.addStretch(1)
        if any(counts.values()):
            head.addWidget(
                button(self.tr("Show them on the Data page"), "wizardProblemsShow", self.data_wanted.emit, role="flat")
            )
        rows.addLayout(head)
        if not any(counts.values()):
            rows.addWidget(label(self.tr("None were found."), "muted"))
            return made
        words = {
            "error": self.tr("{count} × left out: the file cannot be used"),
            "warning": self.tr("{count} × used, but worth a look"),
            "note": self.tr("{count} × worth knowing"),
        }
        chips = QWidget()
        flow = FlowLayout(chips)
        for severity, count in counts.items():
            if count:
                chip = label(words[severity].format(count=count), "chip", name=f"wizardProblems_{severity}")
                set_tone(chip, _TONES[severity])
                flow.addWidget(chip)
        rows.addWidget(chips)
        for problem in (self._project.found.problems if self._project.found else [])[:2]:
            said, cases = str(problem.get("message", "")), problem.get("cases") or ()
            rows.addWidget(label(f"{cases[0]}: {said}" if cases else said, "muted", wrap=True))
        return made


def severities(problems: list[dict[str, object]]) -> dict[str, int]:
    """How many files each severity is about: error (left out), warning (used, look at it), note."""
    counts = dict.fromkeys(_TONES, 0)
    for problem in problems:
        severity = str(problem.get("severity") or "note")
        number = problem.get("count")
        counts[severity if severity in counts else "note"] += number if isinstance(number, int) and number else 1
    return counts


def _column(made: QWidget) -> QVBoxLayout:
    rows = QVBoxLayout(made)
    rows.setContentsMargins(20, 16, 20, 16)
    rows.setSpacing(10)
    return rows
