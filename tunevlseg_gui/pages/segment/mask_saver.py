"""Saves the visible masks, on the scan's own grid; the engine writes the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.contract.jobs import Segment
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.answers import Question
from tunevlseg_gui.pages.segment.asker import Asker
from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.pages.segment.mask_files import MaskFiles, hex_colour, save_job, write_masks
from tunevlseg_gui.pages.segment.mask_names import is_dicom_seg, with_suffix
from tunevlseg_gui.pages.segment.page_jobs import Errand, PageJobs
from tunevlseg_gui.pages.segment.shown_layers import ShownLayers
from tunevlseg_gui.pages.segment.unsaved_edits import UnsavedEdits
from tunevlseg_gui.pages.segment.views import answers_folder, remove_soon
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class MaskSaver(QObject):
    """A model's answer is made again for the file; masks of which a hand has drawn one are handed over as they are."""

    def __init__(
        self,
        jobs: PageJobs,
        page: SegmentPage,
        asker: Asker,
        layers: ShownLayers,
        unsaved: UnsavedEdits,
        editor: MaskEditor,
    ) -> None:
        super().__init__(page)
        self._jobs, self._page, self._editor = jobs, page, editor
        self._asker, self._layers, self._unsaved = asker, layers, unsaved

    def save(
        self, path: Path, ask_overwrite: Callable[[Path], bool], ask_identity: Callable[[], str] = lambda: ""
    ) -> None:
        """The visible layers at the threshold that is set.

        `ask_identity`: for DICOM SEG, whether patient and study go along: "keep", "deidentify", or "" for no saving.
        """
        question, state = self._asker.question, self._page.viewer.state
        scan, visible = state.scan, [layer for layer in state.layers if layer.visible]
        by_hand = any(layer.edited for layer in visible)
        if (question is None and not by_hand) or scan is None or not visible or self._jobs.is_busy:
            return
        path = with_suffix(path, scan.named, dicom=scan.is_dicom)
        if path.exists() and not ask_overwrite(path):
            return
        identity = ask_identity() if is_dicom_seg(path) else ""
        if is_dicom_seg(path) and not identity:
            return
        if by_hand or question is None:
            self._save_as_shown(path, identity, scan, visible)
        else:
            self._save_answer(path, identity, scan, visible, question)

    def _save_answer(
        self, path: Path, identity: str, scan: ViewedScan, layers: list[Layer], question: Question
    ) -> None:
        job = Segment(
            [str(scan.path)],
            question.model.reference,
            [layer.phrase for layer in layers],
            out=str(path),
            axis=question.axis,
            threshold=self._page.viewer.state.threshold,
            overwrite=True,
            series=scan.series,
            label=question.label,
            colours={layer.phrase: hex_colour(layer.colour) for layer in layers},
            identity=identity,
            skip_air=question.skip_air,
            **self._layers.cleaning.values(),  # type: ignore[arg-type]
        )
        self._begin(path)
        self._jobs.start(job, Errand(lambda _result: self._page.show_status(self.tr("Saved {path}").format(path=path))))

    def _save_as_shown(self, path: Path, identity: str, scan: ViewedScan, layers: list[Layer]) -> None:
        view, threshold, origin = self._editor.view_folder, self._page.viewer.state.threshold, self._unsaved.origin()
        if view is None or self._editor.busy:
            return
        self._begin(path)

        def written(files: MaskFiles) -> None:
            def saved(_result: dict[str, Any]) -> None:
                for layer, revision in files.revisions:
                    layer.saved_revision = revision
                self._unsaved.write()
                if errand.warnings:
                    self._page.show_warning(errand.warnings[0], "  ".join(errand.warnings[1:]))
                self._page.show_status(self.tr("Saved {path}").format(path=path))

            errand = Errand(saved, ended=lambda _finished: remove_soon(self, files.folder))
            self._jobs.start(save_job(files, scan, path, origin, threshold, identity), errand)

        run_task(self, lambda: write_masks(layers, threshold, answers_folder(view)), written, self._page.show_error)

    def _begin(self, path: Path) -> None:
        self._page.banner.hide()
        self._page.show_status(self.tr("Saving {name}…").format(name=path.name))
