"""How late the window's event loop is, in milliseconds, while a run is watched, and with long curves.

    python tests/benchmarks/live_run.py [--json] [--seconds 15] [--only window|points] [--points 100000]

A timer of 5 ms in a Qt event loop, drawn offscreen; its lateness is what a click would wait. `busy`: processor time
that the window's own thread took between two ticks, which other work on the machine does not change.

- window: the whole window with its Runs page open, idle, then through a whole run that it starts, shows and sees end,
  then while that run is opened again. It tunes the starter model on drawn (synthetic) images.
- points: the curves of a run with so many epochs, three others over it and smoothing, growing by 20 epochs a second.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import yaml
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.contract.jobs import Tune
from engine.synthetic.sample_data import write_dataset
from tests.benchmarks.window_clock import Ticks, lateness

LONGEST_S = 400.0


def in_window(place: Path, seconds: float) -> list[dict[str, float | str]]:
    """The window idle, then through a whole run: its start, twenty epochs with their pictures, its scores, its end."""
    os.environ["TUNEVLSEG_HOME"] = str(place / "window-home")
    from engine.runs.folders import runs_folder
    from tunevlseg_gui.main_window import MainWindow
    from tunevlseg_gui.settings.model import WindowSettings
    from tunevlseg_gui.theme.look import look

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    look().use("light")
    window = MainWindow(settings=WindowSettings(notice_seen=True, closing="background"))
    window.resize(1280, 820)
    window.show()
    window.begin([])
    runs: Any = window.page("runs")
    window.show_page("runs")
    write_dataset("polyps", place / "few", count=60)
    run = runs_folder() / "measured"
    run.mkdir(parents=True)
    values = {
        "version": 1,
        "data": {"folder": str(place / "few")},
        "model": {"weights": "starter"},
        "strategy": {"name": "vpt"},
        "training": {"epochs": 20, "min_epochs": 20, "device": "cpu"},
    }
    (run / "recipe.yaml").write_text(yaml.safe_dump(values))
    runs.open_run(run)  # pyqtgraph is imported here, before anything is measured
    lateness(5.0)
    idle = lateness(seconds)
    window.client.start_run(Tune(str(run / "recipe.yaml"), str(run)))
    runs.open_run(run)
    running = lateness(LONGEST_S, lambda: runs.live.state.over)
    if runs.live.state.phase != "finished":
        raise SystemExit(f"the run ended as {runs.live.state.phase}")
    again = reopened(runs, run)
    window.close()
    return [
        row("the window is idle", idle),
        row("the window shows a whole run", running),
        row("a run is opened again", again),
    ]


def reopened(runs: Any, run: Path) -> Ticks:
    """Opening a finished run with its curves, pictures and log."""
    QTimer.singleShot(500, lambda: runs.show_table())
    QTimer.singleShot(1500, lambda: runs.open_run(run))
    return lateness(5.0)


def with_points(count: int, seconds: float) -> list[dict[str, float | str]]:
    """Curves of `count` epochs while they grow; and how long one redraw of all takes."""
    from tunevlseg_gui.pages.runs.live_curves import LiveCurves
    from tunevlseg_gui.pages.runs.live_overlays import COLOURS
    from tunevlseg_gui.widgets.curve_data import Series

    QApplication.instance() or QApplication([])
    curves = LiveCurves()
    curves.resize(900, 700)
    curves.show()
    epochs = np.arange(1.0, count + 1)
    noise = np.random.default_rng(0).normal(0, 0.02, count)
    values = 0.8 * (1 - np.exp(-epochs / (count / 5))) + noise
    for plot in curves.plots:
        for key in ("train", "val"):
            plot.series(key).fill(epochs, values, epochs / 60)
            plot.grew(key)
        for number in range(3):
            other: Series = plot.add_curve(f"other{number}", f"Run {number}", COLOURS[number])
            other.fill(epochs, values - 0.1 * number, epochs / 60)
    curves._clock.fill(epochs, epochs, epochs / 60)
    curves.controls.smoothing.setValue(90)
    lateness(2.0)
    last = count

    def grow() -> None:
        nonlocal last
        last += 1
        metrics = {f"{split}_{what}": 0.8 for split in ("train", "val") for what in ("dice", "loss")}
        curves.put(last, {**metrics, "seconds": 1.0})

    timer = QTimer()
    timer.timeout.connect(grow)
    timer.start(50)
    found = lateness(seconds)
    timer.stop()
    return [row(f"curves of {count:,} epochs grow", found)]


def row(what: str, found: Ticks) -> dict[str, float | str]:
    late, busy = found
    middle, ninety_nine = np.percentile(late, [50, 99])
    return {
        "while": what,
        "ticks": len(late),
        "p50_ms": round(float(middle), 2),
        "p99_ms": round(float(ninety_nine), 2),
        "max_ms": round(max(late), 2),
        "p99_busy_ms": round(float(np.percentile(busy, 99)), 2),
        "max_busy_ms": round(max(busy), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--only", choices=("window", "points"), default="")
    parser.add_argument("--points", type=int, default=100_000)
    args = parser.parse_args()
    rows: list[dict[str, float | str]] = []
    with tempfile.TemporaryDirectory() as place:
        if args.only in ("", "points"):
            rows += with_points(args.points, args.seconds)
        if args.only in ("", "window"):
            rows += in_window(Path(place), args.seconds)
    if args.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for found in rows:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in found.items()) + "\n")


if __name__ == "__main__":
    main()
