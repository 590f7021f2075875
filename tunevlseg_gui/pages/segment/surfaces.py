"""Masks → surfaces: written for the engine, made there, shown in the 3-D pane or saved as STL."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

from engine.contract.errors import EngineError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import Surface
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.mask_files import MaskFiles, write_masks
from tunevlseg_gui.pages.segment.page_jobs import Client
from tunevlseg_gui.pages.segment.views import answers_folder, remove_soon
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import map_array
from tunevlseg_gui.viewer.surface.pane import ShownSurface
from tunevlseg_gui.widgets.saved_name import saved_name

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page import SegmentPage


@dataclass(frozen=True)
class _Asked:
    files: MaskFiles
    key: Hashable
    stl: str


class SurfaceMaker(QObject):
    """Beside what the page waits for: a surface takes a second or two, and nothing else depends on it."""

    def __init__(self, client: Client, page: SegmentPage) -> None:
        super().__init__(page)
        self._client, self._page = client, page
        self._pane = page.viewer.panes.surface
        self._job = ""
        self._asked: _Asked | None = None
        self._shown: Path | None = None  # the folder of the surfaces that are on show
        self._scan: object = None
        self._pane.update_wanted.connect(lambda: self.make())
        self._pane.save_wanted.connect(self._save)
        page.viewer.content_changed.connect(self._masks_may_differ)
        client.event.connect(self._heard)

    def make(self, stl: str = "") -> None:
        """The surfaces of the masks that are shown; `stl`: also as this file."""
        state, view = self._page.viewer.state, self._page.controller.editor.view_folder
        layers = [layer for layer in state.layers if layer.visible]
        key = self._key()
        self._pane.masks_are(key)
        if self._job or state.scan is None or view is None:
            return
        if not layers:
            self._pane.show_surfaces([], key)
            return
        threshold, scan = state.threshold, state.scan
        self._job = self.tr("written first")
        self._pane.show_busy()

        def written(files: MaskFiles) -> None:
            if self._page.viewer.state.scan is not scan:
                self._forget(files.folder)
                self._over()
                return
            self._asked = _Asked(files, key, stl)
            masks = [str(path) for path in files.paths]
            self._job = self._client.submit(Surface(masks, str(files.folder), str(view), stl=stl, overwrite=bool(stl)))

        run_task(self, lambda: write_masks(layers, threshold, answers_folder(view)), written, self._failed)

    def _heard(self, event: Event) -> None:
        if not self._job or event.job_id != self._job or self._asked is None:
            return
        asked = self._asked
        if isinstance(event, JobFinished):
            rows = list(event.result["surfaces"])
            run_task(self, lambda: _shown(asked.files, rows), lambda made: self._made(asked, made), self._failed)
        elif isinstance(event, JobFailed):
            self._forget(asked.files.folder)
            self._over()
            self._pane.show_failed()
            self._page.show_problem(event)
        elif isinstance(event, JobCancelled):
            self._forget(asked.files.folder)
            self._over()
            self._pane.show_failed()

    def _made(self, asked: _Asked, surfaces: list[ShownSurface]) -> None:
        self._over()
        if self._shown is not None:
            self._forget(self._shown)
        self._shown = asked.files.folder
        self._pane.show_surfaces(surfaces, asked.key)
        if asked.stl:
            self._page.show_status(self.tr("Saved {stl}").format(stl=asked.stl))

    def _failed(self, error: Exception) -> None:
        self._over()
        self._pane.show_failed()
        self._page.show_error(error)

    def _over(self) -> None:
        self._job, self._asked = "", None

    def _forget(self, folder: Path) -> None:
        remove_soon(self, folder)

    def _save(self) -> None:
        if path := self._page.ask_surface_path():
            try:
                self.make(str(saved_name(path, ".stl")))
            except EngineError as error:
                self._page.show_error(error)

    def _masks_may_differ(self) -> None:
        scan = self._page.viewer.state.scan
        if scan is not self._scan:
            self._scan = scan
            self._shown = None
            self._pane.clear()
        self._pane.masks_are(self._key())

    def _key(self) -> Hashable:
        state = self._page.viewer.state

        def of(layer: Layer) -> Hashable:
            return id(layer), id(layer.levels), layer.revision, layer.colour

        return state.threshold, tuple(of(layer) for layer in state.layers if layer.visible)


def _shown(files: MaskFiles, rows: list[dict[str, Any] | None]) -> list[ShownSurface]:
    """Empty masks have no surface and are left out."""
    made = []
    for row, phrase, colour in zip(rows, files.prompts, files.colours, strict=True):
        if row is None:
            continue
        vertices = map_array(Path(row["vertices"]))
        low, high = vertices.min(axis=0).astype(np.float64), vertices.max(axis=0).astype(np.float64)
        z, y, x = row["block"]
        paths = {name: str(row[name]) for name in ("vertices", "normals", "triangles")}
        made.append(ShownSurface(phrase, colour, paths, int(row["count"]), (z, y, x), low, high))
    return made
