"""The parts of the Segment page, each with an idea of its own, and what they do when another scan is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.asker import Asker
from tunevlseg_gui.pages.segment.case_adder import CaseAdder
from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.pages.segment.mask_saver import MaskSaver
from tunevlseg_gui.pages.segment.model_list import ModelList
from tunevlseg_gui.pages.segment.page_jobs import Client, PageJobs
from tunevlseg_gui.pages.segment.scan_opener import ScanOpener
from tunevlseg_gui.pages.segment.shown_layers import ShownLayers
from tunevlseg_gui.pages.segment.unsaved_edits import UnsavedEdits
from tunevlseg_gui.pages.segment.views import tidy_views
from tunevlseg_gui.viewer.scan import ViewedScan

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class SegmentController(QObject):
    """Jobs go out, events come in; the page only draws. Parts know the page and the parts they are given."""

    def __init__(self, client: Client, page: SegmentPage) -> None:
        super().__init__(page)
        self._page = page
        self.jobs = PageJobs(client, page, self._show_buttons)
        self.editor = MaskEditor(client, page.viewer, self)
        self.layers = ShownLayers(client, page, self.editor)
        self.models = ModelList(self.jobs, page, self.layers.set_threshold)
        self.asker = Asker(self.jobs, page, self.models, self.layers, self.editor)
        self.unsaved = UnsavedEdits(page, self.asker, self.layers, self.editor)
        self.saver = MaskSaver(self.jobs, page, self.asker, self.layers, self.unsaved, self.editor)
        self.cases = CaseAdder(self.jobs, page, self.editor)
        self.opener = ScanOpener(self.jobs, page, self._show_scan)
        self.layers.changed.connect(self._show_buttons)
        self.editor.told.connect(page.show_status)
        self.editor.work.stepped.connect(lambda done, total: page.show_status(f"{done} of {total} slices…"))

    @property
    def scan(self) -> ViewedScan | None:
        """The one that is open."""
        return self._page.viewer.state.scan

    def cancel(self) -> None:
        """What a hand is at comes first, then what the model was asked."""
        if not self.editor.cancel() and self.jobs.is_busy:
            self._page.show_status(self.tr("Cancelling…"))
            self.jobs.cancel()

    def _show_scan(self, scan: ViewedScan, view: Path) -> None:
        page = self._page
        self.asker.scan_opened()
        self.unsaved.leave(scan)
        self.editor.open(view, is_picture=scan.is_picture)
        page.edit_bar.show_unit(is_picture=scan.is_picture)
        page.side.answers.show_case("")
        page.viewer.show_scan(scan)
        page.side.show_scan(scan.shown, scan.in_words(), is_volume=not scan.is_picture)
        page.show_scan_stage(True)
        self.layers.scan_opened()
        page.show_status("  ".join(scan.notes) or f"{scan.shown}: {scan.in_words()}")
        page.scan_opened.emit(str(scan.path))
        run_task(self, lambda: tidy_views(view), lambda _done: None)
        self.unsaved.look_for(scan)

    def _show_buttons(self) -> None:
        """What can be done with the masks that are shown."""
        side = self._page.side
        visible = [layer for layer in self._page.viewer.state.layers if layer.visible]
        for made in (side.answers.save_button, side.answers.case_button, side.answers.case_other):
            made.setEnabled(bool(visible) and not self.jobs.is_busy)
        side.answers.save_button.setText(
            self.tr("Save mask…") if len(visible) < 2 else self.tr("Save {n} masks…").format(n=len(visible))
        )
