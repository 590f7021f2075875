"""A corrected mask becomes a training case: the scan and the masks on show join a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.contract.jobs import AddCase
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.pages.segment.mask_files import MaskFiles, write_masks
from tunevlseg_gui.pages.segment.page_jobs import Errand, PageJobs
from tunevlseg_gui.pages.segment.views import answers_folder, remove_soon
from tunevlseg_gui.translation import counted

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class CaseAdder(QObject):
    """`folder`: the dataset that a case was added to last."""

    def __init__(self, jobs: PageJobs, page: SegmentPage, editor: MaskEditor) -> None:
        super().__init__(page)
        self._jobs, self._page, self._editor = jobs, page, editor
        self.folder: Path | None = None

    def add(self, folder: str = "") -> None:
        """`folder` empty: to the user's own dataset of corrected masks."""
        state, view = self._page.viewer.state, self._editor.view_folder
        scan, layers = state.scan, [layer for layer in state.layers if layer.visible]
        if scan is None or view is None or not layers or self._jobs.is_busy or self._editor.busy:
            return
        self._page.banner.hide()
        self._page.show_status(self.tr("Adding the case…"))

        def written(files: MaskFiles) -> None:
            job = AddCase(
                str(scan.path),
                [str(path) for path in files.paths],
                list(files.prompts),
                folder,
                scan.series,
                files.colours_by_prompt,
            )
            self._jobs.start(job, Errand(self._added, ended=lambda _finished: remove_soon(self, files.folder)))

        threshold = state.threshold
        run_task(self, lambda: write_masks(layers, threshold, answers_folder(view)), written, self._page.show_error)

    def _added(self, result: dict[str, Any]) -> None:
        self.folder = Path(str(result["folder"]))
        count = int(result["cases"])
        holds = counted("CaseAdder", "{folder} holds {n} cases.", "{folder} holds {n} case.", count)
        what = self.tr("Its masks there are the new ones now.") if result.get("replaced") else self.tr("Added.")
        self._page.side.answers.show_case(f"{what} {holds.format(folder=self.folder.name)}")
        self._page.show_status(self.tr("A training case of {folder}").format(folder=self.folder))
