"""Opens a mask of the scan and compares an answer with it: in colours over the slices, and by Dice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

from engine.bundle.levels import threshold_level
from engine.contract.errors import EngineError, InputError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import OpenScan
from engine.volumes.geometry import same_grid
from engine.volumes.segments import place_within
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.views import mask_view_folder
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.comparison import Comparison, dice_in_words
from tunevlseg_gui.viewer.scan import ViewedScan, scan_of_result

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage
    from tunevlseg_gui.pages.segment.page_jobs import Client

MOST_LABELS = 256
WAIT_MS = 200


class MaskComparer(QObject):
    """One mask at a time; it stays open while answers and threshold change."""

    def __init__(self, client: Client, page: SegmentPage) -> None:
        super().__init__(page)
        self._client, self._page, self._box = client, page, page.side.answers.compare
        self._job = ""
        self._path = Path()
        self._scan: ViewedScan | None = None  # that the mask belongs to
        self._truth: NDArray[Any] | None = None
        self._counted: object = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(WAIT_MS)
        self._soon.timeout.connect(self._count)
        client.event.connect(self._heard)
        self._box.end_clicked.connect(self.end)
        self._box.chosen.connect(self._compare)
        page.viewer.content_changed.connect(self._content_changed)

    def open(self, path: Path) -> None:
        self._path, self._scan = path, self._page.viewer.state.scan
        self._page.banner.hide()
        self._page.show_status(self.tr("Opening {name}…").format(name=path.name))
        self._job = self._client.submit(OpenScan(str(path), str(mask_view_folder(path)), is_mask=True))

    def end(self) -> None:
        self._truth, self._job = None, ""
        self._page.viewer.state.shared.comparison = None
        self._box.show_values(None)
        self._page.viewer.refresh()

    def _heard(self, event: Event) -> None:
        if not self._job or event.job_id != self._job:
            return
        match event:
            case JobFinished(result=result):
                self._job = ""
                scan, path = self._scan, self._path
                if scan is not None:
                    run_task(self, lambda: _read(path, result, scan), self._opened, self._refused)
            case JobFailed():
                self._job = ""
                self._page.show_problem(event)
            case JobCancelled():
                self._job = ""

    def _opened(self, found: tuple[NDArray[Any], list[int], tuple[str, ...]]) -> None:
        if self._page.viewer.state.scan is not self._scan:
            return
        self._truth, values, notes = found
        self._box.show_values(values)
        self._page.show_status(self.tr("Compared with {name}").format(name=self._path.name))
        if notes:
            # Which label is what, and what was lost where segments overlap.
            self._page.show_warning(f"{self._path.name}: {notes[0]}", "  ".join(notes[1:]))
        self._compare()

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, EngineError):
            error = InputError(
                self.tr("The mask could not be read: {error}.").format(error=error), hint=self.tr("Try again.")
            )
        self._page.show_problem(error)
        self._page.show_status("")

    def _compare(self) -> None:
        """Anew: another answer, another label, or answers that came."""
        state = self._page.viewer.state
        self._box.show_layers(state.layers)
        layer = next((known for known in state.layers if known.phrase == self._box.phrase), None)
        made = None if layer is None or self._truth is None else Comparison(layer, self._truth, self._box.value)
        state.shared.comparison = made
        self._page.viewer.refresh()

    def _content_changed(self) -> None:
        """Follows what the viewer shows: another scan ends it, other answers or edits are counted anew."""
        if self._truth is None:
            return
        state = self._page.viewer.state
        if state.scan is not self._scan:
            self._truth = None
            self._box.show_values(None)
            return
        comparison = state.shared.comparison
        if state.layers and (comparison is None or comparison.predicted not in state.layers):
            self._compare()
            return
        if comparison is None:
            return
        key = (id(comparison), id(comparison.predicted.levels), comparison.predicted.revision, state.threshold)
        if key != self._counted:
            self._counted, comparison.whole = key, None
            self._box.dice.setText(self.tr("Dice over the whole scan: …"))
            self._soon.start()

    def _count(self) -> None:
        state, key = self._page.viewer.state, self._counted
        comparison = state.shared.comparison
        if comparison is None or self._truth is None:
            return
        levels, level = comparison.predicted.levels, threshold_level(state.threshold)

        def show(dice: float) -> None:
            if key == self._counted and state.shared.comparison is comparison:
                comparison.whole = dice
                self._box.dice.setText(
                    self.tr("Dice over the whole scan: {dice_in_words}").format(dice_in_words=dice_in_words(dice))
                )
                self._page.viewer.refresh()

        run_task(self, lambda: comparison.dice_of(levels, comparison.truth, level), show)


def _read(path: Path, result: dict[str, Any], scan: ViewedScan) -> tuple[NDArray[Any], list[int], tuple[str, ...]]:
    """The mask's labels [z, y, x], which there are besides 0, and notes on the file; on a pool thread.

    Raises InputError where it is no mask, or none of this scan.
    """
    mask = scan_of_result(path, result)
    if mask.is_colour:
        raise InputError(
            translate("Comparing", "{name} is a colour picture, not a mask.").format(name=path.name),
            hint=translate("Comparing", "Choose a file with one value a pixel."),
        )
    voxels, differences = mask.voxels, same_grid(scan.geometry, mask.geometry, scan.shape_zyx, mask.shape_zyx)
    place = place_within(mask.geometry, mask.shape_zyx, scan.geometry, scan.shape_zyx) if differences else None
    if place is not None:
        # Such as a DICOM SEG, which leaves out slices that show nothing.
        voxels, differences = np.zeros(scan.shape_zyx, mask.voxels.dtype), []
        voxels[place] = mask.voxels
    if differences:
        raise InputError(
            translate("Comparing", "{name} does not lie on the scan's grid: {differences}.").format(
                name=path.name, differences="; ".join(differences)
            ),
            hint=translate(
                "Comparing", "Choose the mask that belongs to this scan, or bring it onto the scan's grid first."
            ),
        )
    values: set[float] = set()
    for one in mask.voxels:
        values.update(np.unique(one).tolist())
        if len(values) > MOST_LABELS or any(value != int(value) for value in values if np.isfinite(value)):
            raise InputError(
                translate("Comparing", "{name} holds grey values, not labels.").format(name=path.name),
                hint=translate("Comparing", "Choose a mask with whole numbers."),
            )
    found = sorted(int(value) for value in values if value != 0 and np.isfinite(value))
    return voxels, found, mask.notes
