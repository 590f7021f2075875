"""Masks of the untuned model on six validation images, before anything is tuned."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from engine.contract.jobs import Job
from engine.contract.jobs import QuickLook as LookJob
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.pages.tune.large_look import LargeLook
from tunevlseg_gui.pages.tune.look_panel import LookPanel
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.text import label

COLUMNS = 3
_LINE = 2


class LookButton(QAbstractButton):
    """One image with its words below; a click, Space or Enter shows it large."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__()
        self.setObjectName(f"look{number}")
        self.setText(words)
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # A button's own policy would not let it become narrower than its hint: three would not fit the smallest window.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.pixmap = QPixmap()

    def show_image(self, image: QImage) -> None:
        self.pixmap = QPixmap.fromImage(image)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 120 + self.fontMetrics().height() + 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        line = self.fontMetrics().height() + 6
        room = QRectF(self.rect()).adjusted(_LINE + 1, _LINE + 1, -_LINE - 1, -line - _LINE)
        if not self.pixmap.isNull():
            scale = min(room.width() / self.pixmap.width(), room.height() / self.pixmap.height())
            shown = QRectF(0, 0, self.pixmap.width() * scale, self.pixmap.height() * scale)
            shown.moveCenter(room.center())
            painter.drawPixmap(shown, self.pixmap, QRectF(self.pixmap.rect()))
        painter.setPen(look().colour("text"))
        words = self.rect().adjusted(4, self.height() - line, -4, 0)
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter), text)
        if self.hasFocus() or self.underMouse():
            painter.setPen(look().colour("accent" if self.hasFocus() else "control"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class QuickLook(LookPanel):
    def __init__(self, wizard: Wizard) -> None:
        super().__init__(
            wizard,
            "quickLook",
            self.tr("Quick look before tuning"),
            self.tr(
                "What the model finds on up to six validation images as it is: the truth outlined at the left, "
                "the answer at the right."
            ),
            self.tr("Look"),
        )
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._looks = 0
        self.found: list[dict[str, Any]] = []
        self.summary = label("", wrap=True, name="quickLookSummary")
        self._grid = QWidget()
        self._cells = QGridLayout(self._grid)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setSpacing(8)
        self.rows.addWidget(self._grid)
        self.rows.addWidget(self.summary)
        self.clear()

    def job(self) -> Job | None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tunevlseg-look-", ignore_cleanup_errors=True)
        self._looks += 1  # pictures of the look before may still be on their way to the screen
        out = Path(self._folder.name) / str(self._looks)
        draft = self.wizard.draft
        return LookJob(self.wizard.project.data_for_recipe(), str(out), draft.weights, seed=draft.seed)

    def leave(self) -> None:
        self.stop()

    def clear(self) -> None:
        self.found = []
        while item := self._cells.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)  # gone at once, also for whoever looks widgets up by name
                widget.deleteLater()
        self._grid.hide()
        self.summary.hide()

    def show_result(self, result: dict[str, Any]) -> None:
        self.clear()
        self.found = [row for row in result.get("rows") or [] if isinstance(row, dict)]
        before: QWidget = self.start_button
        for number, row in enumerate(self.found):
            cell = LookButton(number + 1, self.words(row))
            cell.clicked.connect(lambda _checked=False, number=number: self.enlarge(number))
            self._cells.addWidget(cell, number // COLUMNS, number % COLUMNS)
            QWidget.setTabOrder(before, cell)  # or it would come after the whole page
            before = cell
            path = str(row.get("path") or "")
            run_task(cell, lambda path=path: QImageReader(path).read(), cell.show_image)
        self._grid.setVisible(bool(self.found))
        mean = result.get("mean")
        if mean is not None:
            each = ", ".join(
                f"{name} {value:.2f}" for name, value in (result.get("dice") or {}).items() if value is not None
            )
            self.summary.setText(
                self.tr("Dice of these images before tuning: {mean:.2f} ({each}).").format(mean=mean, each=each)
                if len(result.get("dice") or {}) > 1
                else self.tr("Dice of these images before tuning: {mean:.2f}.").format(mean=mean)
            )
            self.summary.show()

    def words(self, row: dict[str, Any]) -> str:
        """Its case, and the Dice of each label."""
        scores = row.get("dice") or {}
        if len(scores) == 1:
            (value,) = scores.values()
            told = self.tr("truth unknown") if value is None else self.tr("Dice {value:.2f}").format(value=value)
        else:
            told = ", ".join(f"{name} {value:.2f}" for name, value in scores.items() if value is not None)
        return f"{row.get('case', '')}: {told}"

    def enlarge(self, number: int) -> LargeLook:
        """The images large, this one first."""
        shown = LargeLook([(str(row.get("path") or ""), self.words(row)) for row in self.found], number, self)
        shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown.open()
        return shown
