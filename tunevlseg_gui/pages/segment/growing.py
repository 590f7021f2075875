"""What the engine tells of a scan that it reads → slices on the page."""

from __future__ import annotations

from pathlib import Path

from engine.contract.events import ScanGrows
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.viewer.early_view import EarlyView
from tunevlseg_gui.viewer.scan import ViewedScan, scan_of_result


class GrowingScan:
    """Maps the file once it is told of, off the window's thread."""

    def __init__(self, view: EarlyView) -> None:
        self._view = view
        self._job = ""

    def grow(self, event: ScanGrows, path: Path, series: str) -> None:
        self._job = event.job_id

        def show(scan: ViewedScan) -> None:
            if self._job == event.job_id:
                self._view.show_grown(scan, event.first, event.last)

        # Where it is gone again, the scan has been read by now.
        run_task(self._view, lambda: scan_of_result(path, event.scan, series), show, lambda _error: None)

    def stop(self) -> None:
        """The reading came to nothing."""
        self._job = ""
        self._view.stop()

    def over(self) -> None:
        """The whole scan is about to be shown."""
        self._job = ""
