"""CPU milliseconds for one slice with a mask over it: composed, painted, and with its outline.

    python tests/benchmarks/viewer.py [--json] [--slices 100] [--side 512]

A made volume of 512 × 512 × 100 int16 voxels, drawn offscreen by Qt's software renderer into 900 × 700 pixels.
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
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer, count_levels
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_state import SliceState
from tunevlseg_gui.viewer.slice_view import SliceView
from tunevlseg_gui.viewer.window_level import WindowLevel


def made_scan(slices: int, side: int) -> tuple[ViewedScan, np.ndarray]:
    """A noisy ball in air, and probabilities that fade from its middle."""
    z, y, x = np.ogrid[-1 : 1 : slices * 1j, -1 : 1 : side * 1j, -1 : 1 : side * 1j]
    far = np.sqrt(z * z + y * y + x * x).astype(np.float32)
    noise = np.random.default_rng(0).integers(-30, 30, far.shape, dtype=np.int16)
    voxels = np.where(far < 0.9, np.int16(40), np.int16(-1000)) + noise
    levels = np.clip(255 * (1.2 - far), 0, 255).astype(np.uint8)
    geometry = Geometry((0.8, 0.8, 2.5), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    return ViewedScan(Path("made"), voxels, geometry, WindowLevel(40, 400), (-1030.0, 70.0)), levels


def measure(slices: int, side: int, repeats: int) -> list[dict[str, float | str]]:
    app = QApplication.instance() or QApplication([])
    scan, levels = made_scan(slices, side)
    state = SliceState()
    view = SliceView(state)
    view.resize(900, 700)
    view.show()
    app.processEvents()
    canvas = QImage(view.size(), QImage.Format.Format_RGB32)
    state.open(scan)
    layer = Layer("ball", levels, COLOURS[0], counts=count_levels(levels))
    rows: list[dict[str, float | str]] = []
    for plane in ("axial", "coronal", "sagittal"):
        state.set_plane(plane)
        for name, layers, outline in (("scan", [], False), ("mask", [layer], False), ("outline", [layer], True)):
            state.layers, state.outline = layers, outline
            for part in ("compose", "compose and paint"):
                spent = []
                for number in range(repeats):
                    state.set_index(number * state.slices // repeats)
                    began = time.thread_time()
                    if part == "compose":
                        state.picture([layer for layer, _ in state.outlines()])
                    else:
                        view.render(canvas)
                    spent.append((time.thread_time() - began) * 1000)
                rows.append({"plane": plane, "shown": name, "part": part, "ms": round(float(np.median(spent)), 2)})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--slices", type=int, default=100)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=40)
    args = parser.parse_args()
    rows = measure(args.slices, args.side, args.repeats)
    if args.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    sys.stdout.write(f"{'plane':10}{'shown':10}{'part':20}CPU ms, median\n")
    for row in rows:
        sys.stdout.write(f"{row['plane']:10}{row['shown']:10}{row['part']:20}{row['ms']:6}\n")


if __name__ == "__main__":
    main()
