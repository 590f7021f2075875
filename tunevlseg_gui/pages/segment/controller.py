"""What happens on the Segment page: jobs go out, events come in; the page only draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, SignalInstance

from engine.contract.errors import EngineError, InputError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Log, Progress, SliceDone
from engine.contract.jobs import AddCase, Job, ListModels, ListSeries, OpenScan, Segment
from engine.runs.layout import BEST, is_run
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import is_dicom
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.answers import Question, fullest_slice, judge, place_layers, read_answers
from tunevlseg_gui.pages.segment.autosave import Autosave
from tunevlseg_gui.pages.segment.cleaner_box import Cleaning
from tunevlseg_gui.pages.segment.cleaning import CleaningChanged, LayerCleaner
from tunevlseg_gui.pages.segment.filling import FillingAnswers
from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.pages.segment.mask_files import MaskFiles, save_job, write_masks
from tunevlseg_gui.pages.segment.model_choice import ModelChoice, base_choices, bundle_choice, tuned_choices
from tunevlseg_gui.pages.segment.recovery import KeptEdits, Origin, content_of, forget, kept_of
from tunevlseg_gui.pages.segment.recovery import read as read_kept
from tunevlseg_gui.pages.segment.saving import is_dicom_seg, with_suffix
from tunevlseg_gui.pages.segment.views import answers_folder, is_prepared, remove_folder, tidy_views, view_folder
from tunevlseg_gui.viewer.editing.steps import LayersChanged, new_mask
from tunevlseg_gui.viewer.mask_overlay import COLOURS, MOST_LAYERS, Layer
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
    files: MaskFiles | None = None  # of a mask that was edited
    before: list[Layer] = field(default_factory=list)  # what was on show when a question was asked
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
        self._cleaning = page.side.cleaner.cleaning
        self._cleaner = LayerCleaner(client, self._cleaned, self._page.show_problem, self)
        self.editor = MaskEditor(client, page.viewer, self)
        self.editor.changed.connect(self._edits_changed)
        self.editor.told.connect(page.show_status)
        self.editor.stepped.connect(lambda done, total: page.show_status(f"{done} of {total} slices…"))
        self._origin = Origin()  # of edited masks that came back from an earlier window
        self._autosave = Autosave(lambda: page.viewer.state.layers, self._origin_of_masks, page.show_warning, self)
        self.editor.edited.connect(self._autosave.touch)
        self.cases_folder: Path | None = None  # the dataset that a case was added to
        self._kept: tuple[Path, KeptEdits] | None = None
        client.event.connect(self.on_event)

    @property
    def is_busy(self) -> bool:
        """A job is under way that the user waits for."""
        return bool(self._running)

    @property
    def view(self) -> Path | None:
        """Where the engine's view of the open scan lies."""
        return self._view

    # scans

    def open_scan(self, path: Path) -> None:
        if self._running:
            self._client.cancel(self._running)
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
        self.editor.asking = False
        self._origin = Origin()
        self._cleaner.stop()
        self._kept = None
        self._page.recovery_row.hide()
        self._autosave.open(scan)  # writes what is unsaved of the last one
        self.editor.open(view, is_picture=scan.is_picture)
        self._page.edit_bar.show_unit(is_picture=scan.is_picture)
        self._page.side.show_case("")
        self._page.viewer.show_scan(scan)
        self._page.side.show_scan(scan.shown, scan.in_words(), is_volume=not scan.is_picture)
        self._page.show_scan_stage(True)
        self._show_layers([])
        self._page.show_status("  ".join(scan.notes) or f"{scan.shown}: {scan.in_words()}")
        self._page.scan_opened.emit(str(scan.path))
        run_task(self, lambda: tidy_views(view), lambda _done: None)
        self._look_for_edits()

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
        shown = list(state.layers)
        before = self._kept_beside(question, shown)

        scan = self.scan

        def fill(layers: list[Layer]) -> None:
            if self.scan is not scan:
                return  # another one was opened meanwhile
            self._page.viewer.show_layers(shown if layers is before else layers)  # edited ones stay as they are

        self.editor.asking = True
        self._filling = FillingAnswers(question, self.scan.shape_zyx, before, fill)
        self._start(
            job, Asked("segment", scan=self.scan.path, series=self.scan.series, question=question, before=shown)
        )

    def cancel(self) -> None:
        if self.editor.cancel():
            return
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
            # What is on show by now may be the answer on its way.
            before, last = asked.before, self._question
            keep = self._kept_beside(question, before)
            judge(new, self._cleaning.presence, state.threshold)
            for layer in new:
                layer.visible = layer.is_present(state.threshold)
            edited = {layer.phrase: layer for layer in keep if layer.edited}
            fresh = [layer for layer in new if layer.phrase not in edited]
            after = place_layers(keep, fresh)

            def put(layers: list[Layer]) -> None:
                self._question = last if layers is before else question
                self._show_layers(layers)

            put(after)
            if fresh or after != before:
                self.editor.history.add(LayersChanged("The model's answer", before, after, put))
            for layer in new:
                if layer.phrase in edited:
                    self.editor.propose(edited[layer.phrase], layer)
            self.editor.refresh()
            self._show_first(fresh)
            self._tell_answer(asked, result, new)
            self.clean()

        run_task(self, lambda: read_answers(result, question, scan.shape_zyx), show, self._show_error)

    def _kept_beside(self, question: Question, shown: list[Layer]) -> list[Layer]:
        """The layers that stay beside the answers to a question: those that go with it, and what a hand has drawn."""
        goes = self._question is not None and self._question.goes_with(question)
        return [layer for layer in shown if goes or layer.edited]

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
        if not self._cleaning.does_nothing:
            self.clean()

    def cleaning_changed(self) -> None:
        """The controls for a cleaner mask say something else: a step that can be taken back."""
        cleaning = self._page.side.cleaner.cleaning
        if cleaning == self._cleaning:
            return
        self.editor.history.add(CleaningChanged(self._cleaning, cleaning, self._show_cleaning))
        self._show_cleaning(cleaning)
        self.editor.refresh()

    def _show_cleaning(self, cleaning: Cleaning) -> None:
        side, state = self._page.side, self._page.viewer.state
        self._cleaning = cleaning
        side.cleaner.show_cleaning(cleaning)
        judge({*side.layer_list.layers, *state.layers}, cleaning.presence, state.threshold)
        side.layer_list.show_visible()
        self._cleaned()
        self._show_save()
        self.clean()

    def clean(self) -> None:
        """Shows the answers as the controls for a cleaner mask say; the model is not asked again."""
        if self.scan is None or self._view is None or self._filling is not None:
            return
        state = self._page.viewer.state
        self._cleaner.clean(
            [layer for layer in state.layers if not layer.edited],
            self._cleaning,
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
        self._change_layers("Remove", [known for known in self._page.viewer.state.layers if known is not layer])

    def new_mask(self) -> None:
        """An empty one, to be drawn by hand, called as the first phrase in the box that no mask has."""
        scan, layers = self.scan, self._page.viewer.state.layers
        if scan is None:
            return
        if len(layers) == MOST_LAYERS:
            self._page.show_status(f"There are {MOST_LAYERS} masks already. Remove one first.")
            return
        taken = {layer.phrase for layer in layers}
        names = [*self._page.side.prompt_edit.phrases(), "mask", *(f"mask {number}" for number in range(2, 99))]
        name = next(name for name in names if name not in taken)
        colour = next(one for one in COLOURS if one not in {layer.colour for layer in layers})
        made = new_mask(name, scan.shape_zyx, colour)
        self._change_layers("New mask", [*layers, made])
        if made in self._page.viewer.state.layers:
            self.editor.choose(made)

    def _change_layers(self, words: str, after: list[Layer]) -> None:
        if self.editor.asking:
            self._page.show_status("An answer is on its way. Wait for it, or press Esc.")
            return
        step = LayersChanged(words, list(self._page.viewer.state.layers), after, self._show_layers)
        step.redo()
        self.editor.history.add(step)
        self.editor.refresh()
        self._autosave.touch()

    def _show_layers(self, layers: list[Layer]) -> None:
        side = self._page.side
        judge(layers, self._cleaning.presence, self._page.viewer.state.threshold)
        self._page.edit_bar.show_layers(layers)
        self._page.edit_bar.setVisible(self.scan is not None)
        if self.scan is not None:
            self._page.viewer.show_layers(layers)
        side.layer_list.show_layers(layers)
        side.answers.setVisible(bool(layers))
        self._show_amounts()
        self._show_save()
        self.editor.layers_shown(layers)

    # editing

    def _edits_changed(self) -> None:
        state = self._page.viewer.state
        self._page.viewer.refresh()
        self._page.side.show_edited([layer.phrase for layer in state.layers if layer.edited], len(state.layers))
        self._show_amounts()
        self._show_save()

    def _origin_of_masks(self) -> Origin:
        question = self._question
        return self._origin if question is None else Origin(question.model.reference, question.axis, question.label)

    def _look_for_edits(self) -> None:
        """Of the scan that was just opened: whether edits of it were not saved."""
        scan = self.scan
        if scan is None:
            return

        def look() -> tuple[Path, KeptEdits, bool] | None:
            path = kept_of(scan.path, scan.series)
            if path is None:
                return None
            kept = read_kept(path)
            return path, kept, kept.shape_zyx == scan.shape_zyx and kept.scan_sha256 == content_of(scan)

        def found(answer: tuple[Path, KeptEdits, bool] | None) -> None:
            if answer is None or self.scan is not scan:
                return
            path, kept, fits = answer
            if not fits:
                self._page.show_warning(
                    "Edits of this scan were not saved, but the scan was changed since: they no longer lie on it.",
                    "They are left where they are, and come back with the scan as it was.",
                )
                return
            self._kept = (path, kept)
            self._page.recovery_row.offer(kept)

        run_task(self, look, found, self._show_error)

    def restore_edits(self) -> None:
        scan = self.scan
        self._page.recovery_row.hide()
        if self._kept is None or scan is None:
            return
        (path, kept), self._kept = self._kept, None

        def show(layers: list[Layer]) -> None:
            if self.scan is not scan:
                return
            self._origin = kept.origin
            names = {layer.phrase for layer in layers}
            rest = [layer for layer in self._page.viewer.state.layers if layer.phrase not in names]
            self._autosave.replaces(path)
            self._change_layers("Bring edits back", [*rest, *layers][-MOST_LAYERS:])
            self._show_first(layers)
            self._page.show_status("The edits are back. Save them to keep them.")

        run_task(self, kept.layers, show, self._show_error)

    def throw_edits(self) -> None:
        kept, self._kept = self._kept, None
        self._page.recovery_row.hide()
        if kept is not None:
            run_task(self, lambda: forget(kept[0]), lambda _done: None, self._show_error)

    def _show_amounts(self) -> None:
        voxel_ml = self.scan.voxel_ml if self.scan else None
        self._page.side.layer_list.show_amounts(self._page.viewer.state.threshold, voxel_ml)

    def _show_save(self) -> None:
        visible = [layer for layer in self._page.viewer.state.layers if layer.visible]
        self._page.side.save_button.setEnabled(bool(visible) and not self._running)
        for made in (self._page.side.case_button, self._page.side.case_other):
            made.setEnabled(bool(visible) and not self._running)
        self._page.side.save_button.setText("Save mask…" if len(visible) < 2 else f"Save {len(visible)} masks…")

    # saving

    def save(
        self, path: Path, ask_overwrite: Callable[[Path], bool], ask_identity: Callable[[], str] = lambda: ""
    ) -> None:
        """The visible layers at the threshold that is set, on the scan's own grid; the engine writes the file.

        `ask_identity`: for DICOM SEG, whether patient and study go along: "keep", "deidentify", or "" for no saving.
        """
        question, scan, state = self._question, self.scan, self._page.viewer.state
        visible = [layer for layer in state.layers if layer.visible]
        phrases = [layer.phrase for layer in visible]
        by_hand = any(layer.edited for layer in visible)
        if (question is None and not by_hand) or scan is None or not phrases or self._running:
            return
        path = with_suffix(path, scan.named, dicom=scan.is_dicom)
        if path.exists() and not ask_overwrite(path):
            return
        identity = ask_identity() if is_dicom_seg(path) else ""
        if is_dicom_seg(path) and not identity:
            return
        if by_hand or question is None:
            self._save_as_shown(path, identity, scan, visible)
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
            **self._cleaning.values(),  # type: ignore[arg-type]
        )
        self._page.banner.hide()
        self._page.show_status(f"Saving {path.name}…")
        self._start(job, Asked("save", target=path))

    def _save_as_shown(self, path: Path, identity: str, scan: ViewedScan, layers: list[Layer]) -> None:
        """Masks of which a hand has drawn one are not made again: they are handed over as they are."""
        view, threshold, origin = self._view, self._page.viewer.state.threshold, self._origin_of_masks()
        if view is None or self.editor.busy:
            return
        self._page.banner.hide()
        self._page.show_status(f"Saving {path.name}…")

        def written(files: MaskFiles) -> None:
            job = save_job(files, scan, path, origin, threshold, identity)
            self._start(job, Asked("save", target=path, files=files))

        run_task(self, lambda: write_masks(layers, threshold, answers_folder(view)), written, self._show_error)

    def add_case(self, folder: str = "") -> None:
        """The scan with the masks that are shown becomes a training case; `folder` empty: of the user's own dataset."""
        scan, state, view = self.scan, self._page.viewer.state, self._view
        layers = [layer for layer in state.layers if layer.visible]
        if scan is None or view is None or not layers or self._running or self.editor.busy:
            return
        self._page.banner.hide()
        self._page.show_status("Adding the case…")

        def written(files: MaskFiles) -> None:
            job = AddCase(
                str(scan.path),
                [str(path) for path in files.paths],
                list(files.prompts),
                folder,
                scan.series,
                files.colours_by_prompt,
            )
            self._start(job, Asked("case", files=files))

        run_task(self, lambda: write_masks(layers, state.threshold, answers_folder(view)), written, self._show_error)

    def _case_added(self, asked: Asked, result: dict[str, Any]) -> None:
        self.cases_folder = Path(str(result["folder"]))
        count = int(result["cases"])
        what = "Its masks there are the new ones now." if result.get("replaced") else "Added."
        self._page.side.show_case(f"{what} {self.cases_folder.name} holds {count} case{'' if count == 1 else 's'}.")
        self._page.show_status(f"A training case of {self.cases_folder}")
        self._remove_files(asked)

    def tuned_run(self) -> Path | None:
        """The run that the chosen model came from."""
        if self._chosen is None or self._chosen.kind == "base":
            return None
        folder = Path(self._chosen.reference).parent
        return folder if is_run(folder) and (folder / BEST).is_file() else None

    def _remove_files(self, asked: Asked) -> None:
        if asked.files is not None:
            folder = asked.files.folder
            run_task(self, lambda: remove_folder(folder), lambda _done: None)

    def _mask_saved(self, files: MaskFiles) -> None:
        for layer, revision in files.revisions:
            layer.saved_revision = revision
        self._autosave.write()

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
        elif asked.kind == "case":
            self._case_added(asked, result)
        elif asked.target is not None:
            if asked.files is not None:
                self._mask_saved(asked.files)
                self._remove_files(asked)
                if asked.warnings:
                    self._page.show_warning(asked.warnings[0], "  ".join(asked.warnings[1:]))
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
                self.editor.asking = False
            self._running = ""
            self._page.side.show_running(False)
            self._show_save()

    def _throw_away(self, asked: Asked) -> None:
        if asked.question is not None:
            folder = asked.question.folder
            run_task(self, lambda: remove_folder(folder), lambda _done: None)
        self._remove_files(asked)

    def _show_error(self, error: Exception) -> None:
        if not isinstance(error, EngineError):
            error = InputError(f"A file could not be read: {error}.", hint="Try again.")
        self._page.show_problem(error)
        self._page.show_status("")


def progress_in_words(event: Progress) -> str:
    """Such as "Segmenting: 12 of 90 slices, 4 s left"."""
    words = f"{event.stage or 'Working'}: {event.done:g} of {event.total:g} {event.unit}"
    return words if event.eta is None else f"{words}, {event.eta:.0f} s left"
