"""What the three looks before tuning have in common: a card that asks one job, shows how far it is, and can stop it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from engine.contract.durations import duration
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import Job
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.buttons import button, swap
from tunevlseg_gui.widgets.text import card, label


class LookPanel(QWidget):
    """A subclass gives `job`, `show_result` and `clear`, and puts its parts into `self.rows`.

    An answer belongs to what it was asked about (`matters`): where that changes, the job ends and the answer goes.
    """

    def __init__(self, wizard: Wizard, name: str, heading: str, sentence: str, ask: str) -> None:
        super().__init__()
        self.wizard = wizard
        self.setObjectName(name)
        self._job = ""
        self._about: object = None
        self.start_button: QPushButton = button(ask, f"{name}Start", self.start, picture="play")
        self.stop_button: QPushButton = button(self.tr("Cancel"), f"{name}Cancel", self.stop, picture="stop")
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{name}Progress")
        self.bar.setAccessibleName(heading)
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(160)
        self.progress = label("", "muted", name=f"{name}Stage")
        self.told = label("", "problem", wrap=True, name=f"{name}Told")
        frame = card()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        whole = QVBoxLayout(frame)
        whole.setContentsMargins(18, 14, 18, 14)
        whole.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(label(heading, "heading", wrap=True), 1)
        for part in (self.progress, self.bar, self.stop_button, self.start_button):
            head.addWidget(part)
        whole.addLayout(head)
        self.of = label("", "muted", wrap=True, name=f"{name}Of")
        self._sentence = sentence
        whole.addWidget(self.of)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(10)
        whole.addLayout(self.rows)
        whole.addWidget(self.told)
        self._show_state()
        self.told.hide()
        wizard.data_changed.connect(self._maybe_stale)
        wizard.weights_changed.connect(self._maybe_stale)
        wizard.catalogue_changed.connect(self._show_state)

    # -- for subclasses ------------------------------------------------------------------------------------------

    def job(self) -> Job | None:
        """What is asked; None where it cannot be."""
        raise NotImplementedError

    def show_result(self, result: dict[str, Any]) -> None:
        raise NotImplementedError

    def clear(self) -> None:
        """There is no answer any more."""
        raise NotImplementedError

    def matters(self) -> object:
        """What the answer depends on."""
        return (self.wizard.project.data_for_recipe(), self.wizard.draft.weights, self.wizard.draft.seed)

    # ------------------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Dataset and model are there."""
        wizard = self.wizard
        return wizard.project.ready and wizard.catalogue.weights_called(wizard.draft.weights) is not None

    @property
    def asking(self) -> bool:
        return bool(self._job)

    def start(self) -> None:
        job = self.job() if self.ready else None
        if job is None:
            return
        self.stop()
        self._say("")
        self._about = self.matters()
        number = self.wizard.client.submit(job, lambda event: self._heard(event))
        self._job = number
        self.progress.setText(self.tr("waiting…"))
        self.bar.setRange(0, 0)
        self._show_state()

    def stop(self) -> None:
        """At once, whatever the engine is doing."""
        if self._job:
            self.wizard.client.cancel(self._job)
            self._ended()

    def _ended(self) -> None:
        self._job = ""
        self._show_state()

    def _show_state(self) -> None:
        for part in (self.progress, self.bar):
            part.setVisible(self.asking)
        self.start_button.setEnabled(self.ready)
        swap(self.start_button, self.stop_button, second=self.asking)
        known = self.wizard.catalogue.weights_called(self.wizard.draft.weights)
        asked = "" if known is None else self.tr(" Model: {title}.").format(title=known.title)
        self.of.setText(self._sentence + asked)

    def _heard(self, event: Event) -> None:
        if event.job_id != self._job:
            return  # of an earlier question
        match event:
            case Progress(done=done, total=total, stage=stage, eta=eta):
                self.bar.setRange(0, 1000)
                self.bar.setValue(int(1000 * done / max(total, 1)))
                left = f", {duration(eta)}" if eta and eta > 2 else ""
                self.progress.setText(f"{stage}{left}")
            case JobFinished(result=result):
                self._ended()
                self.show_result(result)
            case JobFailed(message=message, hint=hint):
                self._ended()
                self.clear()
                self._say(f"{message} {hint}".strip())
            case JobCancelled():
                self._ended()

    def _say(self, problem: str) -> None:
        self.told.setText(problem)
        self.told.setVisible(bool(problem))

    def _maybe_stale(self) -> None:
        if self._about is not None and self.matters() != self._about:
            self.stop()
            self._about = None
            self._say("")
            self.clear()
        self._show_state()
