"""What happens on the Segment page: jobs go out, events come in; the page only draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, SignalInstance

from engine.contract.errors import EngineError, InputError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Log, Progress, SliceDone
from engine.contract.jobs import Job, ListModels, ListSeries, OpenScan, Segment
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import is_dicom
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.answers import Question, fullest_slice, place_layers, read_answers
from tunevlseg_gui.pages.segment.cleaning import LayerCleaner
from tunevlseg_gui.pages.segment.filling import FillingAnswers
from tunevlseg_gui.pages.segment.model_choice import ModelChoice, base_choices, bundle_choice, tuned_choices
from tunevlseg_gui.pages.segment.saving import is_dicom_seg, with_suffix
from tunevlseg_gui.pages.segment.views import answers_folder, is_prepared, remove_folder, tidy_views, view_folder
from tunevlseg_gui.viewer.mask_overlay import MOST_LAYERS, Layer
from tunevlseg_gui.viewer.scan import ViewedScan, scan_of_folder, scan_of_result

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class Client(Protocol):
    """What the page needs of EngineClient."""

    @property
    def event(self) -> SignalInstance: ...

    def submit(self, job: Job) -> str: ...

    def cancel(self, job_id: str) -> None: ...


@dataclass
class Asked:
    """A job that was sent: what it was for, what it said."""

    kind: str  # list | open | segment | save | models
    scan: Path | None = None
    series: str = ""
    question: Question | None = None
    target: Path | None = None
    warnings: list[str] = field(default_factory=list)


class SegmentController(QObject):
    """Holds the open scan, the chosen model and the layers; one scan job or question at a time."""

    def __init__(self, client: Client, page: SegmentPage) -> None:
        super().__init__(page)
        self._client = client
        self._page = page
        self._jobs: dict[str, Asked] = {}
        self._running = ""  # the job that the progress bar and Cancel are for
        self.scan: ViewedScan | None = None
        self._view: Path | None = None
        self._models: list[ModelChoice] = []
        self._opened: list[ModelChoice] = []  # bundles opened by hand
        self._chosen: ModelChoice | None = None
        self._filled = ""  # phrases that were put into the box by us
        self._question: Question | None = None  # whose answers are shown
        self._filling: FillingAnswers | None = None
        self._cleaner = LayerCleaner(client, self._cleaned, self._page.show_problem, self)
        client.event.connect(self.on_event)

    # scans

    def open_scan(self, path: Path) -> None:
        if self._running:
            self.cancel()
        self._page.banner.hide()
        if is_dicom(path):
            # Which series there are is asked first: names of files say nothing, and may say too much.
            self._page.show_status("Looking at the DICOM files…")
            self._start(ListSeries(str(path)), Asked("list", scan=path))
        else:
            self._page.show_status(f"Opening {path.name}…")
            self._open(path, view_folder(path))

    def _series_listed(self, path: Path, result: dict[str, Any]) -> None:
        entries = [SeriesEntry.from_dict(entry) for entry in result.get("series") or []]
        entry = entries[0] if len(entries) == 1 else self._page.ask_series(entries)
        if entry is None:
            self._page.show_status("")
            return
        self._page.show_status(f"Opening {entry.title}…")
        self._open(path, view_folder(path, entry.id, str(result.get("stamp", ""))), entry.id)

    def _open(self, path: Path, folder: Path, series: str = "") -> None:
        job, asked = OpenScan(str(path), str(folder), series), Asked("open", scan=path, series=series)
        if is_prepared(folder):

            def again(_error: Exception) -> None:  # damaged: prepared afresh
                self._start(job, asked)

            run_task(
                self, lambda: scan_of_folder(path, folder, series), lambda scan: self._show_scan(scan, folder), again
            )
        else:
            self._start(job, asked)

    def _scan_prepared(self, path: Path, series: str, result: dict[str, Any]) -> None:
        view = Path(str(result.get("folder", "")))

        run_task(
            self,
            lambda: scan_of_result(path, result, series),
            lambda scan: self._show_scan(scan, view),
            self._show_error,
        )

    def _show_scan(self, scan: ViewedScan, view: Path) -> None:
        self.scan, self._view = scan, view
        self._question = self._filling = None
        self._cleaner.stop()
        self._page.viewer.show_scan(scan)
        self._page.side.show_scan(scan.shown, scan.in_words(), is_volume=not scan.is_picture)
        self._page.show_scan_stage(True)
        self._show_layers([])
        self._page.show_status("  ".join(scan.notes) or f"{scan.shown}: {scan.in_words()}")
        self._page.scan_opened.emit(str(scan.path))
        run_task(self, lambda: tidy_views(view), lambda _done: None)

    # models

    def refresh_models(self) -> None:
        if not any(asked.kind == "models" for asked in self._jobs.values()):
            self._send(ListModels(), Asked("models"))

    def open_bundle(self, path: Path) -> None:
        def add(choice: ModelChoice) -> None:
            self._opened = [known for known in self._opened if known.key != choice.key] + [choice]
            self._list_models(self._models, chosen=choice)
            self._page.show_status(f"{choice.title} is chosen.")

        run_task(self, lambda: bundle_choice(path), add, self._show_error)

    def choose_model(self, choice: ModelChoice | None) -> None:
        self._chosen = choice
        self._page.side.show_model(choice)
        if choice is None:
            return
        self._page.side.set_threshold(choice.threshold)
        self.set_threshold(choice.threshold)
        edit = self._page.side.prompt_edit
        if choice.labels and edit.toPlainText().strip() in ("", self._filled):
            self._filled = "\n".join(choice.labels[:MOST_LAYERS])
            edit.setPlainText(self._filled)

    def _models_listed(self, result: dict[str, Any]) -> None:
        base = base_choices(result)
        run_task(self, tuned_choices, lambda tuned: self._list_models([*base, *tuned]), self._show_error)

    def _list_models(self, models: list[ModelChoice], chosen: ModelChoice | None = None) -> None:
        self._models = models
        by_hand = {choice.key for choice in self._opened}
        shown = [choice for choice in models if choice.key not in by_hand] + self._opened
        wanted = chosen or self._chosen
        found = next((choice for choice in shown if wanted is not None and choice.key == wanted.key), None)
        found = found or (shown[0] if shown else None)
        self._page.side.list_models(shown, found)
        if found != self._chosen:
            self.choose_model(found)

    # asking

    def ask(self) -> None:
        """One job for all phrases in the box; answers that are shown stay until new ones are there."""
        side = self._page.side
        if self._running:
            return
        if self.scan is None or self._view is None:
            self._page.show_problem(InputError("No scan is open.", hint="Open or drop a picture or volume first."))
            return
        if self._chosen is None:
            self._page.show_problem(
                InputError("No model is chosen.", hint="Choose one in the list, open a bundle, or import a base model.")
            )
            return
        phrases = side.prompt_edit.phrases() or list(self._chosen.labels)
        if not phrases:
            self._page.show_problem(InputError("There is no phrase.", hint="Type what to look for, such as polyp."))
            side.prompt_edit.setFocus()
            return
        if len(phrases) > MOST_LAYERS:
            self._page.show_problem(
                InputError(f"There are {len(phrases)} phrases.", hint=f"Ask for at most {MOST_LAYERS} at once.")
            )
            return
        axis = "axial" if self.scan.is_picture else side.axis
        label = side.own_label if self._chosen.own_words else ""
        air = side.air_check.isChecked() and not self.scan.is_picture
        question = Question(self._chosen, axis, tuple(phrases), answers_folder(self._view), label, air)
        job = Segment(
            [str(self.scan.path)],
            self._chosen.reference,
            phrases,
            axis=axis,
            probabilities=str(question.folder),
            save=False,
            series=self.scan.series,
            label=label,
            skip_air=air,
            keep_encodings=side.keep_check.isChecked() and not self.scan.is_picture,
        )
        self._page.banner.hide()
        self._page.show_status(f"Asking {self._chosen.title}…")
        state = self._page.viewer.state
        before = list(state.layers) if self._question is not None and self._question.goes_with(question) else []
        shown = list(state.layers)

        scan = self.scan

        def fill(layers: list[Layer]) -> None:
            if self.scan is not scan:
                return  # another one was opened meanwhile
            self._page.viewer.show_layers(shown if layers is before else layers)

        self._filling = FillingAnswers(question, self.scan.shape_zyx, before, fill)
        self._start(job, Asked("segment", scan=self.scan.path, series=self.scan.series, question=question))

    def cancel(self) -> None:
        if self._running:
            self._page.show_status("Cancelling…")
            self._client.cancel(self._running)

    def _answered(self, asked: Asked, result: dict[str, Any]) -> None:
        question, scan = asked.question, self.scan
        if question is None or scan is None or (asked.scan, asked.series) != (scan.path, scan.series):
            return  # another scan was opened meanwhile
        state = self._page.viewer.state

        def show(new: list[Layer]) -> None:
            if self.scan is not scan:
                return
            keep = state.layers if self._question is not None and self._question.goes_with(question) else []
            self._question = question
            for layer in new:
                layer.visible = layer.is_present(state.threshold)
            self._show_layers(place_layers(keep, new))
            self._show_first(new)
            self._tell_answer(asked, result, new)
            self.clean()

        run_task(self, lambda: read_answers(result, question, scan.shape_zyx), show, self._show_error)

    def _show_first(self, new: list[Layer]) -> None:
        """Goes to a slice that shows something, unless this one does already."""
        state = self._page.viewer.state
        found = [layer for layer in new if layer.voxels(state.threshold)]
        if not found or any(state.mask_of(layer).any() for layer in found):
            return
        stack, threshold, plane = state.stack, state.threshold, state.plane

        def go(index: int) -> None:
            if state.scan is self.scan and state.plane == plane:
                self._page.viewer.go_to(index)

        layer = found[0]
        run_task(self, lambda: fullest_slice(stack.like(layer.levels), threshold), go)

    def _tell_answer(self, asked: Asked, result: dict[str, Any], new: list[Layer]) -> None:
        missing = [layer.phrase for layer in new if not layer.voxels(self._page.viewer.state.threshold)]
        words = f"{len(new) - len(missing)} of {len(new)} found"
        where = str(result.get("provider") or "").removesuffix("ExecutionProvider")
        seconds = f" in {float(result['seconds']):.1f} s" if result.get("seconds") is not None else ""
        self._page.show_status(f"{words}{seconds}{f' on {where}' if where else ''}")
        notice = str(result.get("notice") or "")
        said = [text for text in asked.warnings if not (notice and notice in text) and "was not found" not in text]
        if said:
            self._page.show_warning(said[0], "  ".join(said[1:]))

    # the look of the answers

    def set_threshold(self, threshold: float) -> None:
        """Thresholds what is there already: no job."""
        self._page.viewer.state.threshold = threshold
        self._page.viewer.refresh()
        self._show_amounts()
        if not self._page.side.cleaner.cleaning.does_nothing:
            self.clean()

    def clean(self) -> None:
        """Shows the answers as the controls for a cleaner mask say; the model is not asked again."""
        if self.scan is None or self._view is None or self._filling is not None:
            return
        state = self._page.viewer.state
        self._cleaner.clean(
            state.layers,
            self._page.side.cleaner.cleaning,
            state.threshold,
            self._view,
            is_picture=self.scan.is_picture,
        )

    def _cleaned(self) -> None:
        self._page.viewer.refresh()
        self._show_amounts()

    def set_opacity(self, opacity: float) -> None:
        self._page.viewer.state.set_opacity(opacity)
        self._page.viewer.refresh()

    def set_outline(self, on: bool) -> None:
        self._page.viewer.state.outline = on
        self._page.viewer.refresh()

    def set_overlay(self, on: bool) -> None:
        self._page.viewer.state.overlay_on = on
        self._page.viewer.refresh()

    def view_changed(self) -> None:
        """Keys in the view changed what controls beside it show."""
        state, side = self._page.viewer.state, self._page.side
        side.set_opacity(state.opacity)
        side.set_overlay(state.overlay_on, state.outline)

    def layers_toggled(self) -> None:
        self._page.viewer.refresh()
        self._show_save()

    def remove_layer(self, layer: Layer) -> None:
        self._show_layers([known for known in self._page.viewer.state.layers if known is not layer])

    def _show_layers(self, layers: list[Layer]) -> None:
        side = self._page.side
        if self.scan is not None:
            self._page.viewer.show_layers(layers)
        side.layer_list.show_layers(layers)
        side.answers.setVisible(bool(layers))
        self._show_amounts()
        self._show_save()

    def _show_amounts(self) -> None:
        voxel_ml = self.scan.voxel_ml if self.scan else None
        self._page.side.layer_list.show_amounts(self._page.viewer.state.threshold, voxel_ml)

    def _show_save(self) -> None:
        visible = [layer for layer in self._page.viewer.state.layers if layer.visible]
        self._page.side.save_button.setEnabled(bool(visible) and not self._running)
        self._page.side.save_button.setText("Save mask…" if len(visible) < 2 else f"Save {len(visible)} masks…")

    # saving

    def save(
        self, path: Path, ask_overwrite: Callable[[Path], bool], ask_identity: Callable[[], str] = lambda: ""
    ) -> None:
        """The visible layers at the threshold that is set, on the scan's own grid; the engine writes the file.

        `ask_identity`: for DICOM SEG, whether patient and study go along: "keep", "deidentify", or "" for no saving.
        """
        question, scan, state = self._question, self.scan, self._page.viewer.state
        phrases = [layer.phrase for layer in state.layers if layer.visible]
        if question is None or scan is None or not phrases or self._running:
            return
        path = with_suffix(path, scan.named, dicom=scan.is_dicom)
        if path.exists() and not ask_overwrite(path):
            return
        identity = ask_identity() if is_dicom_seg(path) else ""
        if is_dicom_seg(path) and not identity:
            return
        job = Segment(
            [str(scan.path)],
            question.model.reference,
            phrases,
            out=str(path),
            axis=question.axis,
            threshold=state.threshold,
            overwrite=True,
            series=scan.series,
            label=question.label,
            colours={
                layer.phrase: "#{:02x}{:02x}{:02x}".format(*layer.colour) for layer in state.layers if layer.visible
            },
            identity=identity,
            skip_air=question.skip_air,
            **self._page.side.cleaner.cleaning.values(),  # type: ignore[arg-type]
        )
        self._page.banner.hide()
        self._page.show_status(f"Saving {path.name}…")
        self._start(job, Asked("save", target=path))

    # events

    def on_event(self, event: Event) -> None:
        asked = self._jobs.get(event.job_id)
        if asked is None:
            return
        match event:
            case Progress(done=done, total=total) if event.job_id == self._running:
                self._page.side.show_progress(done, total)
                self._page.show_status(progress_in_words(event))
            case SliceDone(path=path) if event.job_id == self._running and self._filling is not None:
                self._filling.slice_done(path)
            case Log(level="warning" | "error", message=message):
                asked.warnings.append(message)
            case Log(message=message) if event.job_id == self._running:
                self._page.show_status(message)
            case JobFinished(result=result):
                self._ended(event.job_id, answered=True)
                self._finished(asked, result)
            case JobFailed() as failure:
                self._ended(event.job_id)
                self._throw_away(asked)
                if asked.kind == "open" and asked.scan is not None and not asked.series and failure.field == "series":
                    # It holds several volumes: which one is a question, not a problem.
                    self._start(ListSeries(str(asked.scan)), Asked("list", scan=asked.scan))
                    return
                self._page.show_problem(failure)
                self._page.show_status("")
            case JobCancelled():
                self._ended(event.job_id)
                self._throw_away(asked)
                if not self._running:
                    self._page.show_status("Cancelled. What was shown is as it was.")

    def _finished(self, asked: Asked, result: dict[str, Any]) -> None:
        if asked.kind == "list" and asked.scan is not None:
            self._series_listed(asked.scan, result)
        elif asked.kind == "open" and asked.scan is not None:
            self._scan_prepared(asked.scan, asked.series, result)
        elif asked.kind == "segment":
            self._answered(asked, result)
        elif asked.kind == "models":
            self._models_listed(result)
        elif asked.target is not None:
            self._page.show_status(f"Saved {asked.target}")

    def _start(self, job: Job, asked: Asked) -> None:
        """A job that the user waits for."""
        self._running = self._send(job, asked)
        self._page.side.show_running(True, segmenting=asked.kind == "segment")
        self._show_save()

    def _send(self, job: Job, asked: Asked) -> str:
        job_id = self._client.submit(job)
        self._jobs[job_id] = asked
        return job_id

    def _ended(self, job_id: str, *, answered: bool = False) -> None:
        del self._jobs[job_id]
        if job_id == self._running:
            if self._filling is not None:
                self._filling.over(answered=answered)
                self._filling = None
            self._running = ""
            self._page.side.show_running(False)
            self._show_save()

    def _throw_away(self, asked: Asked) -> None:
        if asked.question is not None:
            folder = asked.question.folder
            run_task(self, lambda: remove_folder(folder), lambda _done: None)

    def _show_error(self, error: Exception) -> None:
        if not isinstance(error, EngineError):
            error = InputError(f"A file could not be read: {error}.", hint="Try again.")
        self._page.show_problem(error)
        self._page.show_status("")


def progress_in_words(event: Progress) -> str:
    """Such as "Segmenting: 12 of 90 slices, 4 s left"."""
    words = f"{event.stage or 'Working'}: {event.done:g} of {event.total:g} {event.unit}"
    return words if event.eta is None else f"{words}, {event.eta:.0f} s left"
