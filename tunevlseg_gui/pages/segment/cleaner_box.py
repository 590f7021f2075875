"""Controls for a cleaner mask: smoothing, holes, the largest part, small parts; and what counts as found at all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QGridLayout, QWidget

from tunevlseg_gui.theme.spin_box import inset
from tunevlseg_gui.widgets.text import label


@dataclass(frozen=True, slots=True)
class Cleaning:
    """As in the engine's Segment and Refine jobs; distances in mm and sizes in ml, for pictures in pixels."""

    smooth: float = 0.0
    fill_holes: bool = False
    largest: bool = False
    smallest: float = 0.0
    presence: float | None = None
    """Score from which a phrase counts as found; 0: always; None: as the model says."""

    def values(self) -> dict[str, float | bool | None]:
        """For a Segment job."""
        return asdict(self)

    def of_voxels(self) -> dict[str, float | bool]:
        """For a Refine job: what changes voxels of a mask, not whether there is one."""
        values = asdict(self)
        del values["presence"]
        return values

    @property
    def does_nothing(self) -> bool:
        """Whether every mask stays as the threshold makes it."""
        return replace(self, presence=None) == Cleaning()


class CleanerBox(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cleanerBox")
        self.smooth = _number("smoothSpin", self.tr("Smoothing"), 20.0, 0.5)
        self.smallest = _number("smallestSpin", self.tr("Smallest part"), 100_000.0, 1.0)
        self.smooth.setToolTip(self.tr("Blurs the probabilities before the threshold; nothing is asked again"))
        self.smallest.setToolTip(self.tr("Parts smaller than this are taken away"))
        self.fill = QCheckBox(self.tr("Fill holes"))
        self.fill.setObjectName("fillHolesCheck")
        self.largest = QCheckBox(self.tr("Largest part only"))
        self.largest.setObjectName("largestCheck")
        self.found_from = _number("foundFromSpin", self.tr("Score from which a phrase counts as found"), 0.999, 0.05)
        self.found_from.setDecimals(3)
        self.found_from.setSpecialValueText(self.tr("as the model says"))
        self.found_from.setToolTip(
            self.tr(
                "Mean of a phrase's 16 surest pixels on its best slice. Below this it counts as not found, and its "
                "mask is "
                "empty. Nothing is asked again"
            )
        )
        self.show_all = QCheckBox(self.tr("Show what is not found all the same"))
        self.show_all.setObjectName("showNotFoundCheck")
        self.show_all.setToolTip(self.tr("Every phrase counts as found, however low it scores; saved masks, too"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(label(self.tr("Smoothing")), 0, 0)
        grid.addWidget(self.smooth, 0, 1)
        grid.addWidget(label(self.tr("Smallest part")), 1, 0)
        grid.addWidget(self.smallest, 1, 1)
        grid.addWidget(self.fill, 2, 0)
        grid.addWidget(self.largest, 2, 1)
        grid.addWidget(label(self.tr("Found from")), 3, 0)
        grid.addWidget(self.found_from, 3, 1)
        grid.addWidget(self.show_all, 4, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.show_units(is_picture=False)
        self.smooth.valueChanged.connect(self.changed)
        self.smallest.valueChanged.connect(self.changed)
        self.fill.toggled.connect(self.changed)
        self.largest.toggled.connect(self.changed)
        self.found_from.valueChanged.connect(self.changed)
        self.show_all.toggled.connect(self.found_from.setDisabled)
        self.show_all.toggled.connect(self.changed)

    @property
    def cleaning(self) -> Cleaning:
        presence = 0.0 if self.show_all.isChecked() else (round(self.found_from.value(), 3) or None)
        return Cleaning(
            self.smooth.value(), self.fill.isChecked(), self.largest.isChecked(), self.smallest.value(), presence
        )

    def show_cleaning(self, cleaning: Cleaning) -> None:
        with (
            QSignalBlocker(self.smooth),
            QSignalBlocker(self.smallest),
            QSignalBlocker(self.fill),
            QSignalBlocker(self.largest),
            QSignalBlocker(self.found_from),
            QSignalBlocker(self.show_all),
        ):
            self.smooth.setValue(cleaning.smooth)
            self.smallest.setValue(cleaning.smallest)
            self.fill.setChecked(cleaning.fill_holes)
            self.largest.setChecked(cleaning.largest)
            always = cleaning.presence == 0
            self.show_all.setChecked(always)
            self.found_from.setDisabled(always)
            if not always:  # else the score waits for the tick to go
                self.found_from.setValue(cleaning.presence or 0.0)

    def show_units(self, *, is_picture: bool) -> None:
        self.smooth.setSuffix(" px" if is_picture else " mm")
        self.smallest.setSuffix(" px" if is_picture else " ml")
        self.smallest.setDecimals(0 if is_picture else 2)


def _number(name: str, title: str, highest: float, step: float) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    inset(made)
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setRange(0.0, highest)
    made.setDecimals(1)
    made.setSingleStep(step)
    made.setKeyboardTracking(False)
    made.setSpecialValueText("off")
    return made
