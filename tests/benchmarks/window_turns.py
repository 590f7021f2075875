"""Processor time of the window's own thread in its longest turn of some steps that are known to be heavy.

    python tests/benchmarks/window_turns.py [--rounds 5] [--json] [--witness]

A turn is what the event loop does between two looks for a click or a key: handlers, layouts and painting together.
Other work on the machine does not count. Steps: a report of 117 labels and 5,000 problems is shown (all drawn, no
engine); 10,000 cases are moved to another split and back; the Plots tab is looked at for the first time; the map of the
distance from what a model knows is opened, of 400 points; the comparison of eight wordings for each of six labels is
shown; each page is made and shown for the first time. Each round makes a new window; the median and the largest of the
rounds' longest turns are told, in milliseconds. `--witness`: one more round, which tells the functions that the longest
turn of each step was spent in.
Without a screen: QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.benchmarks.window_clock import Witness

LABELS, PROBLEMS, CASES, POINTS = 117, 5_000, 10_000, 400
PART = 1000
"""Rows that the engine tells of at once."""
QUIET_TURNS = 40
"""So many turns without work end a step."""


def longest_turn(step: Callable[[], object]) -> tuple[float, float, float]:
    """Milliseconds of processor time, and from when to when that turn went on; `step` and what follows is the first."""
    gc.collect()
    longest, quiet, first = (0.0, 0.0, 0.0), 0, True
    while quiet < QUIET_TURNS:
        began, started = time.thread_time(), time.perf_counter()
        if first:
            step()
        QApplication.processEvents()
        spent = 1000 * (time.thread_time() - began)
        longest, first = max(longest, (spent, started, time.perf_counter())), False
        quiet = quiet + 1 if spent < 0.3 else 0
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        time.sleep(0.001)  # timers that are due soon belong to the step
    return longest


def report(labels: int, problems: int, cases: int) -> dict[str, Any]:
    """As the engine tells it; kinds, severities and texts as they are met."""
    kinds = ["misaligned", "empty_mask", "duplicate", "unknown_value", "low_contrast", "spacing", "one_slice", "name"]
    rng = np.random.default_rng(0)
    return {
        "layout_title": "Images and masks",
        "name": "drawn (synthetic)",
        "kind": "pictures",
        "synthetic": True,
        "usable": True,
        "cases": [
            {
                "case_id": f"case_{number:05}",
                "split": "train" if number % 10 < 8 else "val" if number % 10 == 8 else "test",
                "shape_zyx": [1, 480, 640],
                "voxels": {str(1 + number % max(labels, 1)): 3000},
            }
            for number in range(cases)
        ],
        "labels": [{"value": number, "name": f"structure {number}", "cases": 80} for number in range(1, labels + 1)],
        "problems": [
            {
                "kind": kinds[number % len(kinds)],
                "severity": ("error", "warning", "note")[number % 3],
                "message": f"masks/case_{number:05}.png differs from its image.",
                "fix": "Write the mask anew.",
                "cases": [f"case_{number:05}"],
            }
            for number in range(problems)
        ],
        "statistics": {
            "grey": {"edges": list(range(65)), "shares": [1 / 64] * 64},
            "size_edges": [10 ** (exponent / 4) for exponent in range(-16, 1)],
            "areas": [
                {
                    "value": number,
                    "median": 0.02,
                    "lowest": 0.01,
                    "highest": 0.2,
                    "cases": 80,
                    "sizes": {split: rng.integers(0, 9, 16).tolist() for split in ("train", "val", "test")},
                }
                for number in range(1, labels + 1)
            ],
        },
    }


def shift() -> dict[str, Any]:
    points = np.random.default_rng(0).normal(size=(POINTS, 2)).tolist()
    cases = [f"case {number}" for number in range(POINTS)]
    found = {"pca": points, "tsne": points, "own": 100, "cases": cases, "slices": [0] * POINTS}
    told = {"known": True, "value": 1.4, "low": 1.2, "high": 1.6, "level": "medium", "words": "Another kind."}
    return {**told, "images": 100, "patients": 80, "reference": "drawn pictures", "map": found}


def comparison(labels: int = 6, wordings: int = 8) -> dict[str, Any]:
    span = {"dice": 0.4, "dice_low": 0.3, "dice_high": 0.5, "difference": 0.1, "difference_low": 0.0}
    rows = [{**span, "difference_high": 0.2, "text": f"wording {at}", "verdict": "better"} for at in range(wordings)]
    found = [{"value": value, "label": f"structure {value}", "wordings": rows} for value in range(1, labels + 1)]
    return {"labels": found, "images": 40, "patients": 40}


Turn = tuple[float, float, float]
PAGES = ("data", "tune", "runs", "experiments", "segment", "models")


def round_of(folder: Path) -> dict[str, Turn]:
    from tunevlseg_gui.main_window import MainWindow
    from tunevlseg_gui.pages.data.side_panel import LABELS as LABELS_TAB
    from tunevlseg_gui.pages.data.side_panel import PLOTS
    from tunevlseg_gui.pages.tune.page import DATA, STRATEGY

    window = MainWindow()
    window.resize(1400, 900)
    found: dict[str, Turn] = {"the window": longest_turn(window.show)}
    for name in PAGES:
        found[f"page {name}"] = longest_turn(lambda name=name: window.show_page(name))
    page: Any = window.page("data")
    window.show_page("data")
    window.project.open(folder)
    page.show_project()
    longest_turn(lambda: None)

    def take(values: dict[str, Any]) -> None:
        window.project.take_report(values)
        page.show_project()

    def hear_of(values: dict[str, Any]) -> dict[str, Any]:
        rows = values["cases"]
        for at in range(0, len(rows), PART):
            window.project.take_seen(rows[at : at + PART])
        return {**values, "cases": len(rows)}

    many = hear_of(report(LABELS, PROBLEMS, PROBLEMS))
    found["117 labels, 5,000 problems"] = longest_turn(lambda: take(many))
    page.side.setCurrentIndex(LABELS_TAB)
    found["first look at Plots"] = longest_turn(lambda: page.side.setCurrentIndex(PLOTS))
    page.side.setCurrentIndex(LABELS_TAB)
    window.project.open(folder)
    window.project.take_report(hear_of(report(2, 0, CASES)))
    page.show_project()
    page.browser.grid.selectAll()
    longest_turn(lambda: None)
    found["10,000 cases moved"] = longest_turn(lambda: page.browser.move("test"))
    found["10,000 cases moved back"] = longest_turn(window.project.undo_stack.undo)
    tune: Any = window.page("tune")
    window.show_page("tune")
    window.project.open(folder)
    window.project.take_report(report(6, 0, 20))
    bench, gauge = tune.findChild(QWidget, "phraseBench"), tune.findChild(QWidget, "domainGauge")
    tune.walk.show_step(DATA)
    longest_turn(lambda: None)
    found["comparison of wordings"] = longest_turn(lambda: bench.show_result(comparison()))
    tune.walk.show_step(STRATEGY)
    gauge.show_result(shift())
    longest_turn(lambda: None)
    found["map of the gauge"] = longest_turn(gauge._toggle_map)
    window.close()
    longest_turn(lambda: None)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--witness", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["TUNEVLSEG_HOME"] = str(Path(place) / "home")
        from tunevlseg_gui.app import import_ahead, make_application

        app = make_application(["benchmark"])
        import_ahead().join()  # as the window does it, soon after it is drawn
        folder = Path(place) / "set"
        folder.mkdir()
        rounds = [round_of(folder) for _ in range(given.rounds)]
        told: dict[str, str] = {}
        if given.witness:
            with Witness() as witness:
                told = {step: witness.told(began, ended) for step, (_, began, ended) in round_of(folder).items()}
        app.processEvents()
    rows: dict[str, dict[str, Any]] = {
        step: {
            "median_ms": round(statistics.median(row[step][0] for row in rounds), 1),
            "largest_ms": round(max(row[step][0] for row in rounds), 1),
            **({"at": told[step]} if told else {}),
        }
        for step in rounds[0]
    }
    if given.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for step, numbers in rows.items():
        sys.stdout.write(f"{step:32}" + "  ".join(f"{name} {value}" for name, value in numbers.items()) + "\n")


if __name__ == "__main__":
    main()
