"""The tuning wizard driven by mouse, or by the keyboard alone, through all that it can do, up to a run that ends.

    xvfb-run -a -s "-screen 0 2800x1800x24" python -m tests.drives.tune_page --out FOLDER
        [--by mouse|keyboard|looking] [--theme light|dark] [--scale 2] [--words long|rtl]

Data with problems, quick look, phrase bench; every kind of import, a download through a proxy that fails, is left and
is gone on with; the gauge with its map; strategies; settings that are wrong and right; review, copies, back and forth,
the smallest window, the run. `looking` only goes through the steps, for made-up languages. FOLDER receives pictures.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.drives import tune_steps
from tests.drives.hand import Hand, StepFailed
from tests.drives.program import exit_code, fresh_folders, options
from tests.drives.tune_kit import Kit, kit, settings
from tests.drives.tune_steps import PAGE, STEPS


@dataclass
class ByMouse:
    hand: Hand

    def press(self, name: str) -> None:
        self.hand.press(name)

    def fill(self, name: str, text: str) -> None:
        self.hand.press(name)
        self.hand.keys("ctrl+a")
        self.hand.type(text)
        self.hand.keys("Tab")

    def choose_card(self, kind: str, value: str) -> None:
        self.hand.press(f"{kind}_{value}")
        _wait_for_card(self.hand, kind, value)

    def choose_row(self, name: str, text: str) -> None:
        self.hand.choose(name, text)

    def choose_tab(self, tabs: str, number: int) -> None:
        self.hand.click(self.hand.ask("where", name=tabs)["tabs"][number])

    def go_to(self, step: str) -> None:
        self.hand.press(f"step_{step}")

    def looked_through(self, name: str) -> None:
        tune_steps.look_over(self.hand, name, f"{_step_in_sight(self.hand)}Step")


@dataclass
class ByKeyboard:
    hand: Hand

    def press(self, name: str) -> None:
        self.hand.wait_until_enabled(name)
        self.hand.tab_to(name)
        self.hand.keys("space")

    def fill(self, name: str, text: str) -> None:
        self.hand.tab_to(name)
        self.hand.keys("ctrl+a")
        self.hand.type(text)
        self.hand.keys("Tab")

    def choose_card(self, kind: str, value: str) -> None:
        """Tab stops at the card that is chosen; the arrows choose others."""
        chosen = [name for name, on in self.hand.ask("inputs", under=f"{kind}Step").items() if on is True]
        self.hand.tab_to(next(name for name in chosen if name.startswith(f"{kind}_")))
        for key in ("Down", "Up"):
            for _ in range(14):
                if self.hand.ask("inputs", under=f"{kind}Step").get(f"{kind}_{value}"):
                    return
                self.hand.keys(key)
        raise StepFailed(f"The arrows do not reach “{value}”.")

    def choose_row(self, name: str, text: str) -> None:
        self.hand.tab_to(name)
        self.hand.keys("Home")
        for _ in range(30):
            if self.hand.text_of(name) == text:
                return
            self.hand.keys("Down")
        raise StepFailed(f"“{name}” offers no “{text}”.")

    def choose_tab(self, tabs: str, number: int) -> None:
        self.hand.tab_to("qt_tabwidget_tabbar")
        self.hand.keys("Left", times=5)
        if number:
            self.hand.keys("Right", times=number)

    def go_to(self, step: str) -> None:
        for _ in STEPS:
            here = _step_in_sight(self.hand)
            if here == step:
                return
            self.hand.keys("alt+Right" if STEPS.index(step) > STEPS.index(here) else "alt+Left")
            self.hand.wait("Another step comes", lambda here=here: _step_in_sight(self.hand) != here)

    def looked_through(self, name: str) -> None:
        step = f"{_step_in_sight(self.hand)}Step"
        tune_steps.look_over(self.hand, name, step)
        self.hand.tab_through(PAGE)
        if self.hand.ask("where", name=step)["to_scroll"]:
            self.hand.tab_to("wizardNext")
            self.hand.keys("Prior", times=30)
            self.hand.keys("Next")
            self.hand.wait("Page down scrolls", lambda: self.hand.ask("where", name=step)["scrolled"] > 0)


def _step_in_sight(hand: Hand) -> str:
    return next(step for step in STEPS if hand.ask("where", name=f"{step}Step") is not None)


def _wait_for_card(hand: Hand, kind: str, value: str) -> None:
    hand.wait(f"“{value}” is chosen", lambda: bool(hand.ask("inputs", under=f"{kind}Step").get(f"{kind}_{value}")))


def drive(hand: Hand, given: Kit, by: str, theme: str) -> None:
    """The whole road. Raises StepFailed at the first step that does not come to its end."""
    hand.start(str(given.data))
    hand.choose_theme(theme)
    hand.keys("ctrl+2")
    hand.wait("The wizard comes", lambda: hand.ask("where", name="dataStep") is not None)
    hand.wait("The dataset is known", lambda: bool(hand.ask("where", name="wizardNext")["enabled"]))
    if by == "looking":
        look(hand)
        return
    way = ByMouse(hand) if by == "mouse" else ByKeyboard(hand)
    for part in tune_steps.ROAD:
        part(way, given)
        sys.stdout.write(f"{part.__name__}\n")
        sys.stdout.flush()


def look(hand: Hand) -> None:
    """Every step as it comes, large and small, with what hangs in it."""
    hand.press("quickLookStart")
    hand.press("phraseBenchStart")
    hand.wait("The looks are there", lambda: hand.ask("where", name="benchNote") is not None)
    for step in STEPS:
        hand.press(f"step_{step}")
        hand.wait("The step is there", lambda step=step: _step_in_sight(hand) == step)
        if step == "model":
            hand.press("networkFold")
        if step == "strategy":
            hand.press("shiftMapShow")
            hand.wait("The map is shown", lambda: hand.ask("where", name="shiftMap") is not None)
        if step == "settings":
            hand.press("expertSettings")
            hand.wait("Expert settings are there", lambda: hand.ask("where", name="training_keep_epochs") is not None)
        if step == "review":
            hand.wait("What it will take is measured", lambda: hand.text_of("cost_time") not in ("", "–"))
        tune_steps.look_over(hand, step, f"{step}Step")
    tune_steps.small(ByMouse(hand), None)  # type: ignore[arg-type]


def visit(out: Path, by: str, theme: str, scale: float, words: str, patience: float) -> list[Path]:
    """The pictures that were taken, in `out`, whose old ones go. Raises StepFailed."""
    home, work = fresh_folders(out)
    settings(home)
    hand = Hand(home, out, scale, patience, words)
    with kit(work) as given:
        try:
            drive(hand, given, by, theme)
        finally:
            hand.close()
    return hand.taken


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--by", choices=["mouse", "keyboard", "looking"], default="mouse")
    parser.add_argument(
        "--words", choices=["", "long", "rtl"], default="", help="a made-up language; with --by looking"
    )
    given = parser.parse_args()
    out: Path = given.out.absolute()
    return exit_code(out, lambda: visit(out, given.by, given.theme, given.scale, given.words, given.patience))


if __name__ == "__main__":
    sys.exit(main())
