"""What was found: the masks, how they look, how they are made cleaner, compared, saved and learnt from. Draws only."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QSlider

from tunevlseg_gui.pages.segment.cleaner_box import CleanerBox
from tunevlseg_gui.pages.segment.compare_box import CompareBox
from tunevlseg_gui.pages.segment.layer_list import LayerList
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import card_column, label


class AnswerCard(QFrame):
    """Hidden while there is no mask."""

    save_clicked = Signal()
    case_clicked = Signal(bool)  # True: the folder is asked for
    tune_again_clicked = Signal()
    threshold_moved = Signal(float)
    opacity_moved = Signal(float)
    outline_toggled = Signal(bool)
    overlay_toggled = Signal(bool)
    cleaning_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("answerCard")
        self.setProperty("role", "card")
        column = card_column(self)
        self.layer_list = LayerList()
        self.threshold_slider, self._threshold_text, threshold = _slider(self.tr("Threshold"), "thresholdSlider", 1, 99)
        self.threshold_slider.setToolTip(
            self.tr("A voxel belongs to the mask from this probability on; nothing is asked again")
        )
        self.opacity_slider, self._opacity_text, opacity = _slider(self.tr("Opacity"), "opacitySlider", 0, 100)
        self.opacity_slider.setToolTip(self.tr("Keys A and D"))
        self.overlay_check = QCheckBox(self.tr("Show masks"))
        self.overlay_check.setObjectName("overlayCheck")
        self.overlay_check.setToolTip(self.tr("Key S"))
        self.overlay_check.setChecked(True)
        self.outline_check = QCheckBox(self.tr("Outline only"))
        self.outline_check.setObjectName("outlineCheck")
        self.outline_check.setToolTip("Shift+S")
        self.save_button = button(self.tr("Save mask…"), "saveMaskButton", self.save_clicked.emit, picture="export")
        checks = QHBoxLayout()
        checks.addWidget(self.overlay_check, 1)
        checks.addWidget(self.outline_check, 1)
        column.addWidget(label(self.tr("Found"), "heading"))
        column.addWidget(self.layer_list)
        column.addLayout(threshold)
        column.addLayout(opacity)
        column.addLayout(checks)
        self.cleaner = CleanerBox()
        self.cleaner.changed.connect(self.cleaning_changed)
        column.addWidget(self.cleaner)
        self.compare = CompareBox()
        column.addWidget(self.compare)
        column.addWidget(self.save_button)
        self.case_button = button(
            self.tr("Use as training case"),
            "trainingCaseButton",
            lambda: self.case_clicked.emit(False),
            picture="data",
            tip=self.tr("Adds the scan with the masks that are shown to your dataset of corrected masks"),
        )
        self.case_other = button("…", "trainingCaseOther", lambda: self.case_clicked.emit(True))
        self.case_other.setAccessibleName(self.tr("Use as training case of another dataset"))
        self.case_other.setToolTip(self.tr("Another dataset…"))
        self.case_other.setMaximumWidth(52)
        case = QHBoxLayout()
        case.addWidget(self.case_button, 1)
        case.addWidget(self.case_other)
        column.addLayout(case)
        self.case_words = label("", "muted", wrap=True, name="caseWords")
        self.tune_again = button(
            self.tr("Tune again with it…"), "tuneAgainButton", self.tune_again_clicked.emit, picture="tune"
        )
        column.addWidget(self.case_words)
        column.addWidget(self.tune_again)
        self.show_case("")
        self.threshold_slider.valueChanged.connect(self._threshold_changed)
        self.opacity_slider.valueChanged.connect(self._opacity_changed)
        self.outline_check.toggled.connect(self.outline_toggled)
        self.overlay_check.toggled.connect(self.overlay_toggled)
        self.set_threshold(0.5)
        self.set_opacity(0.45)
        self.hide()

    def set_threshold(self, threshold: float) -> None:
        with QSignalBlocker(self.threshold_slider):
            self.threshold_slider.setValue(round(threshold * 100))
        self._threshold_text.setText(f"{threshold:.2f}")

    def show_case(self, words: str) -> None:
        """What became of "Use as training case"; empty: nothing yet."""
        self.case_words.setText(words)
        self.case_words.setVisible(bool(words))
        self.tune_again.setVisible(bool(words))

    def show_edited(self, phrases: list[str], layers: int) -> None:
        """Masks that are edited have no threshold: the slider rests where there is no other."""
        every = bool(phrases) and len(phrases) == layers
        self.threshold_slider.setEnabled(not every)
        tip = self.tr("A voxel belongs to the mask from this probability on; nothing is asked again")
        if phrases:
            named = ", ".join(f"“{phrase}”" for phrase in phrases)
            tip = self.tr(
                "Edited by hand, and so without a threshold: {named}. “Back to the model's answer” brings it back."
            ).format(named=named)
        self.threshold_slider.setToolTip(tip)

    def set_opacity(self, opacity: float) -> None:
        with QSignalBlocker(self.opacity_slider):
            self.opacity_slider.setValue(round(opacity * 100))
        self._opacity_text.setText(f"{opacity:.0%}")

    def set_overlay(self, on: bool, outline: bool) -> None:
        with QSignalBlocker(self.overlay_check), QSignalBlocker(self.outline_check):
            self.overlay_check.setChecked(on)
            self.outline_check.setChecked(outline)

    def _threshold_changed(self, value: int) -> None:
        self._threshold_text.setText(f"{value / 100:.2f}")
        self.threshold_moved.emit(value / 100)

    def _opacity_changed(self, value: int) -> None:
        self._opacity_text.setText(f"{value}%")
        self.opacity_moved.emit(value / 100)


def _slider(title: str, name: str, lowest: int, highest: int) -> tuple[QSlider, QLabel, QHBoxLayout]:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setObjectName(name)
    slider.setAccessibleName(title)
    slider.setRange(lowest, highest)
    slider.setPageStep(5)
    shown = label(name=f"{name}Text")
    shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    caption = label(title)
    width = shown.fontMetrics().horizontalAdvance("100%") + 6
    shown.setFixedWidth(width)
    caption.setFixedWidth(caption.fontMetrics().horizontalAdvance(translate("AnswerCard", "Threshold")) + 10)
    row = QHBoxLayout()
    row.addWidget(caption)
    row.addWidget(slider, 1)
    row.addWidget(shown)
    return slider, shown, row
