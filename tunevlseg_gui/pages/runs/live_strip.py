"""The same validation images after every epoch: the sheet that is shown, the strip below it, and what is read when."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.runs.preview_sheet import Sheet, read_sheet, read_thumbnail
from tunevlseg_gui.pages.runs.sheet_view import SheetView
from tunevlseg_gui.pages.runs.time_strip import THUMBNAIL, TimeStrip
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

REDRAW_MS = 100


class PreviewStrip(QWidget):
    """Sheet, strip, and a line that says which epoch is shown; the newest, until an earlier one is looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preview")
        self._run = Path()
        self._paths: dict[int, Path] = {}
        self._epochs: list[int] = []
        self._current = 0
        self._follow = True
        self._best: int | None = None
        self._reading: set[int] = set()
        self.picture = SheetView()
        self.strip = TimeStrip()
        self.strip.scrubbed.connect(self.show_epoch)
        self.picture.chosen.connect(lambda _image: self._read_thumbnails(anew=True))
        self._text = label("", "muted", wrap=True, name="previewText")
        self.newest = button(self.tr("Newest"), "previewNewest", self._go_on, role="flat")
        kept = self.newest.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the strip stays where the mouse is
        self.newest.setSizePolicy(kept)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._changed)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self.newest)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.picture, 1)
        rows.addWidget(self.strip)
        rows.addLayout(row)
        self.show_run(Path())

    def show_run(self, run: Path) -> None:
        """Another run: nothing of it is known yet."""
        self._run, self._paths, self._epochs = run, {}, []
        self._current, self._follow, self._best = 0, True, None
        self._reading.clear()
        self.strip.clear_pictures()
        self.strip.show_epochs([], 0)
        self.strip.hide()
        self.newest.hide()
        self.picture.show_sheet(None)
        self._text.setText(self.tr("Validation images appear here after the first epoch."))

    @property
    def epochs(self) -> list[int]:
        """Those with a sheet."""
        return list(self._epochs)

    @property
    def current(self) -> int:
        """The epoch that is shown; 0: none."""
        return self._current

    def add(self, epoch: int, path: Path) -> None:
        """A new sheet; later ones, of an interrupted attempt, give way. Shown unless an earlier one is looked at."""
        for later in self._epochs[bisect_left(self._epochs, epoch) :]:
            self._forget(later)
        self._paths[epoch] = path
        self._epochs.append(epoch)
        self._later()

    def add_all(self, known: dict[int, Path]) -> None:
        """Sheets that lie in the run folder, where they were not told of."""
        self._paths = {**known, **self._paths}
        self._epochs = sorted(self._paths)
        self._later()

    def mark_best(self, epoch: int) -> None:
        if epoch != self._best:
            self._best = epoch
            self._say()

    def show_epoch(self, epoch: int) -> None:
        """An epoch by hand: what comes later is only added to the strip."""
        self._follow = bool(self._epochs) and epoch == self._epochs[-1]
        self._show(epoch)

    def _go_on(self) -> None:
        if self._epochs:
            self.show_epoch(self._epochs[-1])

    def _later(self) -> None:
        """A run that is opened tells hundreds of sheets at once: only the last one is read."""
        if not self._timer.isActive():
            self._timer.start()

    def _changed(self) -> None:
        if not self._epochs:
            return
        self.strip.setVisible(len(self._epochs) > 1)
        if self._follow:
            self._show(self._epochs[-1])
        else:
            self.strip.show_epochs(self._epochs, self._current)
            self._say()
        self._read_thumbnails()

    def _show(self, epoch: int) -> None:
        self._current = epoch
        self.strip.show_epochs(self._epochs, epoch)
        self._say()
        path = self._paths[epoch]
        run_task(
            self,
            partial(read_sheet, self._run, path),
            lambda sheet: self._take(epoch, path, sheet),
            lambda _error: self._missing(epoch, path),
        )

    def _say(self) -> None:
        self.newest.setVisible(bool(self._epochs) and not self._follow)
        if self._epochs:
            best = self.tr(", best so far") if self._current == self._best else ""
            told = self.tr("Epoch {epoch}{best}: truth outlined, answer filled")
            self._text.setText(told.format(epoch=self._current, best=best))

    def _take(self, epoch: int, path: Path, sheet: Sheet) -> None:
        if epoch == self._current and self._paths.get(epoch) == path:
            self.picture.show_sheet(sheet)

    def _missing(self, epoch: int, path: Path) -> None:
        """Only some sheets of a long run are kept."""
        if self._paths.get(epoch) == path:
            self._forget(epoch)
            if self._current == epoch and self._epochs:
                self._show(min(self._epochs, key=lambda known: abs(known - epoch)))
            else:
                self.strip.show_epochs(self._epochs, self._current)

    def _forget(self, epoch: int) -> None:
        self._paths.pop(epoch, None)
        self._epochs = [known for known in self._epochs if known != epoch]
        self.strip.pictures.pop(epoch, None)
        self._reading.discard(epoch)

    def _read_thumbnails(self, *, anew: bool = False) -> None:
        if anew:
            self.strip.clear_pictures()
            self._reading.clear()
        column = self.picture.alone or 0
        for epoch in self.strip.wanted():
            if epoch in self._reading:
                continue
            self._reading.add(epoch)
            path = self._paths[epoch]
            run_task(
                self,
                partial(read_thumbnail, self._run, path, column, THUMBNAIL),
                partial(self._take_thumbnail, epoch, path, column),
                lambda _error, epoch=epoch, path=path: self._missing(epoch, path),
            )

    def _take_thumbnail(self, epoch: int, path: Path, column: int, image: QImage) -> None:
        self._reading.discard(epoch)
        if self._paths.get(epoch) == path and column == (self.picture.alone or 0):
            self.strip.put(epoch, image)
