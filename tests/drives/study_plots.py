"""A large study that has ended: every tab, a brush, a plot that is moved, its file; and a front of two goals."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

from tests.drives.hand import Hand, StepFailed
from tests.drives.study_steps import TABS, show_tab

PANS = 40


def open_study(hand: Hand, name: str, trials: int) -> float:
    """From the list, by its row and Enter; the seconds until its first plot is drawn."""
    if hand.ask("study").get("shown"):
        hand.press("studyBack")
    hand.wait(f"{name} is listed", lambda: name in hand.ask("study")["rows"])
    row = hand.ask("study")["rows"].index(name)
    hand.click(hand.ask("table_point", table="studyTable", row=row))
    hand.wait("The list has the keyboard", lambda: hand.ask("focus")["widget"] == "studyTable")
    began = time.monotonic()
    hand.keys("Return")
    hand.wait(f"{name} is read", lambda: hand.ask("study").get("n") == trials and hand.ask("view_drawn"))
    return time.monotonic() - began


def look_at_all(hand: Hand, what: str) -> None:
    """A picture of each tab."""
    hand.wait("Importance and correlations are read", lambda: bool(hand.ask("study")["figures"]))
    for name in TABS:
        if name == "pareto":
            continue
        show_tab(hand, name)
        if name == "slices":
            _correlated(hand)
        if name == "contour":
            hand.wait("The field is drawn", lambda: bool(hand.ask("where", name="contourWords")["text"]))
        hand.picture(f"{what}-{name}")


def _correlated(hand: Hand) -> None:
    """The three settings of the published study are told against Dice, with their intervals."""
    for setting in ("strategy.prompt_depth", "training.learning_rate", "training.weight_decay"):
        name = f"correlation_{setting}"
        hand.wait(f"{setting} is told", lambda name=name: "interval" in (hand.ask("where", name=name) or {})["text"])


def brush(hand: Hand, work: Path) -> int:
    """Along an axis of the parallel coordinates; what is selected is what the table shows and the file holds."""
    show_tab(hand, "parallel")
    heads = hand.ask("study")["n"]
    hand.drag([hand.ask("axis_point", key="training.learning_rate", share=share) for share in (0.6, 0.7, 0.8, 0.9)])
    hand.wait("An axis is brushed", lambda: 0 < hand.ask("study")["selected"] < heads)
    hand.wait("The lines are drawn", lambda: bool(hand.ask("view_drawn")))
    hand.picture("large-brushed")
    chosen: int = hand.ask("study")["selected"]
    show_tab(hand, "trials")
    if len(hand.ask("said", table="trialTable")) - 1 != chosen:
        raise StepFailed("The table does not show what is selected.")
    hand.picture("large-brushed-table")
    target = work / "trials.csv"
    hand.press("studySave")
    hand.wait("The menu opens", lambda: bool(hand.ask("focus")["popup"]))
    hand.press("The selected trials as CSV…")
    hand.answer_file_dialog(target)
    hand.wait("The file is there", target.is_file)
    with target.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    if len(rows) != chosen or not all(row["training.learning_rate"] for row in rows):
        raise StepFailed(f"{target.name} holds {len(rows)} trials, {chosen} are selected.")
    hand.press("selectAll")
    return chosen


def pan(hand: Hand) -> dict[str, Any]:
    """The history is moved with Shift held; what a turn of the event loop took meanwhile, in milliseconds."""
    show_tab(hand, "history")
    places = [hand.ask("plot_point", plot="historyPlot", across=0.3 + 0.4 * at / PANS, up=0.5) for at in range(PANS)]
    hand.ask("turns", begin=True)
    hand.drag(places, held="shift")
    hand.drag(places[::-1], held="shift")
    found: dict[str, Any] = hand.ask("turns", begin=False)
    hand.picture("large-moved")
    return found


def front(hand: Hand) -> None:
    show_tab(hand, "pareto")
    hand.picture("front-pareto")
    show_tab(hand, "trials")
    hand.picture("front-trials")


def small_window(hand: Hand) -> None:
    """As small as the window gets: nothing is cut off."""
    hand.resize(900, 600)
    for name in ("history", "parallel", "slices", "contour", "trials"):
        show_tab(hand, name)
        hand.picture(f"small-{name}")
    cut = [one for one in hand.ask("cut", under="experimentsPage") if one["why"] != "height"]
    if cut:
        raise StepFailed(f"Cut off in a small window: {cut}")
