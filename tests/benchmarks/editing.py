"""What a stroke costs on a large scan: milliseconds of the window's thread for each move of the mouse and for the
release, and bytes of its step; undo; and what is done off that thread.

    python tests/benchmarks/editing.py [--json] [--slices 400] [--side 512]

The stroke goes through the middle of a ball in 60 moves and paints the view after each, as the window does; a flat
brush and a 3-D one, with one plane on show and with three.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from engine.volumes.geometry import Geometry
from tunevlseg_gui.viewer.editing.brush import Brush, Stroke
from tunevlseg_gui.viewer.editing.delta import apply, box_around, difference
from tunevlseg_gui.viewer.editing.parts import part_at
from tunevlseg_gui.viewer.editing.steps import EditingBegun, begun
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer, count_levels
from tunevlseg_gui.viewer.panes import Panes
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.window_level import WindowLevel

MOVES = 60
GEOMETRY = Geometry((0.8, 0.8, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))


def made(slices: int, side: int) -> tuple[ViewedScan, Layer]:
    voxels = np.zeros((slices, side, side), np.int16)
    levels = np.zeros(voxels.shape, np.uint8)
    y, x = np.ogrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    for number, z in enumerate(np.linspace(-1, 1, slices)):
        levels[number] = (z * z + y * y + x * x < 0.3) * np.uint8(200)
    scan = ViewedScan(Path("made"), voxels, GEOMETRY, WindowLevel(40, 400), (-1000.0, 40.0))
    return scan, Layer("ball", levels, COLOURS[0], counts=count_levels(levels))


def stroke(panes: Panes, layer: Layer, brush: Brush, side: int) -> dict[str, float]:
    state = panes.main.state
    canvases = [QImage(view.size(), QImage.Format.Format_RGB32) for view in panes.shown]
    going = Stroke(layer, state.stack, brush, True)
    spent, painted = [], []
    last = (side * 0.1, side * 0.1)
    for number in range(1, MOVES + 1):
        here = (side * (0.1 + 0.8 * number / MOVES), side * (0.1 + 0.3 * number / MOVES))
        began = time.thread_time()
        going.go(state.index, last, here)
        spent.append(1000 * (time.thread_time() - began))
        began = time.thread_time()
        for view, canvas in zip(panes.shown, canvases, strict=True):
            view.render(canvas)
        painted.append(1000 * (time.thread_time() - began))
        last = here
    began = time.thread_time()
    delta = going.end()
    released = 1000 * (time.thread_time() - began)
    assert delta is not None
    began = time.thread_time()
    apply(layer, delta)
    undone = 1000 * (time.thread_time() - began)
    return {
        "move_ms_median": float(np.median(spent)),
        "move_ms_worst": max(spent),
        "move_and_paint_ms_median": float(np.median(np.add(spent, painted))),
        "release_ms": released,
        "undo_ms": undone,
        "step_kilobytes": delta.nbytes / 1000,
    }


def seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--json", action="store_true")
    reader.add_argument("--slices", type=int, default=400)
    reader.add_argument("--side", type=int, default=512)
    reader.add_argument("--radius", type=float, default=12.0)
    given = reader.parse_args()
    app = QApplication.instance() or QApplication([])
    scan, layer = made(given.slices, given.side)
    rows: dict[str, object] = {}
    found: list[tuple[object, ...]] = []
    rows["begin_s"] = seconds(lambda: found.append(begun(layer.levels, 128)))
    EditingBegun(layer, *found[0]).redo()  # type: ignore[arg-type]
    panes = Panes()
    panes.resize(900, 700)
    panes.shared.open(scan)
    panes.shared.layers = [layer]
    panes.show()
    for three in (False, True):
        panes.show_three(three)
        app.processEvents()
        for ball in (False, True):
            name = f"{'three planes' if three else 'one plane'}, {'3-D' if ball else 'flat'} brush"
            rows[name] = stroke(panes, layer, Brush(given.radius, ball), given.side)
    rows["whole_difference_s"] = seconds(lambda: difference(layer.levels, np.zeros(layer.levels.shape, bool)))

    def part() -> None:
        box = box_around(layer.levels > 0)
        assert box is not None
        part_at(layer.levels[box] > 0, tuple(s // 2 for s in layer.levels[box].shape))  # type: ignore[arg-type]

    rows["part_s"] = seconds(part)
    if given.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for name, row in rows.items():
        if isinstance(row, dict):
            sys.stdout.write(f"{name}: " + ", ".join(f"{key} {value:.2f}" for key, value in row.items()) + "\n")
        else:
            sys.stdout.write(f"{name} {row:.2f}\n")


if __name__ == "__main__":
    main()
