"""A grid of equal cells that lays out only what is in sight: ten thousand cases cost as much as thirty."""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem, QWidget

from tunevlseg_gui.pages.data.case_model import CaseModel
from tunevlseg_gui.pages.data.thumbnail_delegate import CELL
from tunevlseg_gui.theme.look import look

AnyIndex = QModelIndex | QPersistentModelIndex
CursorAction = QAbstractItemView.CursorAction


class CaseGrid(QListView):
    """Left to right, then down. Click, Shift, Ctrl, Ctrl+A and a rubber band select; arrows move.

    A QListView for its selection, its keys and what screen readers are told; places are computed here, since its own
    layout visits every row at every change of size.
    """

    seen = Signal(int, int)  # first and last row number in sight, after a scroll or a change of size
    selected = Signal()  # another selection
    opened = Signal(int)  # row number: Enter or double click

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("thumbnails")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Whether there is a bar must not depend on the number of columns that the bar itself changes.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setUniformItemSizes(True)
        self._band_from: QPoint | None = None  # in the whole grid, not in the part in sight
        self._band = QRect()
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        look().changed.connect(self.viewport().update)

    # -- places --------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> int:
        return max(1, self.viewport().width() // CELL.width())

    def _count(self) -> int:
        return self.model().rowCount() if self.model() is not None else 0

    def cell(self, row: int) -> QRect:
        """A row's cell within the part in sight; columns share the width that is left over."""
        columns = self.columns
        step = self.viewport().width() / columns
        left = round((row % columns) * step + (step - CELL.width()) / 2)
        return QRect(QPoint(left, row // columns * CELL.height() - self.verticalOffset()), CELL)

    def rows_in(self, area: QRect) -> range:
        """Row numbers of the lines of cells that an area of the part in sight touches."""
        columns, top = self.columns, self.verticalOffset()
        first = max(0, (area.top() + top) // CELL.height()) * columns
        last = ((area.bottom() + top) // CELL.height() + 1) * columns
        return range(min(first, self._count()), min(max(last, 0), self._count()))

    @property
    def rows_in_sight(self) -> range:
        return self.rows_in(self.viewport().rect())

    def visualRect(self, index: AnyIndex) -> QRect:
        return self.cell(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        columns = self.columns
        column = min(int(point.x() * columns / max(self.viewport().width(), 1)), columns - 1)
        row = (point.y() + self.verticalOffset()) // CELL.height() * columns + column
        if 0 <= row < self._count() and self.cell(row).contains(point):
            return self.model().index(row, 0)
        return QModelIndex()

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def scrollTo(
        self, index: AnyIndex, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        place, bar = self.visualRect(index), self.verticalScrollBar()
        if place.isNull():
            return
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + place.center().y() - self.viewport().height() // 2)
        elif place.top() < 0:
            bar.setValue(bar.value() + place.top())
        elif place.bottom() > self.viewport().height():
            bar.setValue(bar.value() + place.bottom() - self.viewport().height() + 1)

    def doItemsLayout(self) -> None:
        self.updateGeometries()
        self.viewport().update()
        self._scrolled()

    def updateGeometries(self) -> None:
        lines = -(-self._count() // self.columns)
        bar = self.verticalScrollBar()
        bar.setSingleStep(CELL.height() // 3)
        bar.setPageStep(self.viewport().height())
        bar.setRange(0, max(0, lines * CELL.height() - self.viewport().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        # What was at the top stays there: more columns would carry it away.
        before = max(1, event.oldSize().width() // CELL.width())
        top = self.verticalOffset() // CELL.height() * before
        self.updateGeometries()
        if before != self.columns:
            self.verticalScrollBar().setValue(top // self.columns * CELL.height())
        self.viewport().update()
        self._scrolled()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(dx, dy)

    def _scrolled(self) -> None:
        rows = self.rows_in_sight
        if rows:
            self.seen.emit(rows.start, rows.stop - 1)

    # -- rows and selection --------------------------------------------------------------------------------------

    def setModel(self, model: CaseModel | None) -> None:  # type: ignore[override]
        super().setModel(model)
        if model is not None:
            self.selectionModel().selectionChanged.connect(self.selected)
            self.selectionModel().currentChanged.connect(self._moved)

    def reset(self) -> None:
        super().reset()
        self.doItemsLayout()

    def select_rows(self, runs: list[tuple[int, int]]) -> None:
        """Selects just these runs of row numbers."""
        model, chosen = self.model(), QItemSelection()
        for first, last in runs:
            chosen.select(model.index(first, 0), model.index(last, 0))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def selected_rows(self) -> list[int]:
        if self.selectionModel() is None:
            return []
        ranges = self.selectionModel().selection()
        return sorted(row for found in ranges for row in range(found.top(), found.bottom() + 1))

    @property
    def selected_count(self) -> int:
        if self.selectionModel() is None:
            return 0
        return sum(found.height() for found in self.selectionModel().selection())

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """A rubber band selects what it touches, Shift what lies between in reading order."""
        if self.state() == QAbstractItemView.State.DragSelectingState:
            area = rect.normalized()
            rows = [row for row in self.rows_in(area) if self.cell(row).intersects(area)]
        else:
            ends = [self.indexAt(rect.topLeft()).row(), self.indexAt(rect.bottomRight()).row()]
            known = sorted(row for row in ends if row >= 0)
            rows = list(range(known[0], known[-1] + 1)) if known else []
        chosen = QItemSelection()
        start = previous = -2
        for row in [*rows, -2]:
            if row != previous + 1:
                if start >= 0:
                    chosen.select(self.model().index(start, 0), self.model().index(previous, 0))
                start = row
            previous = row
        self.selectionModel().select(chosen, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        return QRegion(self.viewport().rect())

    def isIndexHidden(self, index: AnyIndex) -> bool:
        return False

    def _moved(self, current: QModelIndex, previous: QModelIndex) -> None:
        for index in (current, previous):
            if index.isValid():
                self.viewport().update(self.visualRect(index))

    # -- keys and mouse ------------------------------------------------------------------------------------------

    def moveCursor(self, action: CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count, columns = self._count(), self.columns
        if not count:
            return QModelIndex()
        row, page = self.currentIndex().row(), max(1, self.viewport().height() // CELL.height()) * columns
        if row < 0:
            return self.model().index(0, 0)
        steps = {
            CursorAction.MoveLeft: -1,
            CursorAction.MovePrevious: -1,
            CursorAction.MoveRight: 1,
            CursorAction.MoveNext: 1,
            CursorAction.MoveUp: -columns if row >= columns else 0,
            CursorAction.MoveDown: columns if row // columns < (count - 1) // columns else 0,
            CursorAction.MovePageUp: -page,
            CursorAction.MovePageDown: page,
            CursorAction.MoveHome: -count,
            CursorAction.MoveEnd: count,
        }
        return self.model().index(min(max(row + steps.get(action, 0), 0), count - 1), 0)

    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are keys of the page; there is a search box for names."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
            event.accept()
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton and not event.modifiers():
            self.opened.emit(index.row())
            event.accept()
            return
        super().mouseDoubleClickEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self._band_from = at + QPoint(0, self.verticalOffset()) if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._band_from is not None and self.state() == QAbstractItemView.State.DragSelectingState:
            at = event.position().toPoint() + QPoint(0, self.verticalOffset())
            self._band = QRect(self._band_from, at).normalized()
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._band_from, self._band = None, QRect()
        self.viewport().update()

    # -- painting ------------------------------------------------------------------------------------------------

    def redraw(self, row: int) -> None:
        if row in self.rows_in_sight:
            self.viewport().update(self.cell(row))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        delegate, chosen, model = self.itemDelegate(), self.selectionModel(), self.model()
        state, current = option.state, self.currentIndex().row()  # type: ignore[attr-defined]
        for row in self.rows_in(event.rect()):
            place = self.cell(row)
            if not place.intersects(event.rect()):
                continue
            index = model.index(row, 0)
            option.rect = place  # type: ignore[attr-defined]
            option.state = state & ~QStyle.StateFlag.State_HasFocus  # type: ignore[attr-defined]
            if chosen.isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected  # type: ignore[attr-defined]
            if row == current and self.hasFocus():
                option.state |= QStyle.StateFlag.State_HasFocus  # type: ignore[attr-defined]
            delegate.paint(painter, option, index)
        if not self._band.isNull():
            band = self._band.translated(0, -self.verticalOffset())
            colour = look().colour("accent")
            painter.setPen(QPen(colour, 1))
            painter.setBrush(QColor(colour.red(), colour.green(), colour.blue(), 40))
            painter.drawRect(band.adjusted(0, 0, -1, -1))
        painter.end()
