"""A run from its fork to its end by the keyboard alone; the mouse lies in a corner."""

from __future__ import annotations

from pathlib import Path

from engine.runs.changes import read_changes
from engine.runs.queue import read_queue
from engine.runs.reader import state
from tests.drives.hand import Hand, StepFailed
from tests.drives.live_steps import exported_well, follow, live, name_of, new_run, runs_known, until, until_state
from tests.drives.live_work import LABELS, Work
from tunevlseg_gui.frame.page_list import PAGES

RUNS = [name for name, *_ in PAGES].index("runs")


def drive_by_keys(hand: Hand, work: Work, theme: str, out: Path) -> None:
    """The whole road. Raises StepFailed at the first step that does not come to its end."""
    hand.hover([0, 0])
    hand.start()
    hand.choose_theme(theme)
    _open_in_table(hand, work.first)
    run = _fork(hand, {"epochs": "800"})
    follow(hand, run)
    _curves(hand)
    _over_it(hand, out)
    _images(hand)
    _change_settings(hand, run)
    _push(hand, "pauseRun")
    until(hand, "The run pauses", lambda seen: seen["phase"] == "paused")
    _push(hand, "pauseRun")
    until(hand, "It goes on", lambda seen: seen["phase"] == "running")
    following = _queue(hand, run)
    _close_and_find(hand, run)
    _end(hand, following)


def _push(hand: Hand, button: str) -> None:
    hand.wait(f"“{button}” can be pressed", lambda: bool((hand.ask("where", name=button) or {}).get("enabled")))
    hand.tab_to(button)
    hand.keys("space")


def _open_in_table(hand: Hand, run: Path) -> None:
    hand.keys(f"ctrl+{RUNS}")
    hand.wait("The table is shown", lambda: hand.ask("run_row_point", run=str(run)) is not None)
    hand.tab_to("runTable")
    hand.keys("ctrl+f")
    hand.wait("The filter has the keyboard", lambda: hand.ask("focus")["widget"] == "runFilter")
    hand.keys("ctrl+a")
    hand.type(name_of(run))
    hand.tab_to("runTable")
    hand.keys("ctrl+Home", "Return")
    until(hand, "The run is opened", lambda seen: seen["shown"] and seen["folder"] == str(run) and seen["epoch"] > 0)


def _fork(hand: Hand, changes: dict[str, str], name: str = "") -> Path:
    before = runs_known()
    _push(hand, "forkRun")
    hand.wait("Epochs are offered", lambda: bool((hand.ask("where", name="forkStart") or {}).get("enabled")))
    if name:
        hand.tab_to("forkName")
        hand.keys("ctrl+a")
        hand.type(name)
    for key, value in changes.items():
        hand.tab_to(f"fork_{key}")
        hand.keys("ctrl+a")
        hand.type(value)
        hand.keys("Tab")
    hand.wait("The change is told", lambda: all(key in hand.text_of("forkSummary") for key in changes))
    _push(hand, "forkStart")
    return new_run(hand, before)


def _menu(hand: Hand, button: str, down: int) -> None:
    """The entry of a button's menu that lies so many times Down."""
    _push(hand, button)
    hand.wait("The menu opens", lambda: bool(hand.ask("focus")["popup"]))
    hand.keys("Down", times=down)
    hand.keys("Return")
    hand.wait("The menu closes", lambda: not hand.ask("focus")["popup"])


def _curves(hand: Hand) -> None:
    for number in range(len(LABELS)):
        _menu(hand, "curveShown", 3 + number)
    wanted = {f"val_dice[{name}]" for name in LABELS}
    until(hand, "Labels are shown", lambda seen: wanted <= set(seen["plots"]["dicePlot"]["visible"]))
    hand.tab_to("curveSmoothing")
    hand.keys("Right", times=60)
    until(hand, "Curves are smoothed", lambda seen: seen["smoothing"] == 60)
    hand.tab_to("curveAxis")
    hand.keys("Down")
    _push(hand, "curveLog")
    until(hand, "The axes are minutes and logarithmic", lambda seen: seen["axis"] == "Minutes" and seen["log_axis"])
    hand.tab_to("dicePlot")
    hand.keys("Home", "Right")
    until(hand, "Values are told", lambda seen: "Epoch 2" in seen["plots"]["dicePlot"]["readout"])
    until(hand, "Of the loss too", lambda seen: "Epoch 2" in seen["plots"]["lossPlot"]["readout"])
    hand.picture("pointed-by-keys")
    span = _span(hand)
    hand.keys("plus", times=3)
    hand.wait("Plus looks closer", lambda: _span(hand) < span)
    hand.keys("0")
    hand.wait("0 shows all", lambda: _span(hand) >= span)
    hand.tab_to("curveAxis")
    hand.keys("Up")
    _push(hand, "curveLog")


def _span(hand: Hand) -> float:
    left, right, *_ = live(hand)["plots"]["dicePlot"]["range"]
    return float(right - left)


def _over_it(hand: Hand, out: Path) -> None:
    _menu(hand, "curveRuns", 1)
    hand.wait("Seeds are a band", lambda: len(live(hand)["plots"]["dicePlot"]["bands"]) == 1)
    for kind, down in (("csv", 1), ("png", 2), ("svg", 3)):
        path = out / f"curves.{kind}"
        _menu(hand, "curveExport", down)
        hand.answer_file_dialog(path)
        hand.wait(f"{path.name} is written", path.is_file)
    exported_well(out, {"Training", "Validation", "Mean of 3 seeds", *LABELS})
    _push(hand, "bannerClose")
    first = Path(live(hand)["overlaid"][0].partition(" × ")[0])  # of the runs that are drawn together
    _push(hand, f"takeAway_{first.name}")
    until(hand, "They are taken away", lambda seen: not seen["overlaid"])


def _images(hand: Hand) -> None:
    until(hand, "Six images are shown", lambda seen: seen["image_columns"] == 6 and len(seen["thumbnails"]) > 3)
    hand.tab_to("previewPicture")
    hand.keys("2")
    until(hand, "One image alone", lambda seen: seen["alone"] == 1)
    hand.keys("0")
    until(hand, "All images again", lambda seen: seen["alone"] is None)
    hand.tab_to("previewStrip")
    hand.keys("Home", "Right")
    until(hand, "The strip goes back in time", lambda seen: seen["image_epoch"] == seen["image_epochs"][1])
    hand.picture("scrubbed-by-keys")
    _push(hand, "previewNewest")
    until(hand, "The newest again", lambda seen: seen["image_epoch"] == seen["image_epochs"][-1])
    hand.tab_to("runSideTabs")
    hand.keys("Right")
    hand.wait("The log is shown", lambda: hand.ask("where", name="runLog") is not None)
    hand.picture("log")
    hand.keys("Left")


def _change_settings(hand: Hand, run: Path) -> None:
    _push(hand, "adjustRun")
    hand.wait("The form opens", lambda: hand.ask("focus")["widget"] == "adjust_learning_rate")
    hand.keys("ctrl+a")
    hand.type("0.003")
    hand.tab_to("adjust_patience")
    hand.keys("ctrl+a")
    hand.type("77")
    hand.keys("Return")
    keys = {"training.learning_rate", "training.patience"}
    hand.wait("The change is recorded", lambda: keys <= {str(line.get("key")) for line in read_changes(run)})
    hand.wait("The form closes", lambda: not hand.ask("focus")["dialog"])


def _queue(hand: Hand, run: Path) -> Path:
    """Two forks wait; the second comes first, the other one is removed. The one that still waits."""
    first, second = (_fork_of(hand, run, f"waits {number}") for number in (1, 2))
    hand.tab_to("queueList")
    hand.keys("End", "alt+Up")
    hand.wait("The second comes first", lambda: list(read_queue().waiting) == [second, first])
    hand.keys("End", "Delete")
    hand.wait("The other is removed", lambda: list(read_queue().waiting) == [second])
    _push(hand, "queueHold")
    hand.wait("The queue is held", lambda: read_queue().held)
    _push(hand, "queueHold")
    hand.wait("It is let go", lambda: not read_queue().held)
    hand.picture("queue-by-keys")
    return second


def _fork_of(hand: Hand, run: Path, name: str) -> Path:
    found = _fork(hand, {"learning_rate": "0.001"}, name)
    until(hand, "It waits", lambda seen: seen["phase"] == "waiting" and seen["folder"] == str(found))
    _push(hand, "allRuns")
    _open_in_table(hand, run)
    return found


def _close_and_find(hand: Hand, run: Path) -> None:
    hand.keys("ctrl+q")
    hand.wait("It is asked", lambda: hand.ask("where", name="closingKeep") is not None)
    hand.keys("Escape")
    hand.wait("It stays", lambda: not hand.ask("focus")["dialog"])
    hand.keys("ctrl+q")
    hand.wait("It is asked again", lambda: hand.ask("where", name="closingKeep") is not None)
    hand.keys("Return")
    hand.wait_for_end()
    if state(run) != "running":
        raise StepFailed("The run ended, though it was to be kept running.")
    hand.start()
    hand.wait("The window tells of the run", lambda: hand.ask("where", name="bannerOpenRun") is not None)
    _push(hand, "bannerOpenRun")
    until(hand, "It is shown", lambda seen: seen["shown"] and seen["phase"] == "running")
    _push(hand, "stopRun")
    until(hand, "It is over", lambda seen: seen["phase"] == "finished")


def _end(hand: Hand, following: Path) -> None:
    """The next one begins, is cancelled, resumed, and stopped with the window."""
    hand.wait("The next one begins", lambda: state(following) == "running")
    _push(hand, "allRuns")
    _open_in_table(hand, following)
    until(hand, "It goes on", lambda seen: seen["phase"] == "running")
    _push(hand, "cancelRun")
    until(hand, "It is cancelled", lambda seen: seen["phase"] == "cancelled")
    _push(hand, "resumeRun")
    until(hand, "It is resumed", lambda seen: seen["phase"] == "running")
    hand.keys("ctrl+q")
    hand.wait("It is asked", lambda: hand.ask("where", name="closingStop") is not None)
    _push(hand, "closingStop")
    hand.wait_for_end()
    until_state(following, "cancelled", hand.patience)
