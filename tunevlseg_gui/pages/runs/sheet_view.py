"""The validation images of one epoch: all of them, or one alone."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tunevlseg_gui.pages.runs.preview_sheet import Sheet
from tunevlseg_gui.theme.look import look

GAP = 6


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
