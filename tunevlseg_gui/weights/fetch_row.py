"""One known model that is not installed: its licence first, then a button, a bar, what is here already."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from tunevlseg_gui.weights.store import Download, WeightStore
from tunevlseg_gui.widgets.buttons import button, swap
from tunevlseg_gui.widgets.text import label


class FetchRow(QWidget):
    """`row` is one of the engine's `known` rows; nothing is asked of a network before its button is pressed."""

    def __init__(self, row: dict[str, Any], store: WeightStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = str(row["id"])
        self._row = row
        self._store = store
        name = self.model.rpartition("/")[2]
        self.setObjectName(f"fetch_{name}")
        self._licence = label(self._about(), "muted", wrap=True, name=f"fetchLicence_{name}")
        self.words = label("", wrap=True, name=f"fetchWords_{name}")
        self.problem = label("", "problem", wrap=True, name=f"fetchProblem_{name}")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Download of {title}").format(title=row["title"]))
        self.get = button("", f"fetchGet_{name}", self._get, picture="import")
        self.leave = button(self.tr("Cancel"), f"fetchCancel_{name}", lambda: store.cancel(self.model), picture="stop")
        self.throw = button(
            self.tr("Throw away"),
            f"fetchDiscard_{name}",
            lambda: store.discard(self.model),
            role="flat",
            tip=self.tr("Removes what was fetched so far"),
        )
        texts = QVBoxLayout()
        texts.setSpacing(3)
        texts.addWidget(label(str(row["title"]), "heading"))
        for part in (self._licence, self.words, self.bar, self.problem):
            texts.addWidget(part)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 4, 0, 4)
        whole.setSpacing(10)
        whole.addLayout(texts, 1)
        for part in (self.throw, self.leave, self.get):
            whole.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        store.download_changed.connect(self._changed)
        self._show(store.download(self.model))

    def _about(self) -> str:
        """Licence, size, what it is."""
        row = self._row
        size = self.tr("{size} MB. ").format(size=f"{row['megabytes']:.0f}") if row.get("megabytes") else ""
        licence = self.tr("Licence: {licence}. ").format(licence=row["licence"])
        return f"{row.get('summary', '')} {size}{licence}{row.get('licence_note', '')}".strip()

    def _get(self) -> None:
        if self._row.get("fetch"):
            self._store.fetch(self.model)
        else:
            QDesktopServices.openUrl(QUrl(str(self._row.get("page") or "")))

    def _changed(self, model: str) -> None:
        if model == self.model:
            found = self._store.download(model)
            if not found.running and not found.total:
                self._row = {**self._row, "megabytes_here": 0.0}  # installed, or thrown away
            self._show(found)

    def _show(self, found: Download) -> None:
        here = found.done or float(self._row.get("megabytes_here") or 0.0)
        total = found.total or float(self._row.get("megabytes") or 0.0)
        part = here > 0 and not found.running
        self.words.setText(
            found.words
            if found.running
            else self.tr("{done} of {total} MB are here.").format(
                done=f"{here:.1f}", total=f"{total:.{0 if total >= 10 else 1}f}" if total else "?"
            )
            if part
            else ""
        )
        self.words.setVisible(bool(self.words.text()))
        self.problem.setText(found.problem)
        self.problem.setVisible(bool(found.problem))
        self.bar.setRange(0, round(found.total * 10))
        self.bar.setValue(round(found.done * 10))
        self.bar.setVisible(found.running)
        self.throw.setVisible(part)
        swap(self.get, self.leave, second=found.running)
        if not self._row.get("fetch"):
            self.get.setText(self.tr("Open its page"))
            self.get.setToolTip(str(self._row.get("page") or ""))
        else:
            self.get.setText(self.tr("Go on") if part else self.tr("Download"))
            self.get.setToolTip(self.tr("From {page}, over the network").format(page=self._row.get("page") or ""))
        self.get.setAccessibleName(f"{self.get.text()}: {self._row['title']}")
