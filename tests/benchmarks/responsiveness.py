"""How late the window's event loop is, in milliseconds: alone, while a worker tunes, and while a scan is segmented too.

    python tests/benchmarks/responsiveness.py [--json] [--seconds 15] [--size 320 320 160]

The whole window, drawn offscreen, with a drawn (synthetic) scan open in three planes. A timer of 5 ms runs in its event
loop; its lateness is what a click would wait. `busy`: processor time that the window's own thread took between two
ticks, which other work on the machine does not change. The worker is started as the window starts it, and tunes the
starter model on drawn images; only its training steps are counted. The scan is asked for two phrases, again and again,
and its slices fill in as they are answered.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import SimpleITK
import yaml
from PySide6.QtCore import QEventLoop, QTimer

from engine.contract import wire
from engine.contract.jobs import Tune
from engine.synthetic.sample_data import write_dataset
from tests.benchmarks.window_clock import lateness

ROOT = Path(__file__).resolve().parents[2]
MOST_MS = 33.0
"""The 99th percentile that is meant; the largest: LARGEST_MS."""
LARGEST_MS = 100.0


def wait(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    loop, looks, until = QEventLoop(), QTimer(), time.monotonic() + seconds
    looks.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > until else None)
    looks.start(20)
    loop.exec()
    looks.stop()
    if not condition():
        raise SystemExit("the window did not come so far")


def draw_scan(path: Path, size_xyz: list[int]) -> None:
    """A body with an organ in it, in Hounsfield units with noise."""
    x, y, z = (np.linspace(-1, 1, size, dtype=np.float32) for size in size_xyz)
    away = (x / 0.8) ** 2 + (y[:, None] / 0.6) ** 2
    organ = (z[:, None, None] / 0.5) ** 2 + ((y[:, None] + 0.1) / 0.3) ** 2 + ((x + 0.35) / 0.3) ** 2 < 1
    voxels = np.where(away < 1, 20, -1000) + organ * 60
    noise = np.random.default_rng(0).normal(0, 15, voxels.shape)
    image = SimpleITK.GetImageFromArray((voxels + noise).astype(np.int16))
    image.SetSpacing((1.5, 1.5, 2.0))
    SimpleITK.WriteImage(image, path)


def worker(folder: Path) -> subprocess.Popen[bytes]:
    """A run that has begun its first epoch."""
    write_dataset("polyps", folder / "data", count=200)
    values = {
        "version": 1,
        "data": {"folder": str(folder / "data")},
        "model": {"weights": "starter"},
        "strategy": {"name": "vpt"},
        "training": {"epochs": 1000, "min_epochs": 1000, "device": "cpu", "previews": False},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(values))
    job = folder / "job.json"
    job.write_text(wire.job_to_line(Tune(str(folder / "recipe.yaml"), str(folder / "run")), "job"))
    free = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    program = subprocess.Popen(
        [sys.executable, "-m", "engine", "work", str(job)],
        cwd=ROOT,
        env={**free, "TUNEVLSEG_HOME": str(folder / "home")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (folder / "run" / "metrics.csv").exists():
        if program.poll() is not None:
            raise SystemExit("the worker ended early")
        time.sleep(0.2)
    return program


def row(what: str, found: tuple[list[float], list[float]]) -> dict[str, Any]:
    late, busy = found
    middle, ninety_nine = np.percentile(late, [50, 99])
    return {
        "while": what,
        "ticks": len(late),
        "p50_ms": round(float(middle), 2),
        "p99_ms": round(float(ninety_nine), 2),
        "max_ms": round(max(late), 2),
        "busy_p99_ms": round(float(np.percentile(busy, 99)), 2),
        "busy_max_ms": round(max(busy), 2),
        "kept": bool(ninety_nine <= MOST_MS and max(late) <= LARGEST_MS),
    }


def measured(place: Path, seconds: float, size_xyz: list[int]) -> list[dict[str, Any]]:
    from tunevlseg_gui.app import make_application
    from tunevlseg_gui.main_window import MainWindow
    from tunevlseg_gui.theme.look import look

    app = make_application(["responsiveness"])
    look().use("dark")
    window = MainWindow()
    window.resize(1360, 880)
    window.show()
    page: Any = window.page("segment")
    window.show_page("segment")
    draw_scan(place / "scan.nii.gz", size_xyz)
    page.open_scan(place / "scan.nii.gz")
    control = page.controller
    wait(lambda: control.scan is not None and page.side.model is not None and not control.jobs.is_busy)
    page.viewer.panes.show_three(True)
    asked = 0

    def ask() -> None:
        nonlocal asked
        if not control.jobs.is_busy:
            asked += 1
            page.side.prompt_edit.setPlainText(f"liver {asked}\nright kidney {asked}")
            control.asker.ask()

    ask()
    wait(lambda: not control.jobs.is_busy)  # the model is loaded
    again = QTimer()
    again.timeout.connect(ask)
    rows = [row("nothing else", lateness(seconds))]
    again.start(50)
    rows.append(row("a scan is segmented", lateness(seconds)))
    again.stop()
    page.controller.cancel()
    wait(lambda: not control.jobs.is_busy)
    program = worker(place)
    try:
        rows.append(row("a worker tunes", lateness(seconds)))
        again.start(50)
        rows.append(row("a worker tunes, a scan is segmented", lateness(seconds)))
    finally:
        again.stop()
        program.terminate()
        program.wait()
        window.close()
        app.processEvents()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--size", type=int, nargs=3, default=[320, 320, 160], metavar=("X", "Y", "Z"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["TUNEVLSEG_HOME"] = str(Path(place) / "home")
        rows = measured(Path(place), args.seconds, args.size)
    if args.json:
        sys.stdout.write(json.dumps({"load": os.getloadavg()[0], "rows": rows}) + "\n")
        return
    sys.stdout.write(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    for found in rows:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in found.items()) + "\n")


if __name__ == "__main__":
    main()
