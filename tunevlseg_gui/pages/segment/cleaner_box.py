"""Controls for a cleaner mask: smoothing, holes, the largest part, small parts."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QGridLayout, QWidget

from tunevlseg_gui.widgets.text import label


@dataclass(frozen=True, slots=True)
class Cleaning:
    """As in the engine's Segment and Refine jobs; distances in mm and sizes in ml, for pictures in pixels."""

    smooth: float = 0.0
    fill_holes: bool = False
    largest: bool = False
    smallest: float = 0.0

    def values(self) -> dict[str, float | bool]:
        return asdict(self)

    @property
    def does_nothing(self) -> bool:
        return self == Cleaning()


class CleanerBox(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cleanerBox")
        self.smooth = _number("smoothSpin", "Smoothing", 20.0, 0.5)
        self.smallest = _number("smallestSpin", "Smallest part", 100_000.0, 1.0)
        self.smooth.setToolTip("Blurs the probabilities before the threshold; nothing is asked again")
        self.smallest.setToolTip("Parts smaller than this are taken away")
        self.fill = QCheckBox("Fill holes")
        self.fill.setObjectName("fillHolesCheck")
        self.largest = QCheckBox("Largest part only")
        self.largest.setObjectName("largestCheck")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(label("Smoothing"), 0, 0)
        grid.addWidget(self.smooth, 0, 1)
        grid.addWidget(label("Smallest part"), 1, 0)
        grid.addWidget(self.smallest, 1, 1)
        grid.addWidget(self.fill, 2, 0)
        grid.addWidget(self.largest, 2, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.show_units(is_picture=False)
        self.smooth.valueChanged.connect(self.changed)
        self.smallest.valueChanged.connect(self.changed)
        self.fill.toggled.connect(self.changed)
        self.largest.toggled.connect(self.changed)

    @property
    def cleaning(self) -> Cleaning:
        return Cleaning(self.smooth.value(), self.fill.isChecked(), self.largest.isChecked(), self.smallest.value())

    def show_cleaning(self, cleaning: Cleaning) -> None:
        with (
            QSignalBlocker(self.smooth),
            QSignalBlocker(self.smallest),
            QSignalBlocker(self.fill),
            QSignalBlocker(self.largest),
        ):
            self.smooth.setValue(cleaning.smooth)
            self.smallest.setValue(cleaning.smallest)
            self.fill.setChecked(cleaning.fill_holes)
            self.largest.setChecked(cleaning.largest)

    def show_units(self, *, is_picture: bool) -> None:
        self.smooth.setSuffix(" px" if is_picture else " mm")
        self.smallest.setSuffix(" px" if is_picture else " ml")
        self.smallest.setDecimals(0 if is_picture else 2)


def _number(name: str, title: str, highest: float, step: float) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setRange(0.0, highest)
    made.setDecimals(1)
    made.setSingleStep(step)
    made.setKeyboardTracking(False)
    made.setSpecialValueText("off")
    return made
