"""The right side of the page: scan, model, phrases, answers, threshold and look, saving. Draws only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tunevlseg_gui.pages.segment.answer_card import AnswerCard
from tunevlseg_gui.pages.segment.model_choice import ModelChoice
from tunevlseg_gui.pages.segment.phrase_menu import PhraseMenu
from tunevlseg_gui.pages.segment.prompt_edit import PromptEdit
from tunevlseg_gui.viewer.planes import PLANE_TITLES, plane_title
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import PathLabel, card, card_column, label

WIDTH = 332


class SidePanel(QScrollArea):
    open_scan_clicked = Signal()
    open_bundle_clicked = Signal()
    tune_clicked = Signal()
    model_chosen = Signal(object)  # ModelChoice
    ask_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("segmentSide")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(WIDTH)
        self.answers = AnswerCard()
        inside = QWidget()
        inside.setObjectName("scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(10)
        for part in (self._scan_card(), self._model_card(), self._prompt_card(), self.answers):
            column.addWidget(part)
        column.addStretch(1)
        self.setWidget(inside)
        inside.installEventFilter(self)
        self.show_scan("", "")
        self.show_model(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Words of other languages are longer than ours: as wide as what it holds, which would be cut off."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            bar = self.verticalScrollBar().sizeHint().width()
            self.setFixedWidth(max(WIDTH, self.widget().minimumSizeHint().width() + bar))
        return super().eventFilter(watched, event)

    # parts

    def _scan_card(self) -> QFrame:
        box, column = _card("scanCard")
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Scan"), "heading"), 1)
        row.addWidget(
            button(
                self.tr("Open…"),
                "openScanButton",
                self.open_scan_clicked.emit,
                picture="folder",
                tip=self.tr("A picture or volume"),
            )
        )
        self.scan_name = PathLabel()
        self.scan_name.setObjectName("scanName")
        self.scan_words = label(role="muted", wrap=True, name="scanWords")
        column.addLayout(row)
        column.addWidget(self.scan_name)
        column.addWidget(self.scan_words)
        return box

    def _model_card(self) -> QFrame:
        box, column = _card("modelCard")
        self.bundle_combo = QComboBox()
        self.bundle_combo.setObjectName("bundleCombo")
        self.bundle_combo.setAccessibleName(self.tr("Model"))
        self.bundle_combo.setPlaceholderText(self.tr("No model yet"))
        self.bundle_combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.bundle_combo.setMinimumContentsLength(12)
        self.bundle_combo.activated.connect(lambda _row: self.model_chosen.emit(self.model))
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Model"), "heading"), 1)
        row.addWidget(
            button(
                self.tr("Open bundle…"),
                "openBundleButton",
                self.open_bundle_clicked.emit,
                picture="folder",
                tip=self.tr("A tuned model"),
            )
        )
        self._notice_box = card("modelNotice", "notice")
        notice_row = QHBoxLayout(self._notice_box)
        notice_row.setContentsMargins(0, 0, 0, 0)
        self.notice = label("", "chip", wrap=True, name="modelNoticeText")
        self.notice.setProperty("tone", "warning")
        self.notice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.tune_button = button(
            self.tr("Tune…"), "tuneButton", self.tune_clicked.emit, picture="tune", tip=self.tr("Tune this model")
        )
        notice_row.addWidget(self.notice, 1)
        notice_row.addWidget(self.tune_button)
        self.model_words = label(role="muted", wrap=True, name="modelWords")
        self._axis_row = QWidget()
        axis = QHBoxLayout(self._axis_row)
        axis.setContentsMargins(0, 0, 0, 0)
        axis.addWidget(label(self.tr("Ask along"), "muted"), 1)
        self.axis_combo = QComboBox()
        self.axis_combo.setObjectName("axisCombo")
        self.axis_combo.setAccessibleName(self.tr("Plane of the slices that the model is shown"))
        self.axis_combo.setToolTip(self.tr("Plane of the slices that the model is shown; tuned models know theirs"))
        for plane in PLANE_TITLES:
            title = plane_title(plane)
            self.axis_combo.addItem(title, plane)
        self.axis_combo.addItem(self.tr("all three"), "vote")
        three = self.tr(
            "The mean of axial, coronal and sagittal: three times the work, fewer slips from slice to slice"
        )
        self.axis_combo.setItemData(self.axis_combo.count() - 1, three, Qt.ItemDataRole.ToolTipRole)
        axis.addWidget(self.axis_combo)
        self.air_check = QCheckBox(self.tr("Leave out slices of air"))
        self.air_check.setObjectName("skipAirCheck")
        self.air_check.setToolTip(self.tr("Slices that show nothing but air are not asked; how many is told"))
        self.keep_check = QCheckBox(self.tr("Keep encoded slices on disk"))
        self.keep_check.setObjectName("keepEncodingsCheck")
        self.keep_check.setToolTip(
            self.tr("Further phrases on this scan are quick another day, too; some 0.4 MB a slice")
        )
        column.addLayout(row)
        column.addWidget(self.bundle_combo)
        column.addWidget(self._notice_box)
        column.addWidget(self.model_words)
        column.addWidget(self._axis_row)
        column.addWidget(self.air_check)
        column.addWidget(self.keep_check)
        return box

    def _prompt_card(self) -> QFrame:
        box, column = _card("promptCard")
        self.prompt_edit = PromptEdit()
        self.prompt_edit.asked.connect(self.ask_clicked)
        self.segment_button = button(
            self.tr("Segment"), "segmentButton", self.ask_clicked.emit, role="primary", picture="spark", tip="Enter"
        )
        self.cancel_button = button(
            self.tr("Cancel"), "cancelButton", self.cancel_clicked.emit, picture="stop", tip="Esc"
        )
        self.progress = QProgressBar()
        self.progress.setObjectName("segmentProgress")
        self.progress.setTextVisible(False)
        self._label_row = QWidget()
        words = QHBoxLayout(self._label_row)
        words.setContentsMargins(0, 0, 0, 0)
        words.addWidget(label(self.tr("Learned words of"), "muted"), 1)
        self.label_combo = QComboBox()
        self.label_combo.setObjectName("labelCombo")
        self.label_combo.setAccessibleName(self.tr("Label whose learned words other phrases take"))
        self.label_combo.setToolTip(
            self.tr(
                "Each label of this model has learned words of its own. A phrase that is none of the labels takes "
                "those of "
                "one of them: of the one with the nearest name, or of the one chosen here."
            )
        )
        self.label_combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.label_combo.setMinimumContentsLength(11)
        words.addWidget(self.label_combo)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Phrases, one a line"), "heading"), 1)
        self.phrase_menu = PhraseMenu(box)
        self.phrase_menu.phrase_chosen.connect(self.prompt_edit.add_phrase)
        self.phrase_menu.template_chosen.connect(self.prompt_edit.use_template)
        phrases = button(
            self.tr("Phrases"), "phraseMenuButton", role="flat", tip=self.tr("Phrases asked before, and templates")
        )
        phrases.setMenu(self.phrase_menu)
        head.addWidget(phrases)
        column.addLayout(head)
        column.addWidget(self.prompt_edit)
        self.live_check = QCheckBox(self.tr("Ask this slice while typing"))
        self.live_check.setObjectName("liveCheck")
        self.live_check.setToolTip(
            self.tr("When typing stops, the slice on show is asked; Ctrl+Enter asks the whole scan")
        )
        column.addWidget(self.live_check)
        column.addWidget(self._label_row)
        row = QHBoxLayout()
        row.addWidget(self.segment_button, 1)
        row.addWidget(self.cancel_button)
        column.addLayout(row)
        column.addWidget(self.progress)
        self.show_running(False)
        return box

    # what is shown

    def show_scan(self, name: str, words: str, *, is_volume: bool = False) -> None:
        self.scan_name.set_path(name or self.tr("None yet: open or drop a picture or volume"))
        self.scan_words.setText(words)
        self.scan_words.setVisible(bool(words))
        self._axis_row.setVisible(is_volume)
        self.air_check.setVisible(is_volume)
        self.keep_check.setVisible(is_volume)
        self.answers.cleaner.show_units(is_picture=not is_volume)

    def list_models(self, choices: list[ModelChoice], chosen: ModelChoice | None) -> None:
        with QSignalBlocker(self.bundle_combo):
            self.bundle_combo.clear()
            for choice in choices:
                kind = {"base": self.tr("base model"), "tuned": "tuned", "file": "opened"}[choice.kind]
                self.bundle_combo.addItem(f"{choice.title}  ·  {kind}", choice)
            row = choices.index(chosen) if chosen in choices else -1
            self.bundle_combo.setCurrentIndex(row)
        self.show_model(self.model)

    @property
    def model(self) -> ModelChoice | None:
        found = self.bundle_combo.currentData()
        return found if isinstance(found, ModelChoice) else None

    def show_model(self, choice: ModelChoice | None) -> None:
        """Its notice with the way to tuning, and what it was tuned for."""
        notice = choice.notice if choice else ""
        self.notice.setText(notice)
        self._notice_box.setVisible(bool(notice))
        self.tune_button.setVisible(choice is not None and choice.kind == "base")  # a bundle is not tuned further
        words = (
            self.tr("Tuned for: {labels}").format(labels=", ".join(choice.labels)) if choice and choice.labels else ""
        )
        if choice and choice.verdict:
            words = f"{words}\n{choice.verdict[:1].upper()}{choice.verdict[1:]}.".strip()
        self.model_words.setText(words)
        self.model_words.setVisible(bool(words))
        own = choice is not None and choice.own_words
        kept = self.own_label
        self.label_combo.clear()
        self.label_combo.addItem(self.tr("nearest name"), "")
        for name in choice.labels if choice and own else ():
            self.label_combo.addItem(name, name)
        self.label_combo.setCurrentIndex(max(self.label_combo.findData(kept), 0))
        self._label_row.setVisible(own)
        if choice is not None:
            self.axis_combo.setCurrentIndex(max(self.axis_combo.findData(choice.plane), 0))

    @property
    def own_label(self) -> str:
        """Whose learned words free phrases take; empty: those of the label with the nearest name."""
        return str(self.label_combo.currentData() or "")

    @property
    def axis(self) -> str:
        return str(self.axis_combo.currentData())

    def show_running(self, running: bool, *, segmenting: bool = True) -> None:
        self.progress.setVisible(running)
        self.cancel_button.setVisible(running)
        self.segment_button.setVisible(not (running and segmenting))
        if running:
            self.progress.setRange(0, 0)

    def show_progress(self, done: float, total: float) -> None:
        self.progress.setRange(0, max(round(total), 1))
        self.progress.setValue(round(done))


def _card(name: str) -> tuple[QFrame, QVBoxLayout]:
    box = card(name)
    return box, card_column(box)
