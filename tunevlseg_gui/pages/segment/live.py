"""The slice on show is asked while typing stops: a look, never saved; the whole scan is asked on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import Segment
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.answers import Question, judge, place_layers, read_answers
from tunevlseg_gui.pages.segment.views import answers_folder, remove_soon
from tunevlseg_gui.viewer.mask_overlay import MOST_LAYERS, Layer

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage
    from tunevlseg_gui.pages.segment.page_jobs import Client

STILL_MS = 500
"""So long nobody types, and no other slice is chosen, before the slice is asked."""


class LiveAsker(QObject):
    """Lays answers of one slice over the viewer without touching the list of answers; `stop` takes them away again."""

    def __init__(self, client: Client, page: SegmentPage) -> None:
        super().__init__(page)
        self._client, self._page = client, page
        self._job = ""
        self._question: Question | None = None
        self._asked: object = None  # what the present answer, or the question on the way, is to
        self._before: list[Layer] = []
        self._shown: list[Layer] | None = None
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(STILL_MS)
        self._still.timeout.connect(self._ask)
        client.event.connect(self._heard)
        page.side.prompt_edit.textChanged.connect(self._typed)
        page.side.live_check.toggled.connect(self._toggled)
        page.viewer.content_changed.connect(self._content_changed)
        page.controller.editor.changed.connect(self._edited)

    def stop(self) -> bool:
        """What was shown before comes back; False where there was nothing to stop."""
        self._still.stop()
        job, self._job, self._asked = self._job, "", None
        if job:
            self._client.cancel(job)
        shown, self._shown = self._shown, None
        if shown is None:
            return bool(job)
        if self._page.viewer.state.layers is shown:
            self._page.viewer.show_layers(self._before)
        self._forget()
        return True

    def _typed(self) -> None:
        if self._page.side.live_check.isChecked():
            self._still.start()

    def _toggled(self, on: bool) -> None:
        if on:
            self._still.start()
        else:
            self.stop()

    def _content_changed(self) -> None:
        """Another slice while an answer is shown is asked too; another scan or other layers end it."""
        if self._shown is None:
            return
        if self._page.viewer.state.layers is not self._shown:
            self._shown = self._asked = None
            self._forget()
        elif self._wanted() != self._asked:
            self._still.start()

    def _edited(self) -> None:
        if self._page.controller.editor.tool_name:
            self.stop()

    def _wanted(self) -> tuple[Any, ...] | None:
        """What would be asked now; None where it must not be: a job runs, a hand draws, or something is missing."""
        page, control = self._page, self._page.controller
        state = page.viewer.panes.active.state
        phrases = tuple(page.side.prompt_edit.phrases())
        busy = control.jobs.is_busy or control.editor.tool_name or any(layer.edited for layer in state.layers)
        if control.scan is None or page.side.model is None or not 0 < len(phrases) <= MOST_LAYERS or busy:
            return None
        # Neither plane nor model of the whole question: the slice that is looked at is asked.
        return control.scan, page.side.model.key, phrases, state.plane, state.index, page.side.own_label

    def _ask(self) -> None:
        wanted, control, view = self._wanted(), self._page.controller, self._page.controller.editor.view_folder
        if not self._page.side.live_check.isChecked() or wanted is None or wanted == self._asked or view is None:
            return
        if self._job:
            self._client.cancel(self._job)
        scan, model, phrases, plane, index = control.scan, self._page.side.model, wanted[2], wanted[3], wanted[4]
        if scan is None or model is None:
            return
        label = self._page.side.own_label if model.own_words else ""
        self._question = Question(model, plane, phrases, answers_folder(view), label)
        self._asked = wanted
        self._job = self._client.submit(
            Segment(
                [str(scan.path)],
                model.reference,
                list(phrases),
                axis=plane,
                probabilities=str(self._question.folder),
                save=False,
                series=scan.series,
                label=label,
                slices=[index, index],
            )
        )

    def _heard(self, event: Event) -> None:
        if not self._job or event.job_id != self._job:
            return
        match event:
            case JobFinished(result=result):
                self._job = ""
                self._read(result)
            case JobFailed(message=message):
                self._job = ""
                self._page.show_status(self.tr("This slice could not be asked: {message}").format(message=message))
            case JobCancelled():
                self._job = ""

    def _read(self, result: dict[str, Any]) -> None:
        question, asked, scan = self._question, self._asked, self._page.controller.scan
        if question is None or scan is None:
            return

        def show(new: list[Layer]) -> None:
            if asked != self._asked or self._wanted() is None or self._page.controller.scan is not scan:
                return
            self._lay_over(new)

        run_task(self, lambda: read_answers(result, question, scan.shape_zyx), show, lambda _error: None)

    def _lay_over(self, new: list[Layer]) -> None:
        viewer = self._page.viewer
        if self._shown is None or viewer.state.layers is not self._shown:
            self._before = viewer.state.layers
        threshold = viewer.state.threshold
        judge(new, self._page.controller.layers.cleaning.presence, threshold)
        for layer in new:
            layer.visible = layer.is_present(threshold)
        self._shown = place_layers(self._before, new)
        viewer.show_layers(self._shown)
        words = {True: self.tr("{phrase} found"), False: self.tr("{phrase} not found")}
        told = ", ".join(words[layer.voxels(threshold) > 0].format(phrase=layer.phrase) for layer in new)
        self._page.show_status(
            self.tr("This slice: {told}. Ctrl+Enter asks the whole scan, Esc takes it away.").format(told=told)
        )

    def _forget(self) -> None:
        """Takes the files of the last answer away."""
        question, self._question, self._before = self._question, None, []
        if question is not None:
            remove_soon(self, question.folder)
