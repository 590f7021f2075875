"""A run from its fork to its end by the mouse; what is looked at meanwhile is in `live_mouse_looks.py`."""

from __future__ import annotations

import time
from pathlib import Path

from engine.runs.changes import read_changes
from engine.runs.queue import read_queue
from engine.runs.reader import state
from tests.drives.hand import Hand, StepFailed
from tests.drives.live_mouse_looks import look_at_all
from tests.drives.live_steps import follow, fork_begun, live, until, until_state
from tests.drives.live_work import Work

SMALL, USUAL = (900, 600), (1280, 820)
NEW_RATE = "0.003"


def drive_by_mouse(hand: Hand, work: Work, theme: str, out: Path) -> None:
    """The whole road by mouse. Raises StepFailed at the first step that does not come to its end."""
    hand.start(str(work.first))
    until(hand, "A finished run is shown", lambda seen: seen["shown"] and seen["phase"] == "finished")
    hand.choose_theme(theme)
    hand.picture("finished")
    run = fork_begun(hand, work.first, {"epochs": "800"}, picture="fork")
    follow(hand, run)
    look_at_all(hand, work, out)
    _change_settings(hand, run)
    _pause(hand)
    waiting = _queue(hand, run)
    _small(hand)
    _kill(hand, run)
    _close(hand, run)
    _end(hand, run, waiting)


def _change_settings(hand: Hand, run: Path) -> None:
    hand.press("adjustRun")
    hand.wait("The form opens", lambda: bool((hand.ask("where", name="adjust_learning_rate") or {}).get("enabled")))
    for name, value in (("learning_rate", NEW_RATE), ("patience", "77")):
        hand.press(f"adjust_{name}")
        hand.keys("ctrl+a")
        hand.type(value)
        hand.keys("Tab")
    hand.picture("change-settings")
    hand.press("adjustApply")
    hand.wait(
        "The change is recorded",
        lambda: {"training.learning_rate", "training.patience"} <= {str(line.get("key")) for line in read_changes(run)},
    )
    hand.wait("The form closes", lambda: not hand.ask("focus")["dialog"])
    until(hand, "Patience counts from the new number", lambda seen: int(seen["facts"]["patience"]) <= 77)
    until(hand, "The log tells it", lambda seen: any("training.learning_rate is" in line for line in seen["log"]))


def _pause(hand: Hand) -> None:
    hand.press("pauseRun")
    until(hand, "The run pauses", lambda seen: seen["phase"] == "paused")
    here = live(hand)["epoch"]
    hand.picture("paused")
    time.sleep(1.5)
    if live(hand)["epoch"] > here + 1:
        raise StepFailed("A paused run went on.")
    hand.press("pauseRun")
    until(hand, "It goes on", lambda seen: seen["phase"] == "running" and seen["epoch"] > here)


def _queue(hand: Hand, run: Path) -> list[Path]:
    """Two forks of the run that goes on: they wait, change places, one is removed. Those that still wait."""
    forks = []
    for number in (1, 2):
        forks.append(
            fork_begun(hand, run, {"learning_rate": f"0.00{number}"}, name=f"waits {number}", earlier=number - 1)
        )
        until(
            hand, "It waits", lambda seen, number=number: seen["phase"] == "waiting" and len(seen["waiting"]) == number
        )
        hand.press("allRuns")
        _open_in_table(hand, run)
    order = [path.name for path in read_queue().waiting]
    hand.picture("queue")
    hand.press("queueDown")
    until(
        hand,
        "The first one is the second now",
        lambda seen: [line.partition(". ")[2] for line in seen["waiting"]] == order[::-1],
    )
    hand.press("queueRemove")
    until(hand, "One is removed", lambda seen: len(seen["waiting"]) == 1)
    running = [path for path in forks if state(path) == "running"]
    if running or state(run) != "running":
        raise StepFailed(f"The device is used by {[path.name for path in running]} too.")
    hand.picture("queue-shorter")
    return [path for path in forks if path in read_queue().waiting]


def _open_in_table(hand: Hand, run: Path) -> None:
    hand.wait("The table is shown", lambda: hand.ask("run_row_point", run=str(run)) is not None)
    hand.click(hand.ask("run_row_point", run=str(run)))
    hand.wait("It is chosen", lambda: bool((hand.ask("where", name="openRun") or {}).get("enabled")))
    hand.press("openRun")
    until(
        hand,
        "The run is opened from the table",
        lambda seen: seen["shown"] and seen["folder"] == str(run) and seen["epoch"] > 0,
    )


def _small(hand: Hand) -> None:
    hand.resize(*SMALL)
    time.sleep(0.5)
    hand.picture("small")
    cut = live(hand)["cut_off"] + hand.ask("cut", under="runDetail")
    if cut:
        raise StepFailed(f"In a small window, {cut} are cut off.")
    sizes = {name: plot["size"] for name, plot in live(hand)["plots"].items()}
    if min(min(size) for size in sizes.values()) < 110:
        raise StepFailed(f"In a small window, the plots are {sizes}.")
    hand.resize(*USUAL)


def _kill(hand: Hand, run: Path) -> None:
    points = live(hand)["plots"]["dicePlot"]["points"]["val"]
    hand.kill()
    time.sleep(1)
    if state(run) != "running":
        raise StepFailed("The run ended with the window.")
    hand.start()
    hand.wait(
        "The window tells of the run",
        lambda: any("still running" in notice["message"] for notice in hand.state()["notices"]),
    )
    hand.picture("after-the-kill")
    hand.press("bannerOpenRun")
    until(hand, "It is shown", lambda seen: seen["shown"] and seen["folder"] == str(run) and seen["phase"] == "running")
    until(hand, "With all of its curve", lambda seen: seen["plots"]["dicePlot"]["points"]["val"] >= points)
    until(hand, "And what waits", lambda seen: len(seen["waiting"]) == 1)
    hand.picture("found-again")


def _close(hand: Hand, run: Path) -> None:
    hand.keys("ctrl+q")
    hand.wait("It is asked", lambda: hand.ask("where", name="closingKeep") is not None)
    hand.picture("closing")
    hand.press("closingStay")
    hand.wait("It stays", lambda: not hand.ask("focus")["dialog"])
    hand.keys("ctrl+q")
    hand.wait("It is asked again", lambda: hand.ask("where", name="closingKeep") is not None)
    hand.press("closingKeep")
    hand.wait_for_end()
    time.sleep(1)
    if state(run) != "running":
        raise StepFailed("The run ended, though it was to be kept running.")
    hand.start()
    hand.wait("The window tells of the run", lambda: hand.ask("where", name="bannerOpenRun") is not None)
    hand.press("bannerOpenRun")
    until(hand, "It is shown", lambda seen: seen["shown"] and seen["phase"] == "running")


def _end(hand: Hand, run: Path, waiting: list[Path]) -> None:
    """Stopped, its best kept; the next one begins, is cancelled, goes on, and is stopped with the window."""
    hand.press("stopRun")
    until(hand, "It is over", lambda seen: seen["phase"] == "finished" and "exportRun" in seen["offered"])
    hand.picture("stopped-by-hand")
    [following] = waiting
    hand.wait("The next one begins", lambda: state(following) == "running")
    hand.press("allRuns")
    _open_in_table(hand, following)
    until(hand, "It goes on from its parent's epochs", lambda seen: seen["phase"] == "running")
    hand.press("cancelRun")
    until(hand, "It is cancelled", lambda seen: seen["phase"] == "cancelled" and "resumeRun" in seen["offered"])
    hand.picture("cancelled")
    here = live(hand)["epoch"]
    hand.press("resumeRun")
    until(hand, "It is resumed", lambda seen: seen["phase"] == "running" and seen["epoch"] > here)
    hand.keys("ctrl+q")
    hand.wait("It is asked", lambda: hand.ask("where", name="closingStop") is not None)
    hand.press("closingStop")
    hand.wait_for_end()
    until_state(following, "cancelled", hand.patience)
