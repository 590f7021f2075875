"""Thumbnails of the cases that are looked at: asked of the engine in small batches, decoded off the window's thread.

What is visible comes first; what was scrolled away before it was drawn is not drawn. A bounded number of pictures is
kept in memory, the files of all in the cache.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from engine.contract.events import ENDINGS, Event, JobFailed, ThumbnailDrawn
from engine.contract.jobs import DrawThumbnails
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.pages.data.thumbnail_delegate import SIDE
from tunevlseg_gui.pages.data.thumbnail_picture import Colour, composed

BATCH = 8
MOST_KEPT = 600
"""Pictures in memory: some 50 MB, 200 where a screen has four pixels for one of the window's."""
MOST_FILES = 50_000


class ThumbnailStore(QObject):
    """`want` says what is looked at; `drawn` tells of each picture that has come."""

    drawn = Signal(str)  # case id

    def __init__(self, client: EngineClient, shelf: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._shelf = shelf
        self._folder = ""
        self._layout = "auto"
        self._colours: dict[int, Colour] = {}
        self._binary = False
        self._scale = 1.0
        self._pixmaps: OrderedDict[str, QPixmap] = OrderedDict()
        self._files: dict[str, tuple[str, str]] = {}
        self._broken: dict[str, str] = {}
        self._decoding: set[str] = set()
        self._wanted: list[str] = []
        self._job = ""
        self._asked: tuple[str, ...] = ()
        self._generation = 0

    def open(self, folder: str, layout: str = "auto") -> None:
        """Another dataset, or the same looked at again: nothing that was drawn counts any more."""
        self._stop()
        self._folder, self._layout = folder, layout
        for kept in (self._pixmaps, self._files, self._broken):
            kept.clear()
        self._again()

    def colour(self, colours: Mapping[int, Colour], *, binary: bool) -> None:
        """How labels look; none: pictures without them. What is in sight is painted anew from the files at hand."""
        if (dict(colours), binary) != (self._colours, self._binary):
            self._colours, self._binary = dict(colours), binary
            self._pixmaps.clear()
            self._again()
            self._serve()

    def use_scale(self, scale: float) -> None:
        """Screen pixels a pixel of the window, where the grid is shown."""
        if scale != self._scale:
            self._scale = scale
            self._pixmaps.clear()
            self._again()

    def pixmap(self, case_id: str) -> QPixmap | None:
        found = self._pixmaps.get(case_id)
        if found is not None:
            self._pixmaps.move_to_end(case_id)
        return found

    def problem(self, case_id: str) -> str:
        """Why a case cannot be drawn; empty where it can."""
        return self._broken.get(case_id, "")

    def want(self, case_ids: Sequence[str]) -> None:
        """What is looked at now, the most urgent first; all else that was wanted is forgotten."""
        self._wanted = [case_id for case_id in case_ids if case_id not in self._pixmaps and case_id not in self._broken]
        if self._job and not set(self._asked) & set(self._wanted):
            self._client.cancel(self._job)
        self._serve()

    def _again(self) -> None:
        self._generation += 1
        self._decoding.clear()

    def _stop(self) -> None:
        self._wanted = []
        if self._job:
            self._client.cancel(self._job)
            self._job, self._asked = "", ()

    def _serve(self) -> None:
        unknown: list[str] = []
        for case_id in self._wanted:
            if case_id in self._files:
                self._decode(case_id)
            elif case_id not in self._broken:
                unknown.append(case_id)
        if unknown and not self._job and self._folder:
            self._asked = tuple(unknown[:BATCH])
            job = DrawThumbnails(self._folder, list(self._asked), str(self._shelf), self._layout)
            self._job = self._client.submit(job, self._heard)

    def _heard(self, event: Event) -> None:
        if event.job_id != self._job:
            return  # of a dataset that was left for another
        if isinstance(event, ThumbnailDrawn):
            if event.picture:
                if len(self._files) >= MOST_FILES:
                    self._files.clear()
                self._files[event.case_id] = (event.picture, event.mask)
                self._decode(event.case_id)
            else:
                self._broken[event.case_id] = event.problem
                self.drawn.emit(event.case_id)
        elif isinstance(event, ENDINGS):
            if isinstance(event, JobFailed):
                # Asking again at once would fail again and again: a damaged file may have ended the worker.
                for case_id in self._asked:
                    if case_id not in self._files:
                        self._broken.setdefault(case_id, event.message)
                        self.drawn.emit(case_id)
            self._job, self._asked = "", ()
            self._serve()

    def _decode(self, case_id: str) -> None:
        if case_id in self._decoding or case_id in self._pixmaps:
            return
        self._decoding.add(case_id)
        scale = self._scale
        side = round(SIDE * scale)
        picture, mask = self._files[case_id]
        colours, binary, generation = self._colours, self._binary, self._generation

        def made() -> QImage:
            image = composed(picture, mask, colours, binary=binary)
            if not image.isNull():
                # At the size of the screen's pixels, here and not at each painting.
                keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
                image = image.scaled(side, side, keep, smooth)
                image.setDevicePixelRatio(scale)
            return image

        run_task(
            self,
            made,
            lambda image: self._take(case_id, generation, image),
        )

    def _take(self, case_id: str, generation: int, image: QImage) -> None:
        if generation != self._generation:
            return
        self._decoding.discard(case_id)
        if image.isNull():  # the cache was emptied meanwhile
            self._files.pop(case_id, None)
            self._broken[case_id] = self.tr("The thumbnail could not be read.")
        else:
            self._pixmaps[case_id] = QPixmap.fromImage(image)
            while len(self._pixmaps) > MOST_KEPT:
                self._pixmaps.popitem(last=False)
        self.drawn.emit(case_id)
