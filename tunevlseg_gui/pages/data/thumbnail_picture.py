"""A thumbnail as it is shown: the picture, its labels filled lightly and outlined in their colours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QImageReader

FILL = 0.35
Colour = tuple[int, int, int]


def composed(picture: str, mask: str, colours: Mapping[int, Colour], *, binary: bool, fill: float = FILL) -> QImage:
    """From the two files that the engine drew; a null image where one cannot be read. Any thread may call it.

    `colours` by label value; values without one are not labels and stay bare. `binary`: every value above 0 has the
    first colour. A `fill` of 0 and no colours show the picture alone.
    """
    image = QImageReader(picture).read().convertToFormat(QImage.Format.Format_RGB888)
    if image.isNull() or not colours:
        return image
    values = QImageReader(mask).read().convertToFormat(QImage.Format.Format_Grayscale8)
    if values.isNull() or values.size() != image.size():
        return image
    rgb, labels = _pixels(image, 3), _pixels(values, 1)[..., 0]
    table = np.zeros((256, 3), np.uint8)
    known = np.zeros(256, np.bool_)
    for value, colour in colours.items():
        at = slice(1, 256) if binary else slice((value - 1) % 255 + 1, (value - 1) % 255 + 2)
        table[at], known[at] = colour, True
        if binary:
            break
    labels = np.where(known[labels], 1 if binary else labels, 0).astype(np.uint8)
    marked = labels > 0
    drawn = rgb.copy()
    drawn[marked] = np.rint(rgb[marked] * (1 - fill) + table[labels[marked]] * fill).astype(np.uint8)
    edge = _outline(labels)
    drawn[edge] = table[labels[edge]]
    height, width = drawn.shape[:2]
    return QImage(drawn.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _pixels(image: QImage, channels: int) -> NDArray[np.uint8]:
    """[h, w, channels]; lines of a QImage are padded to four bytes."""
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : image.width() * channels].reshape(image.height(), image.width(), channels)


def _outline(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Labelled pixels with another value above, below, left or right; the picture's border counts as unlabelled."""
    padded = np.pad(labels, 1)
    inside = (
        (padded[:-2, 1:-1] == labels)
        & (padded[2:, 1:-1] == labels)
        & (padded[1:-1, :-2] == labels)
        & (padded[1:-1, 2:] == labels)
    )
    return (labels > 0) & ~inside
