"""What the steps of a drive of the Runs page share: the window, the way it is driven, the runs that were made."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.drives.hand import Hand, StepFailed
from tests.drives.made_runs import Made
from tests.drives.ways import Way
from tunevlseg_gui.frame.page_list import PAGES


@dataclass
class Drive:
    hand: Hand
    way: Way
    made: Made
    work: Path

    # looking

    def table(self, name: str = "runTable") -> dict[str, Any]:
        found: dict[str, Any] | None = self.hand.ask("table", name=name)
        return found or {"heads": [], "rows": [], "chosen": [], "sideways": 0, "tips": [], "places": [], "row_tips": []}

    def column(self, title: str, table: str = "runTable") -> list[str]:
        found = self.table(table)
        if title not in found["heads"]:
            return []
        return [row[found["heads"].index(title)] for row in found["rows"]]

    def at(self, name: str) -> int:
        return self.column("Name").index(name)

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        self.hand.wait(what, condition)

    def shown(self, name: str) -> bool:
        return self.hand.ask("where", name=name) is not None

    def text(self, name: str) -> str:
        return self.hand.text_of(name)

    def told(self) -> str:
        """What the banners say."""
        return " ".join(f"{one['message']} {one['hint']}" for one in self.hand.state()["notices"])

    # doing

    def to_runs(self) -> None:
        self.hand.keys(f"ctrl+{[name for name, *_ in PAGES].index('runs')}")
        self.until("The Runs page comes", lambda: self.shown("runsPage"))

    def open(self, name: str) -> None:
        self.way.row("runTable", self.at(name))
        self.way.press("openRun")
        self.until(f"{name} is shown", lambda: self.shown("runDetail"))

    def back(self, button: str = "allRuns") -> None:
        self.way.press(button)
        self.until("The table is shown", lambda: self.shown("runTable"))

    def command(self, button: str, *, picture: str = "") -> str:
        """Shows the command of an action, copies it, and gives what is on the clipboard."""
        self.way.press(button)
        return self.copy_command(picture=picture)

    def copy_command(self, *, picture: str = "") -> str:
        self.until("The command is shown", lambda: self.shown("commandDialog"))
        shown = self.text("commandText")
        if self.shown("commandRecipe"):
            self.until("Its recipe is shown", lambda: "strategy:" in self.text("commandRecipe"))
            self.way.press("commandCopyRecipe")
            self.until("The recipe is copied", lambda: self.hand.ask("copied") == self.text("commandRecipe"))
        if picture:
            self.hand.picture(picture)
        self.way.press("commandCopy")
        self.until("The command is copied", lambda: self.hand.ask("copied") == shown)
        self.hand.keys("Escape")
        self.until("The command is put away", lambda: not self.shown("commandDialog"))
        return shown


def expect(command: str, *wanted: str) -> None:
    """That these words are in a command of the program."""
    if not set(wanted) <= set(shlex.split(command)) or not command.startswith("tunevlseg "):
        raise StepFailed(f"The command shown is “{command}”, without {wanted}.")
