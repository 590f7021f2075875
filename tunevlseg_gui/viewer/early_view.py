"""A scan while it is read: the slices that are there already, and the newest one until the middle has come."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.volumes.slicing import SliceStack
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.panes import Panes
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.viewer.window_level import WindowLevel


class EarlyView(QWidget):
    """Planes of their own, so that what was on show before is as it was where the reading fails or is cancelled."""

    begun = Signal()
    ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("earlyView")
        self.setAccessibleName(self.tr("Scan that is being read"))
        self.panes = Panes()
        for number, view in enumerate(self.panes.views, start=1):
            view.setObjectName(f"earlySlice{number}")  # those of the viewer have the names that drivers know
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.panes)
        self._window: WindowLevel | None = None  # the last one that was not the user's own
        self._turned = False  # the user turned to another slice
        self.panes.changed.connect(self._changed_by_hand)

    @property
    def scan(self) -> ViewedScan | None:
        return self.panes.shared.scan

    def show_grown(self, scan: ViewedScan, first: int, last: int) -> None:
        """Slices `first` to `last` - 1 of `scan` are there; again for the same voxels as they become more."""
        shared, state = self.panes.shared, self.panes.main.state
        opens = shared.scan is None or shared.scan.path != scan.path
        if opens:
            state.open(scan)
            self._window, self._turned = scan.window, False
            state.set_plane(SliceStack(scan.voxels, scan.geometry, "acquisition").display_plane)  # type: ignore[arg-type]
            self.panes.show_three(habits().settings.three_planes)
            shared.crosshair = False
        elif shared.window == self._window:
            shared.window = self._window = scan.window
        shared.ready = (first, last)
        if not self._turned:
            z, y, x = scan.shape_zyx
            middle = z // 2
            shared.cursor_zyx = (middle if first <= middle < last else last - 1, y // 2, x // 2)
        if opens:
            self.begun.emit()
        self.panes.refresh()

    def hand_over(self, viewer: ScanViewer) -> None:
        """The scan is read and on show in `viewer`, which goes on where the user had turned to."""
        shared = self.panes.shared
        if shared.scan is None:
            return
        if self._turned:
            viewer.state.cursor_zyx = shared.cursor_zyx
        if shared.window != self._window:
            viewer.state.window = shared.window
        viewer.refresh()
        self.stop()

    def stop(self) -> None:
        """Nothing of it is shown any more."""
        if self.panes.shared.scan is not None:
            self.panes.main.state.close()
            self.ended.emit()

    def _changed_by_hand(self) -> None:
        # Also window, zoom and crosshair: whoever looks closely does not want the slices to run on.
        self._turned = True
