"""CPU milliseconds for slices with a mask over them, one plane and three linked ones, and the memory that it takes.

    python tests/benchmarks/viewer.py [--json] [--slices 400] [--side 512] [--opening] [--napari PYTHON]

A made volume of 512 × 512 × 400 int16 voxels, drawn offscreen by Qt's software renderer: one plane into 900 × 700
pixels, three planes together into as many. The time is that of the window's thread for composing and painting anew.
Memory: growth of the process beyond the scan and its mask, which lie in files that are mapped, as in the window.
`--opening`: seconds until the first slice of that scan is on the screen, see first_slice.py.
`--napari`: an interpreter that has napari turns the same slices beside ours, see napari_slices.py; it needs a display.
Its time is that of its process, in which OpenGL's software renderer works too; ours is that of the window's thread,
which does everything.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import psutil
from PySide6.QtCore import QThreadPool
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from engine.volumes.geometry import Geometry
from tunevlseg_gui.viewer.mask_overlay import COLOURS, Layer
from tunevlseg_gui.viewer.panes import Panes
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.slice_view import SliceView
from tunevlseg_gui.viewer.window_level import WindowLevel

GEOMETRY = Geometry((0.8, 0.8, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
Row = dict[str, float | str]


def write_scan(folder: Path, slices: int, side: int) -> None:
    """A noisy ball in air, and probabilities that fade from its middle; slice by slice, as files."""
    voxels = np.lib.format.open_memmap(folder / "voxels.npy", "w+", np.int16, (slices, side, side))
    levels = np.lib.format.open_memmap(folder / "levels.npy", "w+", np.uint8, (slices, side, side))
    y, x = np.ogrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    random = np.random.default_rng(0)
    for number, z in enumerate(np.linspace(-1, 1, slices)):
        far = np.sqrt(z * z + y * y + x * x)
        voxels[number] = np.where(far < 0.9, 40, -1000) + random.integers(-30, 30, far.shape)
        levels[number] = np.clip(255 * (1.2 - far), 0, 255)
    voxels.flush()
    levels.flush()


def scan_of(folder: Path) -> tuple[ViewedScan, Layer]:
    voxels, levels = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("voxels", "levels"))
    scan = ViewedScan(Path("made"), voxels, GEOMETRY, WindowLevel(40, 400), (-1030.0, 70.0))
    return scan, Layer("ball", levels, COLOURS[0])


def timed(view: SliceView, numbers: int, *, jump: bool) -> list[float]:
    """Milliseconds of this thread for each of so many slices: one after the other, or spread over the volume."""
    canvas = QImage(view.size(), QImage.Format.Format_RGB32)
    spent = []
    for number in range(numbers):
        middle = view.state.slices // 2 - numbers // 2 + number
        view.state.set_index((2 * number + 1) * view.state.slices // (2 * numbers) if jump else middle)
        began = time.thread_time()
        view.render(canvas)
        spent.append((time.thread_time() - began) * 1000)
    return spent


def timed_three(panes: Panes, numbers: int, *, jump: bool) -> list[float]:
    """The same where the cursor moves through all three planes at once, so that each has to be made anew."""
    canvases = [QImage(view.size(), QImage.Format.Format_RGB32) for view in panes.views]
    z, y, x = panes.main.state.stack.shape_zyx
    spent = []
    for number in range(numbers):
        if jump:
            at = (2 * number + 1) / (2 * numbers)
            panes.shared.cursor_zyx = (int(z * at), int(y * at), int(x * at))
        else:
            on = number - numbers // 2
            panes.shared.cursor_zyx = (z // 2 + on, y // 2 + on, x // 2 + on)
        began = time.thread_time()
        for view, canvas in zip(panes.views, canvases, strict=True):
            view.render(canvas)
        spent.append((time.thread_time() - began) * 1000)
    return spent


def wait_for_copies(app: Any) -> None:
    """Another thread copies what lies across the rows of memory; what a first look costs before that is told too."""
    QThreadPool.globalInstance().waitForDone()
    app.processEvents()


def row(planes: str, shown: str, spent: list[float]) -> Row:
    return {
        "planes": planes,
        "shown": shown,
        "ms": round(float(np.median(spent)), 2),
        "ms_mean": round(float(np.mean(spent)), 2),
        "ms_p95": round(float(np.percentile(spent, 95)), 2),
    }


def measure(folder: Path, repeats: int) -> dict[str, Any]:
    app = QApplication.instance() or QApplication([])
    panes = Panes()
    panes.resize(900, 700)
    panes.show()
    app.processEvents()
    gc.collect()
    before = private_bytes()
    scan, layer = scan_of(folder)
    state = panes.main.state
    state.open(scan)
    rows: list[Row] = []
    panes.shared.across.want, want = None, panes.shared.across.want
    panes.choose_plane("sagittal")
    state.layers = [layer]
    timed(panes.main, 3, jump=True)
    rows.append(row("sagittal", "mask, no copy", timed(panes.main, repeats, jump=True)))
    panes.shared.across.want = want
    for plane in ("axial", "coronal", "sagittal"):
        panes.choose_plane(plane)
        for name, layers, outline in (("scan", [], False), ("mask", [layer], False), ("outline", [layer], True)):
            state.layers, state.outline = layers, outline
            timed(panes.main, 3, jump=True)
            wait_for_copies(app)
            rows.append(row(plane, name, timed(panes.main, repeats, jump=False)))
            rows.append(row(plane, f"{name}, jumps", timed(panes.main, repeats, jump=True)))
    panes.choose_plane("axial")
    state.outline = False
    panes.show_three(True)
    app.processEvents()
    timed_three(panes, 3, jump=True)
    wait_for_copies(app)
    for name, jump in (("mask", False), ("mask, jumps", True)):
        three = row("three", name, timed_three(panes, repeats, jump=jump))
        rows.append({**three, "ms_per_plane": round(float(three["ms"]) / 3, 2)})
    gc.collect()
    shape = scan.voxels.shape
    return {
        "voxels": list(shape),
        "rows": rows,
        "memory_mb_beyond_scan_and_mask": round((private_bytes() - before) / 2**20, 1),
    }


def private_bytes() -> int:
    """Memory of this process that is not a mapped file."""
    known = psutil.Process().memory_info()
    return int(known.rss - getattr(known, "shared", 0))


def napari(python: str, folder: Path, repeats: int) -> dict[str, Any]:
    """What napari_slices.py says; raises CalledProcessError where it fails."""
    beside = Path(__file__).with_name("napari_slices.py")
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb"}
    environment.pop("PYTHONPATH", None)  # its packages are not ours
    done = subprocess.run(
        [python, str(beside), str(folder), str(repeats)], env=environment, capture_output=True, text=True, check=True
    )
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--slices", type=int, default=400)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--opening", action="store_true", help="also the time until the first slice is shown")
    parser.add_argument("--napari", metavar="PYTHON", default="", help="an interpreter that has napari")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        write_scan(Path(name), args.slices, args.side)
        found = measure(Path(name), args.repeats)
        if args.napari:
            found["napari"] = napari(args.napari, Path(name), args.repeats)
        if args.opening:
            import first_slice

            found["opening"] = first_slice.measure(Path(name), GEOMETRY)
    if args.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    sys.stdout.write(f"{'planes':10}{'shown':16}CPU ms, median   mean   95 %\n")
    for one in found["rows"]:
        per_plane = f"   {one['ms_per_plane']} a plane" if "ms_per_plane" in one else ""
        sys.stdout.write(
            f"{one['planes']:10}{one['shown']:16}{one['ms']:14}{one['ms_mean']:7}{one['ms_p95']:7}{per_plane}\n"
        )
    if "napari" in found:
        sys.stdout.write(f"napari {found['napari']['version']} ({found['napari']['renderer']})\n")
        for one in found["napari"]["rows"]:
            sys.stdout.write(f"{one['planes']:10}{one['shown']:16}{one['ms']:14}\n")
    for one in found.get("opening", []):
        sys.stdout.write(
            f"{one['scan']:26}first slice {one['first_slice_s']} s, all {one['whole_s']} s, "
            f"window's thread away {one['longest_gap_ms']} ms at most, working {one['longest_work_ms']} ms\n"
        )
    sys.stdout.write(f"memory beyond scan and mask: {found['memory_mb_beyond_scan_and_mask']} MB\n")


if __name__ == "__main__":
    main()
