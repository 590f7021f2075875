"""Draws one case: its picture on a dark stage, below it the name and the split; a sign where something is wrong."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tunevlseg_gui.cases import CaseRow
from tunevlseg_gui.pages.data.case_model import RowRole
from tunevlseg_gui.theme.icons import picture
from tunevlseg_gui.theme.look import look

SIDE = 148
CELL = QSize(SIDE + 14, SIDE + 40)
SIGN = 20
_TOKENS = {"train": "muted", "val": "accent_text", "test": "good"}
_SIGNS = {"error": "danger", "warning": "warning"}


class ThumbnailDelegate(QStyledItemDelegate):
    """`picture` gives the case's pixmap (None while it is on its way), `split` the word that stands beside its name."""

    def __init__(
        self, picture: Callable[[str], QPixmap | None], split: Callable[[CaseRow], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._picture = picture
        self._split = split

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        del option, index
        return CELL

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(RowRole)
        if not isinstance(row, CaseRow):
            return
        colours = look()
        cell: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        stage = QRectF(cell.x() + 7, cell.y() + 6, SIDE, SIDE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            ground = QPainterPath()
            ground.addRoundedRect(QRectF(cell).adjusted(1, 1, -1, -3), 9, 9)
            painter.fillPath(ground, colours.colour("accent_soft"))
        frame = QPainterPath()
        frame.addRoundedRect(stage, 7, 7)
        painter.fillPath(frame, colours.colour("stage"))
        shown = self._picture(row.case_id)
        if shown is not None:
            painter.setClipPath(frame)
            size = shown.deviceIndependentSize()
            left, top = stage.center().x() - size.width() / 2, stage.center().y() - size.height() / 2
            painter.drawPixmap(QPointF(round(left), round(top)), shown)
            painter.setClipping(False)
        if row.worst in _SIGNS:
            sign = _SIGNS[row.worst]
            place = QRect(round(stage.right()) - SIGN - 5, round(stage.top()) + 5, SIGN, SIGN)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("surface"))
            painter.drawEllipse(place.adjusted(-2, -2, 2, 2))
            painter.drawPixmap(place.topLeft(), picture(sign, SIGN, sign, painter.device().devicePixelRatioF()))
        if selected or state & QStyle.StateFlag.State_HasFocus:
            pen = QPen(colours.colour("accent"), 2)
            if not selected:
                pen.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(frame)
        self._write(painter, cell, row)
        painter.restore()

    def _write(self, painter: QPainter, cell: QRect, row: CaseRow) -> None:
        colours, split = look(), self._split(row)
        text = QRect(cell.x() + 9, cell.y() + SIDE + 10, SIDE - 4, 22)
        painter.setPen(colours.colour(_TOKENS.get(split, "muted")))
        painter.drawText(text, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), split)
        taken = painter.fontMetrics().horizontalAdvance(split) + 8
        from_right = painter.layoutDirection() == Qt.LayoutDirection.RightToLeft
        text.adjust(taken if from_right else 0, 0, 0 if from_right else -taken, 0)
        painter.setPen(colours.colour("text"))
        # Cases of a dataset mostly begin alike, and differ in the numbers at the end.
        name = painter.fontMetrics().elidedText(row.case_id, Qt.TextElideMode.ElideLeft, text.width())
        painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
