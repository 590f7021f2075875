"""Makes the shown answers cleaner in the background: what is shown stays until the cleaner masks are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QT_TRANSLATE_NOOP, QObject, QTimer

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import Refine
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.segment.cleaner_box import Cleaning
from tunevlseg_gui.pages.segment.views import answers_folder, remove_soon
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.mask_overlay import Layer, count_levels
from tunevlseg_gui.viewer.scan import map_array

if TYPE_CHECKING:
    from tunevlseg_gui.pages.segment.page_jobs import Client

_SMALL = 200
"""Bytes of a step."""

WAIT_MS = 150
"""A slider on the move asks once it rests."""


@dataclass(eq=False)
class CleaningChanged:
    """A step of the history: other values in the controls for cleaner masks. `show` sets them and what they show."""

    before: Cleaning
    after: Cleaning
    show: Callable[[Cleaning], None]
    words: str = QT_TRANSLATE_NOOP("CleaningChanged", "Cleaner masks")

    def __post_init__(self) -> None:
        if self.before.presence != self.after.presence:
            self.words = translate("CleaningChanged", "What counts as found")

    @property
    def nbytes(self) -> int:
        return _SMALL

    def undo(self) -> None:
        self.show(self.before)

    def redo(self) -> None:
        self.show(self.after)


class LayerCleaner(QObject):
    """`shown` is called when layers have changed; `failed` with what went wrong."""

    def __init__(
        self, client: Client, shown: Callable[[], None], failed: Callable[[Any], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._shown = shown
        self._failed = failed
        self._job = ""
        self._wanted: tuple[Cleaning, float, Path, bool, list[Layer]] | None = None
        self._asked: tuple[list[Layer], Path] = ([], Path())
        self._folder: Path | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._ask)
        client.event.connect(self._heard)

    def clean(self, layers: list[Layer], cleaning: Cleaning, threshold: float, view: Path, *, is_picture: bool) -> None:
        """Shows `layers` cleaned, soon; with nothing to do, as they were answered, at once."""
        self.stop()
        if cleaning.does_nothing or not layers:
            restored = [layer for layer in layers if layer.answer is not None]
            for layer in restored:
                (layer.levels, layer.counts), layer.answer = layer.answered, None
            if restored:
                self._shown()
            return
        self._wanted = (cleaning, threshold, view, is_picture, list(layers))
        self._timer.start()

    def stop(self) -> None:
        """Forgets what is under way."""
        self._timer.stop()
        self._wanted = None
        if self._job:
            self._client.cancel(self._job)
            self._job = ""

    def _ask(self) -> None:
        if self._wanted is None:
            return
        cleaning, threshold, view, is_picture, layers = self._wanted
        files = [_file_of(layer) for layer in layers]
        if not all(files):
            return
        folder = answers_folder(view)
        self._asked = (layers, folder)
        job = Refine(files, str(folder), threshold, "" if is_picture else str(view), **cleaning.of_voxels())  # type: ignore[arg-type]
        self._job = self._client.submit(job)

    def _heard(self, event: Event) -> None:
        if not self._job or event.job_id != self._job:
            return
        layers, folder = self._asked
        match event:
            case JobFinished(result=result):
                self._job = ""
                paths = [Path(str(path)) for path in result.get("masks") or []]
                run_task(
                    self, lambda: _counted(paths), lambda found: self._arrived(layers, found, folder), self._failed
                )
            case JobFailed():
                self._job = ""
                self._failed(event)
            case JobCancelled():
                self._job = ""
                remove_soon(self, folder)

    def _arrived(self, layers: list[Layer], found: list[tuple[Any, Any]], folder: Path) -> None:
        if self._wanted is None or self._wanted[4] != layers:
            return  # something newer is wanted
        for layer, (levels, counts) in zip(layers, found, strict=True):
            if layer.edited:
                continue  # begun meanwhile: what a hand draws stays
            layer.answer = layer.answered
            layer.levels, layer.counts = levels, counts
        self._shown()
        old, self._folder = self._folder, folder
        if old is not None:
            remove_soon(self, old)


def _file_of(layer: Layer) -> str:
    """Where the probabilities of a layer lie."""
    return str(getattr(layer.answered[0], "filename", "") or "")


def _counted(paths: list[Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(levels, count_levels(levels)) for levels in map(map_array, paths)]
