"""A run looked at by the mouse: its numbers, curves, other runs over them, files, images through time."""

from __future__ import annotations

import time
from pathlib import Path

from tests.drives.hand import Hand, StepFailed
from tests.drives.live_steps import exported_well, live, until
from tests.drives.live_work import LABELS, OTHER, Work


def look_at_all(hand: Hand, work: Work, out: Path) -> None:
    """`out` receives the exported curves. Raises StepFailed at the first step that does not come to its end."""
    _numbers(hand)
    _curves(hand)
    _over_it(hand, work)
    _files(hand, out)
    _images(hand)


def _numbers(hand: Hand) -> None:
    until(hand, "Patience is counted", lambda seen: seen["facts"].get("patience", "–") != "–")
    until(hand, "Time left is told", lambda seen: seen["facts"].get("left", "–") != "–")
    until(
        hand,
        "Device, speed and memory are told",
        lambda seen: all(word in seen["machine"] for word in ("processor", "images/s", "MB")),
    )
    seen = live(hand)
    first = seen["plots"]["dicePlot"]["first"]["val"]
    if first[0][0] != 1:
        raise StepFailed(f"The fork's curve begins with {first}, not with its parent's first epoch.")
    hand.picture("running")


def _curves(hand: Hand) -> None:
    def shown(plot: str = "dicePlot") -> list[str]:
        return list(live(hand)["plots"][plot]["visible"])

    _menu(hand, "curveShown", "show_train")
    hand.wait("Training is hidden", lambda: "train" not in shown() + shown("lossPlot"))
    _menu(hand, "curveShown", "show_train")
    for name in LABELS:
        _menu(hand, "curveShown", f"show_{name}")
    wanted = {f"{split}_dice[{name}]" for split in ("train", "val") for name in LABELS}
    hand.wait("Curves of both labels are shown", lambda: wanted <= set(shown()))
    hand.picture("labels")
    slider = hand.ask("where", name="curveSmoothing")["rect"]
    middle = slider[1] + slider[3] // 2
    hand.drag(
        [[slider[0] + 7, middle], [slider[0] + slider[2] // 2, middle], [slider[0] + round(slider[2] * 0.8), middle]]
    )
    until(hand, "Curves are smoothed", lambda seen: seen["smoothing"] > 50)
    hand.picture("smoothed")
    at = hand.ask("curve_point", plot="dice", epoch=4, value=0.5)
    hand.hover([at[0] - 3, at[1]])
    hand.hover(at)
    until(
        hand, "Values under the mouse are told", lambda seen: seen["plots"]["dicePlot"]["readout"].startswith("Epoch")
    )
    told = {name: plot["readout"] for name, plot in live(hand)["plots"].items()}
    if not all(word in told["dicePlot"] for word in ("Training", "Validation", " (", *LABELS)):
        raise StepFailed(f"The values are {told['dicePlot']!r}.")
    if told["dicePlot"].partition(",")[0] != told["lossPlot"].partition(",")[0]:
        raise StepFailed(
            f"Over the Dice the mouse points at {told['dicePlot']!r}, in the loss at {told['lossPlot']!r}."
        )
    hand.picture("under-the-mouse")
    hand.wheel(down=False, times=3)
    hand.wait("The wheel looks closer", lambda: _span(hand) < live(hand)["epoch"] - 1)
    hand.hover(at)
    _double_click(hand, at)
    hand.wait("A double click shows all", lambda: _span(hand) >= live(hand)["epoch"] - 2)
    hand.choose("curveAxis", "Minutes")
    hand.press("curveLog")
    until(hand, "The axes are minutes and logarithmic", lambda seen: seen["axis"] == "Minutes" and seen["log_axis"])
    time.sleep(0.3)
    hand.picture("minutes-log")
    hand.choose("curveAxis", "Epochs")
    hand.press("curveLog")
    for name in LABELS:
        _menu(hand, "curveShown", f"show_{name}")


def _over_it(hand: Hand, work: Work) -> None:
    """Other runs, and seeds of one recipe as a band."""
    _menu(
        hand,
        "curveRuns",
        f"other_{work.seeds[0].name}_seeds",
        or_one_of=[f"other_{run.name}_seeds" for run in work.seeds],
    )
    hand.wait("Seeds are a band", lambda: len(live(hand)["plots"]["dicePlot"]["bands"]) == 1)
    _menu(hand, "curveRuns", f"other_{OTHER}")
    hand.wait(
        "Another run lies over it",
        lambda: any(key.startswith(str(work.other)) for key in live(hand)["plots"]["lossPlot"]["visible"]),
    )
    hand.picture("other-runs")
    hand.press(f"overlaid_{OTHER}")
    hand.wait(
        "It is hidden",
        lambda: not any(key.startswith(str(work.other)) for key in live(hand)["plots"]["lossPlot"]["visible"]),
    )
    hand.press(f"takeAway_{OTHER}")
    hand.wait("It is taken away", lambda: len(live(hand)["overlaid"]) == 1)


def _files(hand: Hand, out: Path) -> None:
    hand.press("curveShown")
    hand.keys("Escape")
    for kind in ("csv", "png", "svg"):
        path = out / f"curves.{kind}"
        _menu(hand, "curveExport", f"export_{kind}")
        hand.answer_file_dialog(path)
        hand.wait(f"{path.name} is written", path.is_file)
    exported_well(out, {"Training", "Validation", "Mean of 3 seeds"})
    hand.picture("exported")
    hand.press("bannerClose")


def _images(hand: Hand) -> None:
    until(hand, "Six images are shown", lambda seen: seen["image_columns"] == 6 and len(seen["thumbnails"]) > 3)
    first = live(hand)["image_epochs"][0]
    hand.drag([hand.ask("strip_point", place=2), hand.ask("strip_point", place=0)])
    until(hand, "The strip goes back in time", lambda seen: seen["image_epoch"] == first)
    here = live(hand)["epoch"]
    until(hand, "The run goes on meanwhile", lambda seen: seen["epoch"] > here)
    if live(hand)["image_epoch"] != first:
        raise StepFailed("A new epoch took the place of the one that was looked at.")
    hand.picture("scrubbed")
    hand.click(hand.ask("image_point", image=1))
    until(hand, "One image alone", lambda seen: seen["alone"] == 1)
    hand.picture("one-image")
    hand.click(hand.ask("image_point", image=1))
    until(hand, "All images again", lambda seen: seen["alone"] is None)
    hand.press("previewNewest")
    until(hand, "The newest again", lambda seen: seen["image_epoch"] == seen["image_epochs"][-1])


def _menu(hand: Hand, button: str, entry: str, or_one_of: list[str] | None = None) -> None:
    """An entry of a button's menu."""
    hand.press(button)
    hand.wait("The menu opens", lambda: bool(hand.ask("focus")["popup"]))
    entry = next((name for name in (entry, *(or_one_of or [])) if hand.ask("where", name=name)), entry)
    hand.press(entry)
    hand.wait("The menu closes", lambda: not hand.ask("focus")["popup"])


def _double_click(hand: Hand, at: list[int]) -> None:
    hand.click(at)
    hand.click(at)


def _span(hand: Hand) -> float:
    left, right, *_ = live(hand)["plots"]["dicePlot"]["range"]
    return float(right - left)
