"""A search from the window: begun, watched, steered by the mouse and then by the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.drives.hand import Hand, StepFailed

HEARD_S = 1.0
"""Within which what was told has to be done, on a machine that does nothing else."""
TRIES = 5
TABS = ("history", "importance", "parallel", "slices", "contour", "timeline", "pareto", "trials")


def show_tab(hand: Hand, name: str) -> None:
    """By a click, or by arrows where a narrow window has scrolled it out of sight."""
    at = TABS.index(name)
    if hand.ask("tab_seen", tabs="studyTabs", at=at):
        hand.click(hand.ask("tab_point", tabs="studyTabs", at=at))
    else:
        here = TABS.index(hand.ask("study")["panel"])
        hand.click(hand.ask("tab_point", tabs="studyTabs", at=here))
        for _ in TABS:
            if hand.ask("study")["panel"] == name:
                break
            hand.keys("Right" if at > here else "Left")
    hand.wait(f"The tab {name} is drawn", lambda: hand.ask("study")["panel"] == name and hand.ask("view_drawn"))


def begin(hand: Hand, recipe: Path, trials: int) -> None:
    """By the dialog for a new search."""
    hand.press("newSearch")
    hand.wait("The dialog opens", lambda: bool(hand.ask("focus")["dialog"]))
    hand.press("searchRecipe")
    hand.type(str(recipe))
    hand.press("searchName")
    hand.type("Polyps, twice")
    for name, value in (("searchTrials", trials), ("searchStartup", 5)):
        hand.press(name)
        hand.keys("ctrl+a")
        hand.type(str(value))
    hand.picture("new-search")
    hand.press("searchStart")
    hand.wait("The study is shown", lambda: bool(hand.ask("study").get("shown")))
    hand.picture("waiting")
    hand.wait("A trial runs", lambda: bool(hand.ask("study").get("running")))
    hand.wait("It is told with its epochs", lambda: any(hand.ask("study")["running"].values()))
    hand.picture("running")
    hand.wait("Two trials have ended", lambda: hand.ask("study").get("ended", 0) >= 2)
    show_tab(hand, "history")
    hand.picture("history-live")


class Ledger:
    """What was told to the study, one thing after the other; `slack`: how many times HEARD_S each may take."""

    def __init__(self, hand: Hand, slack: float) -> None:
        self._hand, self._slack = hand, slack
        self.seconds: list[float] = []

    def told(self, begins: str) -> None:
        """Waits until the next thing that was told is done. Raises StepFailed where it is another one, was refused or
        took too long."""
        at = len(self.seconds)
        self._hand.wait(f"“{begins}…” is told", lambda: len(self._all()) > at)
        self._hand.wait(f"“{begins}…” is answered", lambda: self._all()[at]["state"] != "asked")
        one = self._all()[at]
        late = one["seconds"] > HEARD_S * self._slack
        if one["state"] != "done" or late or not one["words"].startswith(begins):
            raise StepFailed(f"{begins}… is {one['words']}: {one['state']}, {one['seconds']:.1f} s. {one['said']}")
        self.seconds.append(float(one["seconds"]))

    def _all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._hand.ask("study")["told"]
        return found


def steer_by_mouse(hand: Hand, ledger: Ledger) -> None:
    """Right clicks in the plot, a drag, buttons."""
    number = hand.ask("study")["numbers"]["complete"][0]
    hand.click(hand.ask("trial_point", plot="historyPlot", number=number), button=3)
    _menu(hand)
    hand.picture("menu-of-a-trial")
    hand.press(f"Try a point like trial {number}…")
    _dialog(hand)
    hand.press("point_training.learning_rate")
    hand.keys("ctrl+a")
    hand.type("0.001")
    hand.picture("point")
    hand.press("pointDialogGo")
    ledger.told("Try next")
    hand.wait("It stands in line", lambda: _in_line(hand) or _was_tried(hand))
    show_tab(hand, "slices")
    hand.wait("The slices are there", lambda: hand.ask("where", name="slice_training.learning_rate") is not None)
    hand.wait("They are drawn", lambda: bool(hand.ask("view_drawn")))
    hand.drag(
        [
            hand.ask("plot_point", plot="slice_training.learning_rate", across=x, up=0.3 + x)
            for x in (0.0, 0.1, 0.2, 0.3)
        ]
    )
    hand.wait("A region is selected", lambda: "training.learning_rate" in hand.ask("study").get("region", {}))
    hand.click(hand.ask("plot_point", plot="slice_training.learning_rate", across=0.9, up=0.9), button=3)
    _menu(hand)
    hand.picture("menu-of-a-region")
    hand.press("Ban the selected region")
    ledger.told("Ban")
    hand.wait("It is among the rules", lambda: any(rule.startswith("Banned") for rule in hand.ask("study")["rules"]))
    hand.press("selectAll")
    running = _running(hand)
    hand.press(f"stopTrial{running}")
    ledger.told(f"Stop trial {running}")
    hand.wait("It stops", lambda: str(running) not in hand.ask("study")["running"])
    hand.press("studyPause")
    ledger.told("Pause")
    hand.wait("It is paused", lambda: bool(hand.ask("study")["paused"]))
    hand.picture("paused")
    hand.press("studyPause")
    ledger.told("Let the study go on")
    hand.wait("It goes on", lambda: not hand.ask("study")["paused"])


def steer_by_keyboard(hand: Hand, ledger: Ledger) -> None:
    """The same without a mouse: Tab to the plot, arrows to a trial, the menu key."""
    show_tab(hand, "history")
    hand.tab_to("historyPlot")
    hand.keys("Right")
    hand.wait("An arrow looks at a trial", lambda: hand.ask("study")["current"] is not None)
    number = hand.ask("study")["current"]
    hand.keys("Menu")
    _menu(hand)
    _pick(hand, f"Try a point like trial {number}…")
    _dialog(hand)
    hand.keys("Return")
    ledger.told("Try next")
    hand.keys("shift+F10")
    _menu(hand)
    _pick(hand, "Keep Prompt depth")
    ledger.told("Keep Prompt depth")
    hand.wait("It is among the rules", lambda: any(" stays at " in rule for rule in hand.ask("study")["rules"]))
    hand.keys("Menu")
    _menu(hand)
    _pick(hand, "Ban a region…")
    _dialog(hand)
    hand.tab_to("ban_training.weight_decay_0")
    hand.type("0.005")
    hand.keys("Tab")
    hand.type("0.01")
    hand.picture("ban-by-keyboard")
    hand.keys("Return")
    ledger.told("Ban")
    hand.tab_to("studyPause", back=True)
    hand.keys("space")
    ledger.told("Pause")
    hand.wait("It is paused", lambda: bool(hand.ask("study")["paused"]))
    hand.keys("space")
    ledger.told("Let the study go on")
    _stop_by_keyboard(hand, ledger)
    hand.picture("steered-by-keyboard")


def _stop_by_keyboard(hand: Hand, ledger: Ledger) -> None:
    """A trial that runs is a line of the timeline: the last one from the left. Another one, where it ended first."""
    show_tab(hand, "timeline")
    hand.tab_to("timelinePlot")
    for _ in range(TRIES):
        running = _running(hand)
        hand.wait("The timeline knows it", lambda running=running: running in _known(hand) and hand.ask("view_drawn"))
        for _ in range(8):
            if hand.ask("study")["current"] == running:
                break
            hand.keys("Left")
        if str(running) not in hand.ask("study")["running"]:
            continue
        hand.keys("Menu")
        _menu(hand)
        _pick(hand, f"Stop trial {running}")
        ledger.told(f"Stop trial {running}")
        hand.wait("It stops", lambda running=running: str(running) not in hand.ask("study")["running"])
        return
    raise StepFailed(f"{TRIES} trials ended before a keyboard could stop them.")


def _known(hand: Hand) -> list[int]:
    """Trials that were read, whatever became of them."""
    found: dict[str, list[int]] = hand.ask("study")["numbers"]
    return [number for numbers in found.values() for number in numbers]


def end(hand: Hand) -> None:
    hand.press("studyStop")
    hand.wait("The worker ends", lambda: not hand.ask("study")["alive"])
    hand.wait("That is shown", lambda: hand.ask("where", name="studyResume") is not None)
    hand.picture("stopped")


def _running(hand: Hand) -> int:
    """A trial that is not near its end."""
    hand.wait("A trial begins", lambda: any(epoch <= 6 for epoch in hand.ask("study")["running"].values()))
    return next(int(number) for number, epoch in hand.ask("study")["running"].items() if epoch <= 6)


def _in_line(hand: Hand) -> bool:
    return any(rule.startswith("In line") for rule in hand.ask("study")["rules"])


def _was_tried(hand: Hand) -> bool:
    """It may have been taken before anybody looked."""
    states: dict[str, Any] = hand.ask("study")["states"]
    return not states.get("waiting")


def _menu(hand: Hand) -> None:
    hand.wait("The menu opens", lambda: bool(hand.ask("focus")["popup"]))


def _dialog(hand: Hand) -> None:
    hand.wait("The dialog opens", lambda: bool(hand.ask("focus")["dialog"]))


def _pick(hand: Hand, begins: str) -> None:
    """An entry of the menu that is open, by arrows."""
    entries = hand.ask("menu")
    at = next((at for at, words in enumerate(entries) if words.startswith(begins)), None)
    if at is None:
        raise StepFailed(f"The menu offers no “{begins}…”: {entries}")
    hand.keys("Down", times=at + 1)
    hand.keys("Return")
