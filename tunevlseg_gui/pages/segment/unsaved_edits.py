"""Edits of the open scan that are not saved: kept while they are made, offered when the scan is opened again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.asker import Asker
from tunevlseg_gui.pages.segment.autosave import Autosave
from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.pages.segment.recovery import KeptEdits, Origin, content_of, forget, kept_of, read
from tunevlseg_gui.pages.segment.shown_layers import ShownLayers
from tunevlseg_gui.viewer.mask_overlay import MOST_LAYERS, Layer
from tunevlseg_gui.viewer.scan import ViewedScan

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


class UnsavedEdits(QObject):
    def __init__(self, page: SegmentPage, asker: Asker, layers: ShownLayers, editor: MaskEditor) -> None:
        super().__init__(page)
        self._page, self._asker, self._layers = page, asker, layers
        self._came_back = Origin()  # of masks that came back from an earlier window
        self._kept: tuple[Path, KeptEdits] | None = None
        self._autosave = Autosave(lambda: page.viewer.state.layers, self.origin, page.show_warning, self)
        editor.edited.connect(self._autosave.touch)
        layers.rearranged.connect(self._autosave.touch)

    def origin(self) -> Origin:
        """What the masks on show came from."""
        question = self._asker.question
        return self._came_back if question is None else Origin(question.model.reference, question.axis, question.label)

    def leave(self, scan: ViewedScan) -> None:
        """Another scan is coming: what is unsaved of the last one, whose masks are still shown, is written."""
        self._autosave.open(scan)
        self._came_back, self._kept = Origin(), None
        self._page.recovery_row.hide()

    def write(self) -> None:
        """Now: what was saved is unsaved no longer."""
        self._autosave.write()

    def look_for(self, scan: ViewedScan) -> None:
        """Of the scan that was just opened: whether edits of it were not saved."""

        def look() -> tuple[Path, KeptEdits, bool] | None:
            path = kept_of(scan.path, scan.series)
            if path is None:
                return None
            kept = read(path)
            return path, kept, kept.shape_zyx == scan.shape_zyx and kept.scan_sha256 == content_of(scan)

        def found(answer: tuple[Path, KeptEdits, bool] | None) -> None:
            if answer is None or self._page.viewer.state.scan is not scan:
                return
            path, kept, fits = answer
            if not fits:
                self._page.show_warning(
                    self.tr(
                        "Edits of this scan were not saved, but the scan was changed since: they no longer lie on it."
                    ),
                    self.tr("They are left where they are, and come back with the scan as it was."),
                )
                return
            self._kept = (path, kept)
            self._page.recovery_row.offer(kept)

        run_task(self, look, found, self._page.show_error)

    def restore(self) -> None:
        state = self._page.viewer.state
        scan = state.scan
        self._page.recovery_row.hide()
        if self._kept is None or scan is None:
            return
        (path, kept), self._kept = self._kept, None

        def show(layers: list[Layer]) -> None:
            if state.scan is not scan:
                return
            self._came_back = kept.origin
            names = {layer.phrase for layer in layers}
            rest = [layer for layer in state.layers if layer.phrase not in names]
            self._autosave.replaces(path)
            self._layers.rearrange(self.tr("Bring edits back"), [*rest, *layers][-MOST_LAYERS:])
            self._layers.show_first(layers)
            self._page.show_status(self.tr("The edits are back. Save them to keep them."))

        run_task(self, kept.layers, show, self._page.show_error)

    def throw_away(self) -> None:
        kept, self._kept = self._kept, None
        self._page.recovery_row.hide()
        if kept is not None:
            run_task(self, lambda: forget(kept[0]), lambda _done: None, self._page.show_error)
