"""The map under the gauge: the dataset's images among those that the model knows, and the one that is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.widgets.picture import Picture
from tunevlseg_gui.widgets.point_map import PointMap
from tunevlseg_gui.widgets.text import label

PCA, TSNE = "pca", "tsne"


class ShiftMap(QWidget):
    """Both maps of the same points; hovering or the arrow keys show the case."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = QComboBox()
        self.kind.setObjectName("shiftMapKind")
        self.kind.setAccessibleName(self.tr("How the map is drawn"))
        self.kind.addItem(self.tr("Principal components (PCA)"), PCA)
        self.kind.addItem(self.tr("Neighbours (t-SNE)"), TSNE)
        self.kind.currentIndexChanged.connect(lambda _index: self._draw())
        self.map = PointMap(
            self.tr("Map of your images among those that the model knows"),
            "shiftMap",
            (self.tr("your images"), self.tr("what the model knows")),
        )
        self.map.setMinimumHeight(260)
        self.map.looked_at.connect(self._show_case)
        self.meaning = label("", "muted", wrap=True, name="shiftMapMeaning")
        self.picture = Picture()
        self.picture.setObjectName("shiftMapPicture")
        self.picture.setAccessibleName(self.tr("The image that is looked at"))
        self.case = label("", "muted", wrap=True, name="shiftMapCase")
        self._maps: dict[str, NDArray[np.float64]] = {}
        self._cases: list[str] = []
        self._slices: list[int] = []
        self._pictures: NDArray[np.uint8] | None = None
        side = QVBoxLayout()
        side.addWidget(self.kind)
        self.picture.setFixedHeight(200)
        side.addWidget(self.picture)
        side.addWidget(self.case)
        side.addStretch(1)
        column = QWidget()
        column.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        column.setFixedWidth(max(220, self.kind.sizeHint().width()))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.map, 1)
        row.addWidget(column)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(row)
        rows.addWidget(self.meaning)

    def show_map(self, found: dict[str, Any]) -> None:
        """As the engine's result has it."""
        self._maps = {kind: np.asarray(found.get(kind) or [], np.float64).reshape(-1, 2) for kind in (PCA, TSNE)}
        self._cases = [str(case) for case in found.get("cases") or []]
        self._slices = [int(number) for number in found.get("slices") or []]
        self._own = int(found.get("own") or 0)
        self._pictures = None
        path = str(found.get("pictures") or "")
        if path:
            run_task(self, lambda: _read(Path(path)), self._take_pictures)
        self._draw()
        self._show_case(-1)

    def _take_pictures(self, pictures: NDArray[np.uint8]) -> None:
        self._pictures = pictures
        self._show_case(self.map.chosen)

    def _draw(self) -> None:
        kind = self.kind.currentData()
        points = self._maps.get(kind)
        if points is not None:
            self.map.show_points(points, self._own)
        self.meaning.setText(
            self.tr("Apart on this map means apart for the model; its two axes show only a part of the difference.")
            if kind == PCA
            else self.tr("Only who lies beside whom means something here; distances and sizes do not.")
        )

    def _show_case(self, number: int) -> None:
        known = self._pictures if self._pictures is not None and number < len(self._pictures) else None
        self.picture.show_image(QImage() if known is None or number < 0 else _image(known[number]))
        if number < 0:
            text = self.tr("Point at an image, or step with the arrow keys.")
        elif number >= len(self._cases):
            text = self.tr("One of those that the model knows (synthetic)")
        else:
            owner = "" if number < self._own else self.tr("reference: ")
            text = owner + self._cases[number]
            if number < len(self._slices) and self._slices[number]:
                text += self.tr(", slice {number}").format(number=self._slices[number] + 1)
        self.case.setText(text)
        self.map.setAccessibleDescription(text)


def _read(path: Path) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def _image(rgb: NDArray[np.uint8]) -> QImage:
    held = np.ascontiguousarray(rgb)
    height, width = held.shape[:2]
    return QImage(held.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
