"""Ruler and area in hand: a left drag measures, a right click on a measurement removes it, Delete the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from tunevlseg_gui.viewer.measurement import Kind, Measurement
from tunevlseg_gui.viewer.tool import Pointer, Tool

if TYPE_CHECKING:
    from tunevlseg_gui.viewer.slice_view import SliceView

NEAR = 8
"""Pixels of the screen within which a click means a measurement."""
APART = 2
"""Pixels of the screen between the corners of a line that is drawn."""


class MeasureTool(Tool):
    """Keeps its measurements in the SharedLook: they stay when the tool is put down."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._drawn: Measurement | None = None
        self._last = QPointF()

    def press(self, pointer: Pointer) -> bool:
        state = pointer.view.state
        if pointer.button == Qt.MouseButton.RightButton:
            found = nearest(pointer.view, pointer.at)
            if found is not None:
                state.shared.measurements.remove(found)
                pointer.view.tell_changed()
            return found is not None
        if pointer.button != Qt.MouseButton.LeftButton or pointer.modifiers:
            return False
        self._drawn = Measurement(self.kind, state.plane, [_voxel(pointer)])
        self._last = pointer.at
        state.shared.measurements.append(self._drawn)
        return True

    def move(self, pointer: Pointer) -> bool:
        drawn = self._drawn
        if drawn is None:
            return False
        if self.kind == "ruler":
            drawn.points[1:] = [_voxel(pointer)]
            self._tell(pointer)
        elif (pointer.at - self._last).manhattanLength() >= APART:
            drawn.points.append(_voxel(pointer))
            self._last = pointer.at
        pointer.view.update()
        return True

    def release(self, pointer: Pointer) -> bool:
        drawn, self._drawn = self._drawn, None
        if drawn is None:
            return False
        if len(drawn.points) < (2 if self.kind == "ruler" else 3):
            pointer.view.state.shared.measurements.remove(drawn)
        else:
            scan = pointer.view.state.scan
            if scan is not None:
                drawn.tell(scan, pointer.view.state.stack)
        pointer.view.tell_changed()
        return True

    def key(self, view: SliceView, event: QKeyEvent) -> bool:
        kept = view.state.shared.measurements
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and kept:
            kept.pop()
            view.tell_changed()
            return True
        return False

    def put_down(self) -> None:
        self._drawn = None

    def _tell(self, pointer: Pointer) -> None:
        scan = pointer.view.state.scan
        if scan is not None and self._drawn is not None:
            self._drawn.tell(scan, pointer.view.state.stack)


def _voxel(pointer: Pointer) -> tuple[float, float, float]:
    """Under the mouse, kept within the slice."""
    state = pointer.view.state
    height, width = state.stack.slice_shape
    row = min(max(pointer.row, -0.5), height - 0.5)
    return state.stack.voxel_of(state.index, row, min(max(pointer.column, -0.5), width - 0.5))


def nearest(view: SliceView, at: QPointF) -> Measurement | None:
    """The measurement of this slice whose line runs past a point of the widget."""
    placed = view.placement()
    if placed is None:
        return None
    for measured in reversed(view.state.shared.measurements):
        pixels = measured.on_slice(view.state.stack, view.state.index)
        if pixels is None:
            continue
        places = np.array([placed.point_of(row, column) for row, column in pixels])
        ends = np.roll(places, -1, axis=0) if measured.kind == "area" else places[1:]
        starts = places[: len(ends)]
        along = ends - starts
        share = ((np.array([at.x(), at.y()]) - starts) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-9)
        foot = starts + np.clip(share, 0, 1)[:, None] * along
        if np.hypot(*(foot - [at.x(), at.y()]).T).min(initial=np.inf) <= NEAR:
            return measured
    return None
