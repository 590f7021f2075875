"""More models: import from a folder or file, or fetch a known one; in the wizard and on the Models page alike."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.weights.fetch_row import FetchRow
from tunevlseg_gui.weights.import_box import ImportBox
from tunevlseg_gui.weights.network_form import NetworkForm
from tunevlseg_gui.weights.store import WeightStore
from tunevlseg_gui.widgets.text import card, label


class MoreModels(QWidget):
    """`show_known` takes the engine's rows of known models; those that are installed have no row here."""

    def __init__(self, store: WeightStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("moreModels")
        self._store = store
        self._known: list[dict[str, Any]] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self.imports = ImportBox(store)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("More models"), "heading"))
        head.addStretch(1)
        head.addWidget(self.imports.actions)
        self._fold = QPushButton(self.tr("Network: proxy, certificate, mirror"))
        self._fold.setObjectName("networkFold")
        self._fold.setProperty("role", "flat")
        self._fold.setCheckable(True)
        self._fold.setIcon(icon("next", "accent_text"))
        self._fold.toggled.connect(self._unfold)
        self._form: NetworkForm | None = None
        frame = card()
        self._column = QVBoxLayout(frame)
        self._column.setContentsMargins(18, 14, 18, 14)
        self._column.setSpacing(8)
        self._column.addLayout(head)
        self._column.addWidget(
            label(
                self.tr(
                    "A folder with config.json, model.safetensors and tokenizer files, the same folder zipped, or a "
                    "CRIS checkpoint (.pth) is copied into the program's model folder; it may be dropped here. Nothing "
                    "is asked of the internet before Download is pressed."
                ),
                "muted",
                wrap=True,
            )
        )
        self._column.addWidget(self.imports)
        self._column.addLayout(self._rows)
        row = QHBoxLayout()
        row.addWidget(self._fold)
        row.addStretch(1)
        self._column.addLayout(row)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        whole.addStretch(1)

    def show_known(self, known: list[dict[str, Any]]) -> None:
        wanted = [row for row in known if not row.get("installed")]
        if wanted == self._known:
            return
        self._known = wanted
        while item := self._rows.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        for row in wanted:
            self._rows.addWidget(FetchRow(row, self._store))

    def _unfold(self, on: bool) -> None:
        self._fold.setIcon(icon("down" if on else "next", "accent_text"))
        if self._form is None:
            self._form = NetworkForm()
            self._column.addWidget(self._form)
        self._form.setVisible(on)
