"""Beside a case that is seen large: its labels to switch, how they are drawn, and what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QScrollArea, QSlider, QVBoxLayout, QWidget

from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.widgets.text import card, label


class CaseSide(QWidget):
    switched = Signal(int, object, bool)  # a label's value, its Layer, whether it is shown
    look_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(250)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        side = card()
        around.addWidget(side)
        rows = QVBoxLayout(side)
        rows.setContentsMargins(14, 12, 14, 12)
        rows.setSpacing(8)
        rows.addWidget(label(self.tr("Labels"), "heading"))
        self._legend = QVBoxLayout()
        self._legend.setSpacing(4)
        rows.addLayout(self._legend)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setObjectName("caseOpacity")
        self.opacity.setAccessibleName(self.tr("Opacity of the labels"))
        self.opacity.setRange(0, 100)
        self.opacity.valueChanged.connect(self.look_chosen)
        self.outline = QCheckBox(self.tr("Outline only"))
        self.outline.setObjectName("caseOutline")
        self.outline.toggled.connect(self.look_chosen)
        self.told = label("", "muted", wrap=True, name="caseProblems")
        rows.addSpacing(4)
        rows.addWidget(label(self.tr("Opacity (keys A, D)"), "muted"))
        rows.addWidget(self.opacity)
        rows.addWidget(self.outline)
        rows.addSpacing(4)
        rows.addWidget(label(self.tr("Problems"), "heading"))
        rows.addWidget(_scrolled(self.told), 1)

    def show_legend(self, layers: list[tuple[int, Layer]], areas: dict[int, float]) -> None:
        """A box for each layer with its label's value; `areas`: shares of the image by value."""
        while item := self._legend.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        for value, layer in layers:
            area = areas.get(value)
            box = QCheckBox(layer.phrase + (f"   {100 * area:.2g} %" if area else ""))
            box.setChecked(layer.visible)
            box.setIcon(_swatch(layer))
            box.toggled.connect(lambda on, value=value, layer=layer: self.switched.emit(value, layer, on))
            self._legend.addWidget(box)
        if not layers:
            self._legend.addWidget(label(self.tr("None is marked."), "muted"))

    def show_look(self, opacity: float, *, outline: bool) -> None:
        """As it is, without telling of it; `opacity` from 0 to 1."""
        for widget in (self.opacity, self.outline):
            widget.blockSignals(True)
        self.opacity.setValue(round(opacity * 100))
        self.outline.setChecked(outline)
        for widget in (self.opacity, self.outline):
            widget.blockSignals(False)


def _scrolled(told: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QScrollArea.Shape.NoFrame)
    # A scroll area paints the page's ground, not its card's.
    scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
    inner = QWidget()
    lines = QVBoxLayout(inner)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.addWidget(told)
    lines.addStretch(1)
    scroll.setWidget(inner)
    return scroll


def _swatch(layer: Layer) -> QIcon:
    made = QPixmap(14, 14)
    made.fill(QColor(*layer.colour))
    return QIcon(made)
