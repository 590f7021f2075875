"""The same validation images after every epoch: all of one epoch, and a strip through time that can be scrubbed."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.runs.preview_sheet import Sheet, read_sheet, read_thumbnail
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label

GAP = 6
THUMBNAIL = 48
REDRAW_MS = 100


class SheetView(QWidget):
    """The images of one epoch, as large as they fit; one alone after a click or by its number."""

    chosen = Signal(object)  # the image that is shown alone, counted from 0; None: all

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("previewPicture")
        self.setAccessibleName(self.tr("Validation images"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(140)
        self.setToolTip(self.tr("Truth outlined, answer filled in. A click, or 1 to 6: one image alone; 0: all."))
        self.sheet: Sheet | None = None
        self.alone: int | None = None

    def show_sheet(self, sheet: Sheet | None) -> None:
        self.sheet = sheet
        if sheet is None or (self.alone is not None and self.alone >= sheet.columns):
            self.alone = None
        self.update()

    def choose(self, image: int | None) -> None:
        if self.sheet is None or (image is not None and image >= self.sheet.columns):
            return
        self.alone = None if image == self.alone else image
        self.chosen.emit(self.alone)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 320)

    def places(self) -> dict[int, tuple[QRect, QRect]]:
        """Image → where its truth and its answer are painted; for a picture of another shape the second is empty."""
        if self.sheet is None:
            return {}
        shown = [self.alone] if self.alone is not None else list(range(self.sheet.columns))
        ratio = 2.0 if self.sheet.paired else self.sheet.image.width() / max(1, self.sheet.image.height())
        room = self.rect().adjusted(GAP, GAP, -GAP, -GAP)
        columns, height = _best_grid(len(shown), room.size(), ratio)
        lines = -(-len(shown) // columns)
        room.translate(
            max(0, (room.width() - int(columns * height * ratio) - (columns - 1) * GAP) // 2),
            max(0, (room.height() - lines * height - (lines - 1) * GAP) // 2),
        )
        found = {}
        for number, image in enumerate(shown):
            row, column = divmod(number, columns)
            width = int(height * ratio)
            left = room.left() + column * (width + GAP)
            top = room.top() + row * (height + GAP)
            if self.sheet.paired:
                found[image] = QRect(left, top, height, height), QRect(left + height, top, height, height)
            else:
                found[image] = QRect(left, top, width, height), QRect()
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look().colour("accent" if self.hasFocus() else "border"), 1))
        painter.setBrush(look().colour("stage"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 8, 8)
        if self.sheet is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            for image, (truth, answer) in self.places().items():
                cell = self.sheet.cell(image)
                if answer.isEmpty():
                    painter.drawImage(truth, self.sheet.image, cell)
                    continue
                side = cell.height() // 2
                painter.drawImage(truth, self.sheet.image, QRect(cell.left(), 0, cell.width(), side))
                painter.drawImage(answer, self.sheet.image, QRect(cell.left(), side, cell.width(), side))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        for image, (truth, answer) in self.places().items():
            if truth.contains(at) or answer.contains(at):
                self.choose(image)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - int(Qt.Key.Key_0)
        if number == 0 and self.alone is not None:
            self.choose(self.alone)
        elif 1 <= number <= 9:
            self.choose(number - 1)
        else:
            super().keyPressEvent(event)


def _best_grid(count: int, room: QSize, ratio: float) -> tuple[int, int]:
    """Columns, and the height of each picture, where they are largest."""
    best = (1, 1)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        width = (room.width() - (columns - 1) * GAP) / columns
        height = (room.height() - (rows - 1) * GAP) / rows
        found = int(min(height, width / ratio))
        if found > best[1]:
            best = (columns, found)
    return best


class TimeStrip(QWidget):
    """A small picture of each epoch beside each other; a drag or the arrow keys scrub through them."""

    scrubbed = Signal(int)  # epoch

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("previewStrip")
        self.setAccessibleName(self.tr("Strip through the epochs"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(THUMBNAIL + 12)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.epochs: list[int] = []
        self.current = 0
        self.pictures: dict[int, QImage] = {}

    def show_epochs(self, epochs: list[int], current: int) -> None:
        self.epochs, self.current = epochs, current
        self.setAccessibleDescription(self.tr("Epoch {epoch}").format(epoch=current) if epochs else "")
        self.update()

    def put(self, epoch: int, picture: QImage) -> None:
        self.pictures[epoch] = picture
        self.update()

    def clear_pictures(self) -> None:
        self.pictures.clear()
        self.update()

    def wanted(self) -> list[int]:
        """Epochs in sight whose picture is missing."""
        return [epoch for epoch in self._in_sight() if epoch not in self.pictures]

    def _in_sight(self) -> list[int]:
        """As many epochs as there is room for: all, or some that lie evenly, the shown and the last ones among them."""
        room = max(2, self.width() // (THUMBNAIL + 2))
        count = len(self.epochs)
        if count <= room:
            return self.epochs
        places = sorted({round(at * (count - 1) / (room - 1)) for at in range(room)})
        return [self.epochs[place] for place in places]

    def _step(self) -> float:
        shown = len(self._in_sight())
        return min(float(THUMBNAIL + 2), self.width() / shown) if shown else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        step, shown = self._step(), self._in_sight()
        chosen = self._nearest(self.current)
        for place, epoch in enumerate(shown):
            rect = QRect(round(place * step), 3, max(1, round(step) - 2), THUMBNAIL)
            picture = self.pictures.get(epoch)
            if picture is None:
                painter.fillRect(rect, look().colour("raised"))
            else:
                part = QSize(min(picture.width(), rect.width()), THUMBNAIL)
                painter.drawImage(rect, picture, QRect(QPoint(0, 0), part))
            if epoch == chosen:
                painter.setPen(QPen(look().colour("accent"), 2))
                painter.setBrush(QColor(0, 0, 0, 0))
                painter.drawRect(rect.adjusted(0, 0, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(look().colour("accent"), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _nearest(self, epoch: int) -> int | None:
        shown = self._in_sight()
        return min(shown, key=lambda known: abs(known - epoch)) if shown else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._scrub_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._scrub_to(event.position().x())

    def _scrub_to(self, x: float) -> None:
        shown = self._in_sight()
        if shown:
            share = x / max(1.0, self._step() * len(shown))
            self._go(self.epochs[max(0, min(len(self.epochs) - 1, int(share * len(self.epochs))))])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.epochs:
            return
        here, last = bisect_left(self.epochs, self.current), len(self.epochs) - 1
        moves = {
            Qt.Key.Key_Left: here - 1,
            Qt.Key.Key_Right: here + 1,
            Qt.Key.Key_PageUp: here - 10,
            Qt.Key.Key_PageDown: here + 10,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() in moves:
            self._go(self.epochs[max(0, min(last, moves[Qt.Key(event.key())]))])
        else:
            super().keyPressEvent(event)

    def _go(self, epoch: int) -> None:
        if epoch != self.current:
            self.scrubbed.emit(epoch)


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
            best = self.tr(", the best so far") if self._current == self._best else ""
            told = self.tr("Epoch {epoch}{best}: truth outlined, answer filled in")
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
