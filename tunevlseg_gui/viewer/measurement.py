"""A length or an area on a slice, in millimetres where the scan has them. No widgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from engine.volumes.geometry import Vector
from engine.volumes.slicing import Plane, SliceStack
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.scan import ViewedScan

Kind = Literal["ruler", "area"]


@dataclass(eq=False)
class Measurement:
    """`points`: voxels (z, y, x), fractions allowed: the two ends of a ruler, or the corners of an area."""

    kind: Kind
    plane: Plane
    points: list[Vector] = field(default_factory=list)
    words: str = ""

    def on_slice(self, stack: SliceStack, index: int) -> NDArray[np.float64] | None:
        """(row, column) of each point [n, 2] where it lies on this slice; None where it lies on another."""
        if stack.plane != self.plane or not self.points:
            return None
        pixels = np.array([stack.pixel_of(point) for point in self.points])
        return pixels[:, 1:] if round(float(pixels[0, 0])) == index else None

    def tell(self, scan: ViewedScan, stack: SliceStack) -> str:
        """Keeps and gives what was measured, in words: computed from world positions, so that shear counts too."""
        self.words = _length(self, scan) if self.kind == "ruler" else _area(self, scan, stack)
        return self.words


def length_of(scan: ViewedScan, points: list[Vector]) -> float:
    """Between the first and the last point: millimetres, pixels for a picture."""
    ends = _places(scan, [points[0], points[-1]])
    return float(np.linalg.norm(ends[1] - ends[0]))


def area_of(scan: ViewedScan, points: list[Vector]) -> float:
    """Inside a closed line in one plane (half the sum of cross products): mm², pixels for a picture."""
    places = _places(scan, points)
    places = places - places[0]
    return float(np.linalg.norm(np.cross(places, np.roll(places, -1, axis=0)).sum(axis=0)) / 2)


def _places(scan: ViewedScan, points: list[Vector]) -> NDArray[np.float64]:
    """[n, 3] in millimetres, or voxels where the scan does not say."""
    found = points if scan.geometry is None else [scan.geometry.world_of(point) for point in points]
    return np.array(found, np.float64)


def _length(measured: Measurement, scan: ViewedScan) -> str:
    return f"{length_of(scan, measured.points):.1f} {'pixels' if scan.is_picture else 'mm'}"


def _area(measured: Measurement, scan: ViewedScan, stack: SliceStack) -> str:
    area = area_of(scan, measured.points)
    if scan.is_picture:
        words = translate("Measurement", "{area} pixels").format(area=f"{area:,.0f}")
    else:
        words = f"{area:,.0f} mm²" if area < 1000 else f"{area / 100:,.1f} cm²"
    index = round(stack.pixel_of(measured.points[0])[0])
    pixels = measured.on_slice(stack, index)
    if pixels is None or scan.is_colour:
        return words
    values = values_inside(stack[index], pixels)
    if not values.size:
        return words
    unit = f" {scan.unit}" if scan.unit else ""
    return f"{words}\nmean {values.mean():.1f} ± {values.std():.1f}{unit}\n{values.min():g} to {values.max():g}{unit}"


def values_inside(slice2d: NDArray[np.generic], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of those pixels of [h, w] whose centres lie inside a closed line of (row, column) corners [n, 2]."""
    height, width = slice2d.shape
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (height - 1, width - 1))
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (height - 1, width - 1))
    rows, columns = (high - low + 1).tolist()
    image = QImage(columns, rows, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    moved = corners - low + 0.5
    painter.drawPolygon(QPolygonF([QPointF(column, row) for row, column in moved]))
    painter.end()
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(rows, image.bytesPerLine())
    part = slice2d[low[0] : low[0] + rows, low[1] : low[1] + columns]
    found: NDArray[np.float64] = part[lines[:, :columns] > 0].astype(np.float64)
    return found[np.isfinite(found)]
