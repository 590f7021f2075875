"""A study of 2,000 finished trials in the window: how long it takes to open, and the longest pieces of work.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/study_page.py [--trials 2000] [--scale 1]
        [--storage journal|sqlite] [--opening]

Trials are written straight into the storage (made up, no network is tuned); a journal has 30 heartbeats of each, as of
runs of ten minutes. `--opening` ends after the study was opened. Opening is by the clock, from the click until the
history is drawn; "cold" with no worker process yet, "warm" as a user who comes from the list of studies has it, "again"
of a study that was read before. Pieces are the processor time of the window's thread between two turns of its event
loop, so that other work on the machine does not count; a frame is one move of the view and its painting.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.window_clock import Pieces, rest  # noqa: E402

FRAMES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--storage", default="journal", choices=("journal", "sqlite"))
    parser.add_argument("--opening", action="store_true")
    given = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = given.scale
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home
        measure(given.trials, Path(home), given.storage, opening=given.opening)


def measure(count: int, home: Path, storage: str, *, opening: bool) -> None:
    from PySide6.QtWidgets import QApplication

    from engine.runs.studies import studies_folder
    from tests.fakes.tiny_clipseg import write_tiny_clipseg
    from tests.fakes.written_study import write_study
    from tunevlseg_gui.bridge.client import EngineClient
    from tunevlseg_gui.pages.experiments.page import ExperimentsPage
    from tunevlseg_gui.pages.experiments.study_tabs import PANELS
    from tunevlseg_gui.pages.experiments.study_view import StudyView
    from tunevlseg_gui.theme.look import look

    weights = write_tiny_clipseg(studies_folder().parent / "tiny")
    for name in ("large", "second", "other"):
        address = f"sqlite:///{home / name}.db" if storage == "sqlite" else ""
        many = 20 if name == "other" else count
        write_study(studies_folder() / name, str(weights), many, storage=address, beats=30)
    app = QApplication([])
    look().use("light")
    client = EngineClient()
    page = ExperimentsPage(client)
    page.resize(1500, 900)
    page.show()
    until = Pieces(app, 2).until

    page.came_to_front()
    view: StudyView = page.tab("searches").view
    page.open_study(studies_folder() / "large")
    until(lambda: view.study is not None, "opened, cold")
    page.open_study(studies_folder() / "other")
    until(lambda: view.study is not None and view.study.n == 20, "another one")
    page.open_study(studies_folder() / "second")
    until(lambda: view.study is not None and view.study.n == count, "opened, warm")
    page.open_study(studies_folder() / "large")
    until(lambda: view.study is not None and view.folder.name == "large", "opened again")
    until(rest(1.0), "  after it was opened")
    if opening:
        client.close()
        return
    for name, *_ in PANELS:
        if name == "pareto":
            continue
        view.tabs.setCurrentIndex([known for known, *_ in PANELS].index(name))  # as a click does
        until(rest(2.0), f"tab {name}, first time")
        for plot in view.panel(name).plots[:1]:
            if hasattr(plot, "box"):
                frames(app, plot, name)
    view.tabs.setCurrentIndex(0)
    until(rest(0.5), "history again")
    view.selection.brush({"training.learning_rate": (-4.0, -3.0)})
    until(rest(1.0), "a brush in the history")
    view.panel("parallel")
    until(rest(2.0), "parallel again, with the brush")
    view.panel("trials").table.sortByColumn(2, view.panel("trials").table.horizontalHeader().sortIndicatorOrder())
    until(rest(1.0), "trials sorted")
    client.close()


def frames(app: Any, plot: Any, name: str) -> None:
    """Moves the view to and fro; each move is painted at once."""
    took = []
    for frame in range(FRAMES):
        began = time.thread_time()
        share = 0.004 if frame < FRAMES / 2 else -0.004
        (left, right), (bottom, top) = plot.box.viewRange()
        plot.box.translateBy(((right - left) * share, (top - bottom) * share))
        plot.plot.viewport().repaint()
        took.append(1000 * (time.thread_time() - began))
        app.processEvents()
    took.sort()
    sys.stdout.write(
        f"  {name} moved {FRAMES} times: half of the frames within {took[len(took) // 2]:.1f} ms, "
        f"the slowest {took[-1]:.1f} ms\n"
    )


if __name__ == "__main__":
    main()
