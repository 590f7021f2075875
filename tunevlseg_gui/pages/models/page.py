"""The Models page: installed base weights, and import from a folder or file; what is kept of decoded slices."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QProgressBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import ImportModel, ListModels
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.pages.models.cache_row import CacheRow
from tunevlseg_gui.pages.models.model_table_model import COLUMNS, ModelTableModel
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.page_header import PageHeader
from tunevlseg_gui.widgets.text import label


class ModelsPage(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelsPage")
        self._client = client
        self.model = ModelTableModel(self)
        self.table = QTableView()
        self.table.setObjectName("modelTable")
        self.table.setAccessibleName("Installed models")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(34)
        head = self.table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        self.busy = QProgressBar()
        self.busy.setTextVisible(False)
        self.busy.setRange(0, 0)
        header = PageHeader("Models", "Base weights that can be tuned. Nothing is fetched from the internet by itself.")
        header.add(button("Copy SHA-256", "copyHash", self._copy_hash, role="flat", picture="copy"))
        header.add(button("Import a file…", "importModelFile", self._ask_for_file))
        header.add(button("Import a folder…", "importModel", self._ask_for_folder, role="primary", picture="import"))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(12)
        rows.addWidget(header)
        rows.addWidget(self.busy)
        rows.addWidget(self.table, 1)
        hint = label(
            "A folder with config.json, model.safetensors and tokenizer files (such as CIDAS/clipseg-rd64-refined, "
            "brought from another computer) is copied into the program's model folder; its SHA-256 is kept with every "
            "run.",
            "muted",
            wrap=True,
        )
        hint.setAlignment(Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(hint)
        self.cache = CacheRow(client)
        self.cache.notice.connect(self.notice)
        rows.addWidget(self.cache)
        self.busy.hide()

    def came_to_front(self) -> None:
        self.refresh()
        self.cache.refresh()

    def refresh(self) -> None:
        self.busy.setVisible(not self.model.rows)
        self._client.submit(ListModels(), self._listed)

    def _listed(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                self.busy.hide()
                self.model.show_rows(list(result.get("models") or []))
            case JobFailed() as failure:
                self.busy.hide()
                self.notice.emit(of_failure(failure))
            case JobCancelled():
                self.busy.hide()

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Import base weights")
        if chosen:
            self.import_from(chosen)

    def _ask_for_file(self) -> None:
        kinds = "Weights (*.safetensors *.pth *.pt *.zip);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, "Import base weights", "", kinds)
        if chosen:
            self.import_from(chosen)

    def import_from(self, path: str) -> None:
        """Copies base weights into the user's model folder."""
        self.busy.show()
        self._client.submit(ImportModel(path), self._imported)

    def _imported(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                self.notice.emit(
                    Notice(f"{result.get('id', 'The model')} is installed.", "Choose it in the wizard.", "good")
                )
                self.refresh()
            case JobFailed() as failure:
                self.busy.hide()
                self.notice.emit(of_failure(failure))
            case JobCancelled():
                self.busy.hide()

    def _copy_hash(self) -> None:
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.model.rows):
            QGuiApplication.clipboard().setText(str(self.model.rows[row].get("sha256") or ""))
