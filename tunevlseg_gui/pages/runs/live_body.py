"""Curves, images and log of a run: beside each other where there is room, else behind each other in tabs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

NARROW = 1000
"""Pixels below which there is no room for images beside the curves."""
SHARES = (700, 420)


class LiveBody(QWidget):
    """`curves` to the left of the tabs, or in front of them."""

    def __init__(self, curves: QWidget, images: QWidget, log: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves = curves
        self.tabs = QTabWidget()
        self.tabs.setObjectName("runSide")
        self.tabs.tabBar().setObjectName("runSideTabs")
        self._place = _padded()
        for title, widget in ((self.tr("Images"), images), (self.tr("Log"), log)):
            holder = _padded()
            holder.layout().addWidget(widget)
            self.tabs.addTab(holder, title)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(curves)
        self._split.addWidget(self.tabs)
        for at, share in enumerate(SHARES):
            self._split.setStretchFactor(at, share)
        self._split.setSizes(SHARES)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._split)
        self._narrow = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        if narrow != self._narrow:
            self._narrow = narrow
            (self._behind if narrow else self._beside)()

    def _behind(self) -> None:
        self._place.layout().addWidget(self._curves)
        self.tabs.insertTab(0, self._place, self.tr("Curves"))
        self.tabs.setCurrentIndex(0)
        self._curves.show()

    def _beside(self) -> None:
        self.tabs.removeTab(self.tabs.indexOf(self._place))
        self._split.insertWidget(0, self._curves)
        self._split.setSizes(SHARES)
        self._curves.show()


def _padded() -> QWidget:
    made = QWidget()
    rows = QVBoxLayout(made)
    rows.setContentsMargins(10, 10, 10, 10)
    return made
