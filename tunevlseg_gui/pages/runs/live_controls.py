"""Above the curves of a run: smoothing, what they lie over, which are shown, other runs, files."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QSlider, QToolButton, QWidget

from tunevlseg_gui.widgets.curve_export import KINDS
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.text import label

FINEST = 100
SLIDER = (72, 160)


class CurveControls(QWidget):
    """One line where there is room for it, else two."""

    smoothed = Signal(float)  # weight of what was before, from 0 to below 1
    over_minutes = Signal(bool)
    export_wanted = Signal(str)  # csv | png | svg

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = QComboBox()
        self.axis.setObjectName("curveAxis")
        self.axis.setAccessibleName(self.tr("Over epochs or minutes"))
        self.axis.addItems([self.tr("Epochs"), self.tr("Minutes")])
        self.axis.currentIndexChanged.connect(lambda at: self.over_minutes.emit(at == 1))
        self.log = QCheckBox(self.tr("Log loss"))
        self.log.setObjectName("curveLog")
        self.shown = _menu("curveShown", self.tr("Curves"))
        self.runs = _menu("curveRuns", self.tr("Other runs"))
        self.save = _menu("curveExport", self.tr("Export"))
        for kind in KINDS:
            action = self.save.menu().addAction(kind.upper())
            action.setObjectName(f"export_{kind}")
            action.triggered.connect(lambda _checked=False, kind=kind: self.export_wanted.emit(kind))
        row = FlowLayout(self)
        for widget in (self._smoothing(), self.axis, self.log, self.shown, self.runs, self.save):
            row.addWidget(widget)

    def _smoothing(self) -> QWidget:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setObjectName("curveSmoothing")
        self.smoothing.setAccessibleName(self.tr("Smoothing"))
        self.smoothing.setRange(0, FINEST - 1)
        self.smoothing.setMinimumWidth(SLIDER[0])
        self.smoothing.setMaximumWidth(SLIDER[1])
        average = self.tr("A moving average, as TensorBoard has it; the values as they are stay behind.")
        self.smoothing.setToolTip(average)
        self.smoothing.valueChanged.connect(self._smooth)
        self._weight = label("0.00", "muted")
        name = label(self.tr("Smoothing"), "muted")
        name.setBuddy(self.smoothing)
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(8)
        for widget in (name, self.smoothing, self._weight):
            row.addWidget(widget)
        return made

    def _smooth(self, place: int) -> None:
        weight = place / FINEST
        self._weight.setText(f"{weight:.2f}")
        self.smoothed.emit(weight)


def _menu(name: str, text: str) -> QToolButton:
    made = QToolButton()
    made.setObjectName(name)
    made.setText(text)
    made.setAccessibleName(text)
    made.setProperty("role", "menu")
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    menu = QMenu(made)
    menu.setObjectName(f"{name}Menu")
    made.setMenu(menu)
    return made
