"""The table of 2,000 runs: how long it takes to fill, and the longest pieces of work on the window's thread.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/run_table.py [--runs 2000]

Pieces are the processor time of the window's thread between two turns of its event loop, so that other work on the
machine does not count; the time to fill is by the clock.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

COPIED = ("recipe.yaml", "metrics.csv", "result.json", "events.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home
        measure(given.runs)


def measure(count: int) -> None:
    from fakes.run_folders import write_run
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from engine.runs.folders import runs_folder
    from tunevlseg_gui.bridge.client import EngineClient
    from tunevlseg_gui.pages.runs.run_columns import NAMES
    from tunevlseg_gui.pages.runs.table_page import TablePage
    from tunevlseg_gui.theme.look import look

    one = write_run(runs_folder() / "first", cases=4)
    for number in range(count - 1):
        copy = runs_folder() / f"copy-{number:04d}"
        copy.mkdir()
        for name in COPIED:
            (copy / name).write_bytes((one / name).read_bytes())
    app = QApplication([])
    look().use("light")
    client = EngineClient()
    page = TablePage(client)
    page.resize(1280, 800)
    page.show()
    pieces: list[float] = []
    last = time.thread_time()

    def beat() -> None:
        nonlocal last
        now = time.thread_time()
        pieces.append(1000 * (now - last))
        last = now

    timer = QTimer()
    timer.setInterval(4)
    timer.timeout.connect(beat)
    timer.start()

    def until(done: Callable[[], Any], title: str) -> None:
        pieces.clear()
        began = time.monotonic()
        while not done():
            app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        longest = ", ".join(f"{piece:.0f}" for piece in sorted(pieces, reverse=True)[:3])
        sys.stdout.write(f"{title:32} {time.monotonic() - began:6.2f} s; longest pieces of work: {longest} ms\n")

    def rest() -> Callable[[], bool]:
        end = time.monotonic() + 0.4
        return lambda: time.monotonic() > end

    until(rest(), "idle")
    page.refresh()
    until(lambda: page.model.total == count, f"{count} runs, worker started")
    looked: list[object] = []
    page.reader.listed.connect(looked.append)
    page.refresh()
    until(lambda: looked, "a further look")
    for text in ("vpt", "nothing such", ""):
        page.runs.filter.setText(text)
        until(rest(), f"filter {text!r}")
    for name in ("name", "best", "date"):
        page.runs.sort_by(NAMES.index(name))
        until(rest(), f"sort by {name}")
    timer.stop()
    client.close()


if __name__ == "__main__":
    main()
