"""One sheet of validation images as it lies in a run folder, read off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from engine.contract.errors import InputError
from engine.runs.layout import PREVIEWS
from tunevlseg_gui.translation import translate


@dataclass(frozen=True)
class Sheet:
    """The images of one epoch: `columns` of two squares each, truth above answer. A single picture of an earlier
    version, or of another shape, is one column."""

    image: QImage
    columns: int

    @property
    def paired(self) -> bool:
        """Whether truth and answer lie above each other."""
        return is_sheet(self.image.size())

    def cell(self, column: int) -> QRect:
        """Where an image's pair lies on the sheet."""
        width = self.image.width() // self.columns
        return QRect(column * width, 0, width, self.image.height())


def is_sheet(size: QSize) -> bool:
    side = size.height() // 2
    return side > 0 and size.height() % 2 == 0 and size.width() % side == 0


def read_sheet(run: Path, path: Path) -> Sheet:
    """Raises InputError for a sheet that is gone or damaged. A run that was moved has it in its own folder."""
    found = path if path.is_file() else run / PREVIEWS / path.name
    image = QImageReader(str(found)).read()
    if image.isNull():
        raise InputError(translate("PreviewSheet", "{name} cannot be read.").format(name=path.name), hint="")
    size = image.size()
    return Sheet(image, size.width() // (size.height() // 2) if is_sheet(size) else 1)


def read_thumbnail(run: Path, path: Path, column: int, side: int) -> QImage:
    """The answer of one image, `side` pixels large; raises InputError as `read_sheet`."""
    found = path if path.is_file() else run / PREVIEWS / path.name
    reader = QImageReader(str(found))
    size = reader.size()
    if is_sheet(size):
        square = size.height() // 2
        reader.setClipRect(QRect(min(column * square, size.width() - square), square, square, square))
    else:
        reader.setClipRect(QRect(size.width() // 2, 0, size.width() - size.width() // 2, size.height()))
    image = reader.read()
    if image.isNull():
        raise InputError(translate("PreviewSheet", "{name} cannot be read.").format(name=path.name), hint="")
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, smooth)
