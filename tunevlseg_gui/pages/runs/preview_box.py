"""One validation image an epoch: the newest, or an earlier one by the slider."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.widgets.picture import Picture
from tunevlseg_gui.widgets.text import label


class PreviewBox(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("preview")
        self._paths: list[tuple[int, Path]] = []
        self._follow = True
        self._wanted = Path()
        self.picture = Picture()
        self.picture.setObjectName("previewPicture")
        self.picture.setAccessibleName("Preview of a validation image")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("previewSlider")
        self._slider.setAccessibleName("Epoch of the preview")
        self._slider.valueChanged.connect(self._show)
        self._slider.sliderMoved.connect(self._moved)
        self._text = label("A validation image appears here after the first epoch.", "muted", wrap=True)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._slider, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.picture, 1)
        rows.addLayout(row)
        self.clear()

    def clear(self) -> None:
        self._paths, self._follow = [], True
        self.picture.show_image(QImage())
        self._slider.hide()
        self._text.setText("A validation image appears here after the first epoch.")

    def add(self, epoch: int, path: Path) -> None:
        """A new preview; shown at once unless an earlier one is being looked at."""
        self._paths = [known for known in self._paths if known[0] < epoch] + [(epoch, path)]
        self._slider.blockSignals(True)
        self._slider.setRange(0, len(self._paths) - 1)
        if self._follow:
            self._slider.setValue(len(self._paths) - 1)
        self._slider.blockSignals(False)
        self._slider.setVisible(len(self._paths) > 1)
        if self._follow:
            self._show(len(self._paths) - 1)

    def _moved(self, place: int) -> None:
        self._follow = place == len(self._paths) - 1

    def _show(self, place: int) -> None:
        if not 0 <= place < len(self._paths):
            return
        epoch, path = self._paths[place]
        self._wanted = path
        self._text.setText(f"Epoch {epoch}: truth on the left, answer on the right")
        run_task(self, lambda: QImageReader(str(path)).read(), lambda image: self._take(path, image))

    def _take(self, path: Path, image: QImage) -> None:
        if path == self._wanted and not image.isNull():
            self.picture.show_image(image)
