"""From a path to a scan on show: which series it is, the engine's view of it, and whether that lies there already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.contract.events import JobFailed, ScanGrows
from engine.contract.jobs import ListSeries, OpenScan
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.dicom.files import is_dicom
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.growing import GrowingScan
from tunevlseg_gui.pages.segment.page_jobs import Errand, PageJobs
from tunevlseg_gui.pages.segment.views import is_prepared, view_folder
from tunevlseg_gui.viewer.scan import ViewedScan, scan_of_folder, scan_of_result

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class ScanOpener(QObject):
    """`opened(scan, view)` is called with each scan that can be shown; `view` is the folder of the engine's view."""

    def __init__(self, jobs: PageJobs, page: SegmentPage, opened: Callable[[ViewedScan, Path], None]) -> None:
        super().__init__(page)
        self._jobs, self._page, self._opened = jobs, page, opened
        self._growing = GrowingScan(page.early)
        self._wanted = 0  # grows with each scan that is asked for: of an earlier one nothing is shown any more

    def open(self, path: Path) -> None:
        self._wanted += 1
        self._jobs.cancel()
        self._growing.stop()
        self._page.banner.hide()
        if is_dicom(path):
            # Which series there are is asked first: names of files say nothing, and may say too much.
            self._page.show_status(self.tr("Looking at the DICOM files…"))
            self._list_series(path)
        else:
            self._page.show_status(self.tr("Opening {name}…").format(name=path.name))
            self._open(path, view_folder(path))

    def _list_series(self, path: Path) -> None:
        wanted = self._wanted

        def listed(result: dict[str, Any]) -> None:
            if wanted == self._wanted:
                self._series_listed(path, result)

        self._jobs.start(ListSeries(str(path)), Errand(listed))

    def _series_listed(self, path: Path, result: dict[str, Any]) -> None:
        entries = [SeriesEntry.from_dict(entry) for entry in result.get("series") or []]
        entry = entries[0] if len(entries) == 1 else self._page.ask_series(entries)
        if entry is None:
            self._page.show_status("")
            return
        self._page.show_status(self.tr("Opening {title}…").format(title=entry.title))
        self._open(path, view_folder(path, entry.id, str(result.get("stamp", ""))), entry.id)

    def _open(self, path: Path, folder: Path, series: str = "") -> None:
        wanted = self._wanted

        def damaged(_error: Exception) -> None:
            if wanted == self._wanted:
                self._prepare(path, folder, series)

        if is_prepared(folder):
            run_task(
                self,
                lambda: scan_of_folder(path, folder, series),
                lambda scan: self._show(scan, folder, wanted),
                damaged,
            )
        else:
            self._prepare(path, folder, series)

    def _prepare(self, path: Path, folder: Path, series: str) -> None:
        wanted = self._wanted

        def prepared(result: dict[str, Any]) -> None:
            view = Path(str(result.get("folder", "")))
            run_task(
                self,
                lambda: scan_of_result(path, result, series),
                lambda scan: self._show(scan, view, wanted),
                unusable,
            )

        def unusable(error: Exception) -> None:
            if wanted == self._wanted:
                self._growing.stop()
                self._page.show_error(error)

        def ended(finished: bool) -> None:
            # Slices of the next scan may be on show by now.
            if not finished and wanted == self._wanted:
                self._growing.stop()

        def failed(failure: JobFailed) -> bool:
            if wanted != self._wanted:
                return True
            if series or failure.field != "series":
                return False
            # It holds several volumes: which one is a question, not a problem.
            self._list_series(path)
            return True

        def grows(event: ScanGrows) -> None:
            self._growing.grow(event, path, series)

        self._jobs.start(OpenScan(str(path), str(folder), series), Errand(prepared, failed, ended, grows=grows))

    def _show(self, scan: ViewedScan, view: Path, wanted: int) -> None:
        if wanted != self._wanted:
            return
        self._growing.over()
        self._opened(scan, view)
        self._page.early.hand_over(self._page.viewer)
