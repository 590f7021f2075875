"""How soon the Data page shows a large dataset, and how long it lets the window wait.

    python tests/benchmarks/data_page.py [--images 10000] [--folder DIR] [--whole] [--json]

Opens a folder of 640 × 480 pictures (drawn as by inspect_dataset.py; in DIR, where they are kept and used again) in the
window with its real workers and an empty cache, and measures: seconds until the first rows and until the thumbnails in
sight are drawn; while every file is being opened, and while the grid is scrolled, how late the window's event loop
comes to a timer that is due each 5 ms; and milliseconds a keystroke in the search box. `--whole` waits for the end of
the inspection and takes the filters and a move of all cases too. Without a screen: QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer

from tests.benchmarks.inspect_dataset import draw
from tests.benchmarks.window_clock import Pulse

LONGEST_S = 900


def told(pulse: Pulse, name: str) -> dict[str, float]:
    """How late the ticks since the last look came."""
    found = np.array(pulse.take()[0] or [0.0])
    p99, over = float(np.percentile(found, 99)), float((found > 16).mean())
    return {
        f"{name}_late_p99_ms": round(p99, 1),
        f"{name}_late_max_ms": round(float(found.max()), 1),
        f"{name}_late_over_16_ms_share": round(over, 5),
    }


def wait(condition: Callable[[], bool], longest: float = LONGEST_S) -> float:
    """Runs the event loop until the condition holds; seconds that it took. Raises TimeoutError."""
    began, loop, looks = time.perf_counter(), QEventLoop(), QTimer()
    looks.timeout.connect(lambda: loop.quit() if condition() or time.perf_counter() - began > longest else None)
    looks.start(2)
    loop.exec()
    looks.stop()
    if not condition():
        raise TimeoutError(f"not within {longest} s")
    return time.perf_counter() - began


def measure(folder: Path, count: int, *, whole: bool) -> dict[str, Any]:
    from tunevlseg_gui.app import make_application
    from tunevlseg_gui.main_window import MainWindow

    draw(folder, count, ".jpg")
    app = make_application(["benchmark"])
    window = MainWindow()
    window.resize(1400, 900)
    window.show()
    window.client.warm_up()
    page: Any = window.page("data")
    grid, store = page.browser.grid, page.browser.store
    pause(2.0)  # a person opens a folder later than the program starts
    pulse = Pulse()
    began = time.perf_counter()
    window.open_path(folder)
    blocked = time.perf_counter() - began
    wait(lambda: bool(page.browser.model.rows))
    rows = time.perf_counter() - began
    first = wait(lambda: any(store.pixmap(row.case_id) for row in page.browser.model.rows[:8])) + rows
    wait(lambda: page.browser.drawn)
    drawn = time.perf_counter() - began
    wait(lambda: len(page.browser.model.rows) == count)
    found: dict[str, Any] = {
        "images": count,
        "open_call_ms": round(1000 * blocked, 1),
        "first_rows_s": round(rows, 2),
        "first_thumbnail_s": round(first, 2),
        "all_in_sight_s": round(drawn, 2),
        **told(pulse, "opening"),
    }
    pause(5.0)
    found |= told(pulse, "inspecting")
    bar, began = grid.verticalScrollBar(), time.perf_counter()
    scroll, at = QTimer(), 0

    def turn() -> None:
        nonlocal at
        at += 1
        bar.setValue(bar.value() + (60 if at % 400 < 350 else bar.maximum() // 50))

    scroll.timeout.connect(turn)
    scroll.start(8)
    wait(lambda: time.perf_counter() - began > 8)
    scroll.stop()
    found |= told(pulse, "scrolling")
    found["thumbnails_after_scroll_s"] = round(wait(lambda: page.browser.drawn), 2)
    pulse.take()
    found |= typing(page)
    if whole:
        wait(lambda: window.project.ready)
        found["inspected_s"] = round(time.perf_counter() - began, 1)
        found |= told(pulse, "report")
        found |= {f"report_{name}": value for name, value in typing(page).items()}
        began = time.perf_counter()
        grid.selectAll()
        page.browser.move("test")
        found["move_all_ms"] = round(1000 * (time.perf_counter() - began), 1)
        began = time.perf_counter()
        window.project.undo_stack.undo()
        found["undo_all_ms"] = round(1000 * (time.perf_counter() - began), 1)
    window.close()
    app.processEvents()
    return found


def typing(page: Any) -> dict[str, float]:
    """Each keystroke of some searches, with the painting that follows it."""
    spent: list[float] = []
    for text in ("", "0", "00", "001", "0012", "001", "00", "9", "99", ""):
        began = time.perf_counter()
        page.browser.filter_bar.search.setText(text)
        spent.append(1000 * (time.perf_counter() - began))
        pause(0.05)
    return {"keystroke_median_ms": round(float(np.median(spent)), 1), "keystroke_max_ms": round(max(spent), 1)}


def pause(seconds: float) -> None:
    began = time.perf_counter()
    wait(lambda: time.perf_counter() - began > seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        os.environ["TUNEVLSEG_HOME"] = str(Path(made) / "home")
        row = measure(given.folder or Path(made) / "set", given.images, whole=given.whole)
    if given.json:
        sys.stdout.write(json.dumps(row) + "\n")
        return
    for name, value in row.items():
        sys.stdout.write(f"{name:32}{value}\n")


if __name__ == "__main__":
    main()
