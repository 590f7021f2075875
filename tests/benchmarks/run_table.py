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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.window_clock import Pieces, rest  # noqa: E402

COPIED = ("recipe.yaml", "metrics.csv", "result.json", "events.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home
        measure(given.runs)


def measure(count: int) -> None:
    from PySide6.QtWidgets import QApplication

    from engine.runs.folders import runs_folder
    from tests.fakes.run_folders import write_run
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
    until = Pieces(app, 4).until
    until(rest(0.4), "idle")
    page.refresh()
    until(lambda: page.model.total == count, f"{count} runs, worker started")
    looked: list[object] = []
    page.reader.listed.connect(looked.append)
    page.refresh()
    until(lambda: looked, "a further look")
    for text in ("vpt", "nothing such", ""):
        page.runs.filter.setText(text)
        until(rest(0.4), f"filter {text!r}")
    for name in ("name", "best", "date"):
        page.runs.sort_by(NAMES.index(name))
        until(rest(0.4), f"sort by {name}")

    client.close()


if __name__ == "__main__":
    main()
