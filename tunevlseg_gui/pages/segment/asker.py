"""Asks the model for the phrases in the box, all over the scan, and lays its answers over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.contract.errors import InputError
from engine.contract.jobs import Segment
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.answers import Question, judge, place_layers, read_answers
from tunevlseg_gui.pages.segment.filling import FillingAnswers
from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.pages.segment.model_list import ModelList
from tunevlseg_gui.pages.segment.page_jobs import Errand, PageJobs
from tunevlseg_gui.pages.segment.shown_layers import ShownLayers
from tunevlseg_gui.pages.segment.views import answers_folder, remove_soon
from tunevlseg_gui.viewer.editing.steps import LayersChanged
from tunevlseg_gui.viewer.mask_overlay import MOST_LAYERS, Layer
from tunevlseg_gui.viewer.scan import ViewedScan

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class Asker(QObject):
    """One question at a time. `question`: whose answers are shown; None where masks are drawn by hand only."""

    def __init__(
        self, jobs: PageJobs, page: SegmentPage, models: ModelList, layers: ShownLayers, editor: MaskEditor
    ) -> None:
        super().__init__(page)
        self._jobs, self._page, self._models, self._layers, self._editor = jobs, page, models, layers, editor
        self.question: Question | None = None

    def scan_opened(self) -> None:
        self.question = None
        self._editor.asking = False

    def ask(self) -> None:
        """One job for all phrases in the box; answers that are shown stay until new ones are there."""
        if self._jobs.is_busy:
            return
        scan = self._page.viewer.state.scan
        try:
            question = self._question_on(scan)
        except InputError as problem:
            self._page.show_problem(problem)
            return
        assert scan is not None
        self._page.banner.hide()
        self._page.show_status(self.tr("Asking {title}…").format(title=question.model.title))
        self._send(question, scan)

    def _question_on(self, scan: ViewedScan | None) -> Question:
        """What the controls say. Raises InputError where something is missing."""
        side, view, model = self._page.side, self._editor.view_folder, self._models.chosen
        if scan is None or view is None:
            raise InputError(self.tr("No scan is open."), hint=self.tr("Open or drop a picture or volume first."))
        if model is None:
            raise InputError(
                self.tr("No model is chosen."),
                hint=self.tr("Choose one in the list, open a bundle, or import a base model."),
            )
        phrases = side.prompt_edit.phrases() or list(model.labels)
        if not phrases:
            side.prompt_edit.setFocus()
            raise InputError(self.tr("There is no phrase."), hint=self.tr("Type what to look for, such as polyp."))
        if len(phrases) > MOST_LAYERS:
            raise InputError(
                self.tr("There are {n} phrases.").format(n=len(phrases)),
                hint=self.tr("Ask for at most {most} at once.").format(most=MOST_LAYERS),
            )
        return Question(
            model,
            "axial" if scan.is_picture else side.axis,
            tuple(phrases),
            answers_folder(view),
            label=side.own_label if model.own_words else "",
            skip_air=side.air_check.isChecked() and not scan.is_picture,
        )

    def _send(self, question: Question, scan: ViewedScan) -> None:
        viewer = self._page.viewer
        shown = list(viewer.state.layers)
        before = self._kept_beside(question, shown)

        def fill(layers: list[Layer]) -> None:
            if viewer.state.scan is scan:  # no other one was opened meanwhile
                viewer.show_layers(shown if layers is before else layers)  # edited ones stay as they are

        filling = FillingAnswers(question, scan.shape_zyx, before, fill)

        def ended(finished: bool) -> None:
            filling.over(answered=finished)
            if viewer.state.scan is scan:
                self._editor.asking = False
            if not finished:
                remove_soon(self, question.folder)

        errand = Errand(
            lambda result: self._answered(question, scan, shown, result, errand.warnings),
            ended=ended,
            slice_done=filling.slice_done,
            asks_model=True,
        )
        job = Segment(
            [str(scan.path)],
            question.model.reference,
            list(question.phrases),
            axis=question.axis,
            probabilities=str(question.folder),
            save=False,
            series=scan.series,
            label=question.label,
            skip_air=question.skip_air,
            keep_encodings=self._page.side.keep_check.isChecked() and not scan.is_picture,
        )
        self._editor.asking = True
        self._jobs.start(job, errand)

    def _answered(
        self, question: Question, scan: ViewedScan, shown: list[Layer], result: dict[str, Any], warnings: list[str]
    ) -> None:
        """`shown`: what was on show when the question was asked."""
        state = self._page.viewer.state

        def show(new: list[Layer]) -> None:
            if state.scan is not scan:
                return  # another one was opened meanwhile
            # What is on show by now may be the answer on its way.
            last, keep = self.question, self._kept_beside(question, shown)
            judge(new, self._layers.cleaning.presence, state.threshold)
            for layer in new:
                layer.visible = layer.is_present(state.threshold)
            edited = {layer.phrase: layer for layer in keep if layer.edited}
            fresh = [layer for layer in new if layer.phrase not in edited]
            after = place_layers(keep, fresh)

            def put(layers: list[Layer]) -> None:
                self.question = last if layers is shown else question
                self._layers.show(layers)

            put(after)
            if fresh or after != shown:
                self._editor.history.add(LayersChanged(self.tr("The model's answer"), shown, after, put))
            for layer in new:
                if layer.phrase in edited:
                    self._editor.propose(edited[layer.phrase], layer)
            self._editor.refresh()
            self._layers.show_first(fresh)
            self._tell(result, new, warnings)
            self._layers.clean()

        run_task(self, lambda: read_answers(result, question, scan.shape_zyx), show, self._page.show_error)

    def _kept_beside(self, question: Question, shown: list[Layer]) -> list[Layer]:
        """The layers that stay beside the answers to a question: those that go with it, and what a hand has drawn."""
        goes = self.question is not None and self.question.goes_with(question)
        return [layer for layer in shown if goes or layer.edited]

    def _tell(self, result: dict[str, Any], new: list[Layer], warnings: list[str]) -> None:
        missing = [layer.phrase for layer in new if not layer.voxels(self._page.viewer.state.threshold)]
        words = self.tr("{n} of {total} found").format(n=len(new) - len(missing), total=len(new))
        where = str(result.get("provider") or "").removesuffix("ExecutionProvider")
        seconds = f" in {float(result['seconds']):.1f} s" if result.get("seconds") is not None else ""
        self._page.show_status(f"{words}{seconds}{f' on {where}' if where else ''}")
        notice = str(result.get("notice") or "")
        said = [text for text in warnings if not (notice and notice in text) and "was not found" not in text]
        if said:
            self._page.show_warning(said[0], "  ".join(said[1:]))
