"""How late the window's event loop is, in milliseconds: alone, and while a worker tunes on the same machine.

    python tests/benchmarks/responsiveness.py [--json] [--seconds 15]

A timer of 5 ms in a Qt event loop, drawn offscreen; its lateness is what a click would wait. The worker is started as
the window starts it, and tunes the starter model on drawn (synthetic) images; only its training steps are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import yaml
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from engine.contract import wire
from engine.contract.jobs import Tune
from engine.synthetic.sample_data import write_dataset

ROOT = Path(__file__).resolve().parents[2]
TICK_MS = 5


def lateness(seconds: float) -> list[float]:
    """Milliseconds between the ticks of the timer, beyond its own."""
    app = QApplication.instance() or QApplication([])
    found: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        found.append(max(0.0, (now - last) * 1000 - TICK_MS))
        last = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(TICK_MS)
    QTimer.singleShot(int(seconds * 1000), app.quit)
    app.exec()
    return found[1:]


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


def row(what: str, found: list[float]) -> dict[str, float | str]:
    middle, late = np.percentile(found, [50, 99])
    return {
        "while": what,
        "ticks": len(found),
        "p50_ms": round(float(middle), 2),
        "p99_ms": round(float(late), 2),
        "max_ms": round(max(found), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=15.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        idle = lateness(args.seconds)
        program = worker(Path(place))
        try:
            tuning = lateness(args.seconds)
        finally:
            program.terminate()
            program.wait()
    rows = [row("nothing else", idle), row("a worker tunes", tuning)]
    if args.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for found in rows:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in found.items()) + "\n")


if __name__ == "__main__":
    main()
