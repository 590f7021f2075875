"""What the Segment page shows before a scan is open: where to drop one, and the demo's volume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from engine.runs.folders import samples_folder
from tunevlseg_gui.theme.icons import picture
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label


class EmptyStage(QFrame):
    def __init__(self, choose_scan: Callable[[], object], open_scan: Callable[[Path], object]) -> None:
        super().__init__()
        self.setObjectName("emptyStage")
        self.setProperty("role", "drop")
        self._open_scan = open_scan
        self._sign = QLabel()
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._draw_sign()
        # A method, not a closure: Qt forgets it together with the page.
        look().changed.connect(self._draw_sign)
        middle = Qt.AlignmentFlag.AlignHCenter
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self._sign)
        for text, role in (
            (self.tr("Drop a picture or a volume here"), "heading"),
            (self.tr("PNG, JPEG, TIFF, NIfTI, NRRD, MHA, DICOM"), "muted"),
        ):
            line = label(text, role, wrap=True)
            line.setAlignment(middle)
            column.addWidget(line)
        column.addSpacing(8)
        opener = button(self.tr("Open a scan…"), "emptyOpenScanButton", choose_scan, role="primary", picture="folder")
        column.addWidget(opener, 0, middle)
        self._sample = button(
            self.tr("Open the sample volume"),
            "openSampleButton",
            self._open_sample,
            role="flat",
            picture="spark",
            tip=self.tr("Drawn by this program (synthetic); its slices go with the demo's images"),
        )
        column.addWidget(self._sample, 0, middle)
        column.addStretch(1)
        self.look_for_sample()

    def look_for_sample(self) -> None:
        """It may have been drawn meanwhile."""
        self._sample.setVisible(sample_volume() is not None)

    def _open_sample(self) -> None:
        if path := sample_volume():
            self._open_scan(path)

    def _draw_sign(self) -> None:
        self._sign.setPixmap(picture("scan", 56, "muted", self.devicePixelRatioF()))


def sample_volume() -> Path | None:
    """The demo's drawn volume, once it has been drawn."""
    return next(iter(sorted((samples_folder() / "abdomen-ct-volume" / "images").glob("*.nii.gz"))), None)
