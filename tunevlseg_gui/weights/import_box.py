"""An import of base weights: from a folder, a file or a zip; how far it is; the tokenizer that some of them lack."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from tunevlseg_gui.weights.store import Import, WeightStore
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.sight import bring_into_sight
from tunevlseg_gui.widgets.text import label

WEIGHT_FILES = "*.safetensors *.pth *.pt *.bin *.zip"


class ImportBox(QWidget):
    """`actions` is the row of its two buttons, to be put beside a heading; the rest shows while there is something."""

    def __init__(self, store: WeightStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.actions = QWidget()
        row = QHBoxLayout(self.actions)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button(self.tr("Import a file…"), "importModelFile", self._ask_for_file, role="flat"))
        self._folder = button(self.tr("Import a folder…"), "importModel", self._ask_for_folder, picture="import")
        row.addWidget(self._folder)
        self._going = self._make_going()
        self._wanting = self._make_wanting()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self._going)
        rows.addWidget(self._wanting)
        store.import_changed.connect(self._show)
        self._show(store.importing)

    def _make_going(self) -> QWidget:
        made = QWidget()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Importing"))
        self.words = label("", "muted", name="importWords")
        self.leave = button(self.tr("Cancel"), "importCancel", self._store.cancel_import, picture="stop")
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words)
        row.addWidget(self.bar, 1)
        row.addWidget(self.leave)
        return made

    def _make_wanting(self) -> QWidget:
        made = QWidget()
        made.setObjectName("importWanting")
        self.problem = label("", "problem", wrap=True, name="importProblem")
        self.tokenizer = QLineEdit()
        self.tokenizer.setObjectName("importTokenizer")
        self.tokenizer.setAccessibleName(self.tr("Folder of the tokenizer"))
        self.tokenizer.setPlaceholderText(self.tr("folder with tokenizer.json, or vocab.json and merges.txt"))
        self.tokenizer.textChanged.connect(lambda text: self.go.setEnabled(bool(text.strip())))
        self.tokenizer.returnPressed.connect(self._go_on)
        self.go = button(self.tr("Import with it"), "importGoOn", self._go_on, role="primary")
        self.go.setEnabled(False)
        row = QHBoxLayout()
        row.addWidget(self.tokenizer, 1)
        row.addWidget(button(self.tr("Choose…"), "importTokenizerChoose", self._ask_for_tokenizer, role="flat"))
        row.addWidget(button(self.tr("Leave it"), "importLeave", self._store.forget_import, role="flat"))
        row.addWidget(self.go)
        rows = QVBoxLayout(made)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.problem)
        rows.addWidget(
            label(
                self.tr(
                    "A CRIS checkpoint holds weights alone. Name the folder of CLIP's tokenizer; that of any CLIPSeg "
                    "checkpoint is the same."
                ),
                "muted",
                wrap=True,
            )
        )
        rows.addLayout(row)
        return made

    def _show(self, found: Import) -> None:
        focused = self.leave.hasFocus()
        wanted_before = not self._wanting.isHidden()
        self._going.setVisible(found.running)
        self.words.setText(found.words)
        self.bar.setRange(0, round(found.total * 10))  # 0 to 0: it moves without saying how far
        self.bar.setValue(round(found.done * 10))
        self._wanting.setVisible(bool(found.problem))
        self.problem.setText(found.problem)
        if found.problem and not wanted_before and self.isVisible():
            self.tokenizer.setFocus(Qt.FocusReason.OtherFocusReason)
            bring_into_sight(self._wanting)
        elif focused and not found.running:  # what had the keyboard is gone
            self._folder.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_on(self) -> None:
        if folder := self.tokenizer.text().strip():
            self._store.import_from(self._store.importing.path, folder)

    def _ask_for_tokenizer(self) -> None:
        start = str(Path(self._store.importing.path).parent)
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of the tokenizer"), start)
        if chosen:
            self.tokenizer.setText(chosen)
            self.go.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Import base weights"))
        if chosen:
            self._store.import_from(chosen)

    def _ask_for_file(self) -> None:
        kinds = self.tr("Weights ({suffixes});;All files (*)").format(suffixes=WEIGHT_FILES)
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Import base weights"), "", kinds)
        if chosen:
            self._store.import_from(chosen)
