"""The answers, one row a phrase: colour, shown or not, how much was found, remove."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.mask_overlay import Colour, Layer
from tunevlseg_gui.widgets.text import label, set_tone


class LayerList(QWidget):
    toggled = Signal()
    removed = Signal(object)  # Layer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerList")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._rows: list[LayerRow] = []

    def show_layers(self, layers: Sequence[Layer]) -> None:
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.setParent(None)
            row.deleteLater()
        self._rows = [LayerRow(layer, number) for number, layer in enumerate(layers)]
        for row in self._rows:
            row.toggled.connect(self.toggled)
            row.removed.connect(self.removed)
            self._column.addWidget(row)

    @property
    def layers(self) -> list[Layer]:
        """The layers in the list."""
        return [row.layer for row in self._rows]

    def show_visible(self) -> None:
        """After layers were shown or hidden by something else than their row."""
        for row in self._rows:
            row.show_visible()

    def show_amounts(self, threshold: float, voxel_ml: float | None) -> None:
        """After the threshold was moved."""
        for row in self._rows:
            row.show_amount(threshold, voxel_ml)


class LayerRow(QWidget):
    toggled = Signal()
    removed = Signal(object)

    def __init__(self, layer: Layer, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = layer
        borrowed = layer.label_used if layer.label_used.casefold() != layer.phrase.casefold() else ""
        words = f"{layer.phrase}  ·  {borrowed}" if borrowed else layer.phrase
        self._check = QCheckBox(words.replace("&", "&&"))
        self._check.setObjectName(f"layerCheck{number}")
        self._check.setIcon(_swatch(layer.colour))
        self._check.setChecked(layer.visible)
        asked = self.tr(", asked with the learned words of {borrowed}").format(borrowed=borrowed) if borrowed else ""
        self._check.setToolTip(self.tr("Show “{phrase}”{asked}").format(phrase=layer.phrase, asked=asked))
        self._check.setMinimumWidth(40)
        self._amount = label(role="chip", name=f"layerAmount{number}")
        remove = QToolButton()
        remove.setObjectName(f"layerRemove{number}")
        remove.setProperty("role", "flat")
        remove.setIcon(icon("close", "muted"))
        remove.setIconSize(QSize(14, 14))
        remove.setToolTip(self.tr("Remove “{phrase}”").format(phrase=layer.phrase))
        remove.setAccessibleName(self.tr("Remove {phrase}").format(phrase=layer.phrase))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._check, 1)
        row.addWidget(self._amount, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(remove)
        self._check.toggled.connect(self._set_visible)
        remove.clicked.connect(lambda: self.removed.emit(self._layer))

    @property
    def layer(self) -> Layer:
        return self._layer

    def show_visible(self) -> None:
        with QSignalBlocker(self._check):
            self._check.setChecked(self._layer.visible)

    def show_amount(self, threshold: float, voxel_ml: float | None) -> None:
        voxels = self._layer.voxels(threshold)
        set_tone(self._amount, "" if voxels else "warning")
        self._amount.setText(amount_in_words(voxels, voxel_ml))
        highest = self.tr("Highest probability: {highest}").format(highest=f"{self._layer.highest:.2f}")
        self._amount.setToolTip(highest if voxels else f"{highest}. {_why_not(self._layer, threshold)}")

    def _set_visible(self, on: bool) -> None:
        self._layer.visible = on
        self.toggled.emit()


def _why_not(layer: Layer, threshold: float) -> str:
    if layer.is_present(threshold):
        return translate("LayerList", "Nothing reaches the threshold of {threshold}.").format(
            threshold=f"{threshold:.2f}"
        )
    tick = translate(
        "LayerList", "Tick it to look at what is there; “Show what is not found all the same” also saves it."
    )
    if layer.presence_wanted is not None:
        return translate(
            "LayerList",
            "Its score is {presence}; from {presence_wanted} on a phrase counts as found, as set below. {tick}",
        ).format(presence=f"{layer.presence:.2f}", presence_wanted=f"{layer.presence_wanted:.2f}", tick=tick)
    if layer.presence_cut is None:
        return translate(
            "LayerList", "Its 16 surest pixels have {presence} on average; the threshold is {threshold}. {tick}"
        ).format(presence=f"{layer.presence:.2f}", threshold=f"{threshold:.2f}", tick=tick)
    return translate(
        "LayerList",
        "Its score is {presence}; from {presence_cut} on a phrase counts as found, as calibrated on "
        "this model's validation images. {tick}",
    ).format(presence=f"{layer.presence:.2f}", presence_cut=f"{layer.presence_cut:.2f}", tick=tick)


def amount_in_words(voxels: int, voxel_ml: float | None) -> str:
    """Millilitres of volumes, pixels of pictures."""
    if voxels == 0:
        return translate("LayerList", "not found")
    if voxel_ml is None:
        return translate("LayerList", "{voxels} pixels").format(voxels=f"{voxels:,}")
    millilitres = voxels * voxel_ml
    return f"{millilitres:,.3g} ml" if millilitres < 1000 else f"{millilitres:,.0f} ml"


def _swatch(colour: Colour) -> QIcon:
    drawn = QPixmap(32, 32)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*colour))
    painter.setPen(QColor(0, 0, 0, 110))
    painter.drawRoundedRect(3, 3, 26, 26, 7, 7)
    painter.end()
    return QIcon(drawn)
