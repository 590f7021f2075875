"""Curves as files: a table of their numbers, or the plots as they are shown, in pixels or as a drawing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from engine.contract.errors import InputError
from engine.contract.whole_file import write_text, write_whole
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.curve_plot import CurvePlot

KINDS = ("csv", "png", "svg")
SCALE = 2.0
"""Pixels of a PNG for each of the screen."""
GAP = 12.0


def export_curves(plots: Sequence[CurvePlot], path: Path, smoothing: float = 0.0) -> Path:
    """Writes what is shown of `plots` as the ending of `path` says: .csv, .png or .svg.

    Raises InputError for another ending, and DiskFull or InputError where it cannot be written.
    """
    writers: dict[str, Callable[[], Path]] = {
        "csv": lambda: write_text(path, as_table(plots, smoothing)),
        "png": lambda: write_whole(path, lambda beside: _png(plots, beside)),
        "svg": lambda: write_whole(path, lambda beside: _svg(plots, beside)),
    }
    kind = path.suffix.lower().lstrip(".")
    if kind not in writers:
        raise InputError(
            translate("CurveExport", "Curves cannot be written as {suffix}.").format(
                suffix=path.suffix or translate("CurveExport", "a file without an ending")
            ),
            hint=translate("CurveExport", "Choose a name that ends in .csv, .png or .svg."),
        )
    return writers[kind]()


def as_table(plots: Sequence[CurvePlot], smoothing: float = 0.0) -> str:
    """CSV: plot, curve, epoch, minutes, value and, with `smoothing`, smoothed; a row for each point shown."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    head = ["plot", "curve", "epoch", "minutes", "value"]
    table.writerow([*head, "smoothed"] if smoothing else head)
    for plot in plots:
        for key in plot.keys:
            series = plot.series(key)
            if not plot.visible(key):
                continue
            columns = [series.epochs, series.minutes, series.values]
            if smoothing:
                columns.append(series.smoothed(smoothing))
            for epoch, minutes, *values in zip(*columns, strict=True):
                spent = "" if minutes != minutes else f"{minutes:.4f}"
                row = [plot.accessibleName(), plot.title_of(key), int(epoch), spent, *(repr(float(v)) for v in values)]
                table.writerow(row)
    return text.getvalue()


def _size(plots: Sequence[CurvePlot]) -> QSize:
    height = sum(plot.shown_rect().height() + GAP for plot in plots) - GAP
    return QSize(round(max(plot.shown_rect().width() for plot in plots)), round(height))


def _paint(plots: Sequence[CurvePlot], painter: QPainter) -> None:
    top = 0.0
    painter.fillRect(QRectF(0, 0, _size(plots).width(), _size(plots).height()), QColor(look().tokens["plot"]))
    for plot in plots:
        rect = plot.shown_rect()
        plot.draw_on(painter, QRectF(0, top, rect.width(), rect.height()))
        top += rect.height() + GAP


def _png(plots: Sequence[CurvePlot], path: Path) -> None:
    size = _size(plots)
    picture = QImage(size * SCALE, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(SCALE)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint(plots, painter)
    painter.end()
    if not picture.save(str(path), "PNG"):
        raise OSError(translate("CurveExport", "{name} could not be written").format(name=path.name))


def _svg(plots: Sequence[CurvePlot], path: Path) -> None:
    size = _size(plots)
    drawing = QSvgGenerator()
    drawing.setFileName(str(path))
    drawing.setSize(size)
    drawing.setViewBox(QRectF(0, 0, size.width(), size.height()))
    drawing.setTitle("TuneVLSeg")
    painter = QPainter(drawing)
    _paint(plots, painter)
    if not painter.end():
        raise OSError(translate("CurveExport", "{name} could not be written").format(name=path.name))
