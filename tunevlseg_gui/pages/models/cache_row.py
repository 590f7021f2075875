"""A line about the decoded slices that are kept for the next run, with a button that removes them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.contract.events import Event, JobFailed, JobFinished
from engine.contract.jobs import DataCache
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_failure
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label


class CacheRow(QWidget):
    notice = Signal(object)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self.words = label("", "muted", wrap=True)
        self.words.setObjectName("cacheWords")
        self.clear = button(
            self.tr("Clear"),
            "clearCache",
            self._clear,
            role="flat",
            tip=self.tr("Remove decoded slices, image features and encoded scans, but for what a run uses"),
        )
        self.clear.setEnabled(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.clear)

    def refresh(self) -> None:
        self._client.submit(DataCache(), self._answered)

    def _clear(self) -> None:
        self.clear.setEnabled(False)
        self._client.submit(DataCache(clear=True), self._answered)

    def _answered(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                self._show(result)
            case JobFailed() as failure:
                self.notice.emit(of_failure(failure))

    def _show(self, result: dict[str, Any]) -> None:
        held, limit = int(result.get("bytes") or 0), int(result.get("limit") or 0)
        slices = sum(int(row["slices"]) for row in result.get("datasets") or ())
        text = self.tr("Decoded slices, kept so that runs start sooner: {slices} in {size} of at most {limit}.").format(
            slices=f"{slices:,}", size=_size(held), limit=_size(limit)
        )
        for name, what in (("features", self.tr("Image features")), ("encodings", self.tr("Encoded scans"))):
            other = result.get(name) or {}
            size = 0 if other.get("cleared") else int(other.get("bytes") or 0)
            held += size
            text += f" {what}: {_size(size)}." if size else ""
        self.words.setText(text)
        self.clear.setEnabled(held > 0)
        if result.get("spared"):
            self.notice.emit(
                Notice(
                    self.tr("{size} stay.").format(size=_size(int(result["spared"]))), self.tr("A run is using them.")
                )
            )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
