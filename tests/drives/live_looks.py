"""What the probe can be asked about a run on the Runs page; nothing is done to the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtWidgets import QToolButton, QWidget

from tunevlseg_gui.pages.runs.run_columns import NAMES


def answers(window: Any) -> dict[str, Callable[..., Any]]:
    """By question."""

    def view() -> Any:
        page = window.stack.made("runs")
        return page._live if page is not None else None

    def live() -> dict[str, Any] | None:
        shown = view()
        return _live(window.stack.made("runs"), shown) if shown is not None else None

    def curve_point(plot: str, epoch: float, value: float) -> list[int]:
        """The place on the screen of a point of a plot, in its own numbers."""
        found = {"dice": view().dice, "loss": view().loss}[plot]
        box = found._plot.getViewBox()
        inside = found._plot.mapFromScene(box.mapViewToScene(QPointF(epoch, value)))
        return _on_screen(found._plot.viewport(), QRect(inside, inside))[:2]

    def strip_point(place: int) -> list[int]:
        """The middle of a thumbnail, counted from 0."""
        strip = view().preview.strip
        return _on_screen(strip, QRect(QPoint(round((place + 0.5) * strip._step()), strip.height() // 2), QPoint()))[:2]

    def image_point(image: int) -> list[int]:
        """The middle of a validation image's answer, counted from 0."""
        sheet = view().preview.picture
        middle = sheet.places()[image][1].center()
        return _on_screen(sheet, QRect(middle, middle))[:2]

    def run_row_point(run: str) -> list[int] | None:
        """The middle of a run's row in the table; None where it is not shown."""
        page = window.stack.made("runs")
        if page is None or not page.overview.isVisible():
            return None
        runs, view = page.overview.runs, page.overview.runs.table
        rows = [row.key for row in runs.model.rows]
        if run not in rows:
            return None
        place = view.visualRect(runs.model.index(rows.index(run), NAMES.index("name")))
        return _on_screen(view.viewport(), QRect(place.center(), place.center()))[:2]

    return {
        "live": live,
        "curve_point": curve_point,
        "strip_point": strip_point,
        "image_point": image_point,
        "run_row_point": run_row_point,
    }


def _live(page: Any, view: Any) -> dict[str, Any]:
    curves, preview, state = view.curves, view.preview, view.state
    sheet = preview.picture.sheet
    return {
        "shown": view.isVisible(),
        "run": view.folder.name,
        "folder": str(view.folder),
        "phase": state.phase,
        "phase_text": view.phase.text(),
        "epoch": state.epoch,
        "epochs": state.epochs,
        "facts": {name: number.text() for name, number in view.facts.numbers.items() if number.isVisible()},
        "machine": view.facts.machine.text(),
        "log": view.log.toPlainText().splitlines(),
        "offered": [
            button.objectName()
            for button in (
                view.pause,
                view.stop,
                view.cancel,
                view.resume,
                view.export,
                view.leave_queue,
                view.adjust,
                view.fork,
            )
            if button.isVisible() and button.isEnabled()
        ],
        "smoothing": curves.controls.smoothing.value(),
        "axis": curves.controls.axis.currentText(),
        "log_axis": curves.controls.log.isChecked(),
        "overlaid": curves.overlays.overlaid,
        "plots": {plot.objectName(): _plot(plot) for plot in curves.plots},
        "image_epoch": preview.current,
        "image_epochs": preview.epochs,
        "image_columns": sheet.columns if sheet is not None else 0,
        "alone": preview.picture.alone,
        "thumbnails": sorted(preview.strip.pictures),
        "image_text": preview._text.text(),
        "waiting": [page.queue.list.item(row).text() for row in range(page.queue.list.count())],
        "queue_shown": page.queue.isVisible(),
        "queue_line": page.queue.line.text(),
        "cut_off": _cut_off(page),
    }


def _plot(plot: Any) -> dict[str, Any]:
    (left, right), (low, high) = plot._plot.getViewBox().viewRange()
    return {
        "visible": [key for key in plot.keys if plot.visible(key)],
        "points": {key: len(plot.series(key)) for key in plot.keys},
        "legend": [entry.title for entry in plot.legend.names],
        "readout": plot.legend.text(),
        "best": plot.best,
        "range": [left, right, low, high],
        "bands": plot.bands,
        "size": [plot.width(), plot.height()],
        "first": {key: plot.points(key)[:1] for key in plot.keys},
    }


def _cut_off(page: QWidget) -> list[str]:
    """Buttons of which a part cannot be seen."""
    found = []
    for button in page.findChildren(QWidget):
        if not button.isVisible() or not (button.inherits("QPushButton") or isinstance(button, QToolButton)):
            continue
        seen = button.visibleRegion().boundingRect()
        if seen.width() < button.sizeHint().width() - 2 or seen.height() < button.minimumSizeHint().height() - 2:
            found.append(button.objectName() or str(button.property("text")))
    return found


def _on_screen(widget: QWidget, rect: QRect) -> list[int]:
    ratio = widget.devicePixelRatioF()
    corner = widget.mapToGlobal(rect.topLeft())
    return [round(corner.x() * ratio), round(corner.y() * ratio), rect.width(), rect.height()]
