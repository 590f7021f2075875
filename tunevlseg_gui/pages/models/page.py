"""The Models page: installed base weights, how others get here; what is kept of decoded slices."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QProgressBar,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished
from engine.contract.jobs import ListModels
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.pages.models.cache_row import CacheRow
from tunevlseg_gui.pages.models.model_table_model import COLUMNS, ModelTableModel
from tunevlseg_gui.weights.more_models import MoreModels
from tunevlseg_gui.weights.store import WeightStore
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.page_header import PageHeader


class ModelsPage(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelsPage")
        self._client = client
        self.model = ModelTableModel(self)
        self.table = QTableView()
        self.table.setObjectName("modelTable")
        self.table.setAccessibleName(self.tr("Installed models"))
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
        header = PageHeader(
            self.tr("Models"),
            self.tr("Base weights that can be tuned. Nothing is fetched from the internet by itself."),
        )
        header.add(button(self.tr("Copy SHA-256"), "copyHash", self._copy_hash, role="flat", picture="copy"))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 18, 24, 18)
        rows.setSpacing(12)
        rows.addWidget(header)
        rows.addWidget(self.busy)
        rows.addWidget(self.table, 1)
        self._store = WeightStore.of(client)
        self._store.notice.connect(self._weights_notice)
        self._store.installed.connect(lambda _name: self.refresh())
        self.more = MoreModels(self._store)
        scrolled = QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setObjectName("scrolled")
        scrolled.setWidget(self.more)
        rows.addWidget(scrolled, 2)
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
                self.more.show_known(list(result.get("known") or []))
            case JobFailed() as failure:
                self.busy.hide()
                self.notice.emit(of_failure(failure))
            case JobCancelled():
                self.busy.hide()

    def import_weights(self, path: Path) -> None:
        """A folder or file of base weights was dropped here."""
        self._store.import_from(str(path))

    def _weights_notice(self, notice: Notice) -> None:
        if self.isVisible():
            self.notice.emit(notice)

    def _copy_hash(self) -> None:
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.model.rows):
            QGuiApplication.clipboard().setText(str(self.model.rows[row].get("sha256") or ""))
