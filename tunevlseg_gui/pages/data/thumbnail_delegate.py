"""Draws one thumbnail: the picture on a dark stage, the case's id and its split below."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tunevlseg_gui.pages.data.thumbnail_table_model import SplitRole
from tunevlseg_gui.theme.look import look

SIDE = 148
CELL = QSize(SIDE + 14, SIDE + 40)
_TOKENS = {"train": "muted", "val": "accent_text", "test": "good"}


class ThumbnailDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        del option, index
        return CELL

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = look()
        cell: QRect = option.rect  # type: ignore[attr-defined]
        stage = QRectF(cell.x() + 7, cell.y() + 6, SIDE, SIDE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QPainterPath()
        frame.addRoundedRect(stage, 7, 7)
        painter.fillPath(frame, colours.colour("stage"))
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(picture, QPixmap):
            painter.setClipPath(frame)
            scale = min(stage.width() / picture.width(), stage.height() / picture.height())
            shown = QRectF(0, 0, picture.width() * scale, picture.height() * scale)
            shown.moveCenter(stage.center())
            painter.drawPixmap(shown, picture, QRectF(picture.rect()))
            painter.setClipping(False)
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        if state & QStyle.StateFlag.State_Selected:
            pen = painter.pen()
            pen.setColor(colours.colour("accent"))
            pen.setWidthF(2)
            painter.setPen(pen)
            painter.drawPath(frame)
        split = str(index.data(SplitRole) or "")
        text = QRect(cell.x() + 9, cell.y() + SIDE + 10, SIDE - 4, 22)
        painter.setPen(colours.colour(_TOKENS.get(split, "muted")))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(text, right, split)
        text.setWidth(text.width() - painter.fontMetrics().horizontalAdvance(split) - 8)
        painter.setPen(colours.colour("text"))
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, text.width())
        painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
        painter.restore()
