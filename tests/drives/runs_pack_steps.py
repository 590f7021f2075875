"""Prompt packs: out by a button and by a drag into another program, in by the menu and by a drag out of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.drives.drag_partner import SIDE
from tests.drives.hand import ROOT, StepFailed
from tests.drives.runs_drive import Drive, expect


def packs(here: Drive) -> None:
    """Out by the button and by a drag, in by the menu and by a drag; one of other weights is refused."""
    hand, way = here.hand, here.way
    way.row("runTable", here.at("polyps vpt third"))
    way.press("moreActions")
    way.entry("menuPack")
    here.until("The pack is offered", lambda: here.shown("packStart") and here.shown("packTile"))
    command = here.command("packCommand")
    expect(command, "pack", str(here.made.run("polyps vpt third")))
    way.press("packStart")
    here.until("The pack is saved", lambda: "Saved as" in here.told())
    hand.picture("packed")
    pack = next(here.made.run("polyps vpt third").glob("*.tvprompt"))
    if way.name == "mouse":
        _drag_out(here)
    here.back()
    runs = len(here.table()["rows"])
    if way.name == "mouse":
        _drag_in(here, pack)
    else:
        _import_by_menu(here, pack)
    here.until("The pack is a run", lambda: "is a run now" in here.told())
    hand.picture("imported")
    here.back()
    here.until("It is listed", lambda: len(here.table()["rows"]) == runs + 1)
    _import_by_menu(here, here.made.foreign)
    refused = _refusal(here)
    if "sha256" not in refused and "hash" not in refused:
        raise StepFailed(f"The pack of other weights is refused so: {refused}")
    hand.picture("refused")
    way.press("bannerClose")
    here.until("The refusal is put away", lambda: not here.told())


def _import_by_menu(here: Drive, pack: Path) -> None:
    here.hand.keys("alt+f")
    here.way.entry("actionImportPack")
    here.hand.answer_file_dialog(pack)


def _refusal(here: Drive) -> str:
    """What the window says against it; `Hand.wait` would take that for a failure."""
    for _ in range(600):
        told = [one for one in here.hand.state()["notices"] if one["tone"] == "danger"]
        if told:
            return f"{told[0]['message']} {told[0]['hint']}"
        here.hand.rest()
    raise StepFailed("The pack of other weights is not refused.")


class Partner:
    """Another program's window, beside ours, to drag files into and out of."""

    def __init__(self, here: Drive, file: Path) -> None:
        left, top, width, _ = here.hand.ask("where", name="mainWindow")["rect"]
        self._left, self._top, self._scale = left + width + 20, top + 20, here.hand.scale
        words = [str(round(value / here.hand.scale)) for value in (self._left, self._top)]
        env = {
            **os.environ,
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": str(here.hand.scale),
            "PYTHONPATH": str(ROOT),
        }
        program = ROOT / "tests" / "drives" / "drag_partner.py"
        self._process = subprocess.Popen(
            [sys.executable, str(program), *words, str(file)],
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise StepFailed("The other window does not open.")

    def place(self, half: int) -> tuple[int, int]:
        """The middle of its source (0) or target (1)."""
        side = SIDE * self._scale
        return round(self._left + (half + 0.5) * side), round(self._top + 0.5 * side)

    def got(self) -> Path:
        """The file that was dropped on it."""
        assert self._process.stdout is not None
        return Path(self._process.stdout.readline().strip())

    def close(self) -> None:
        self._process.kill()  # in the middle of a drag it would not end by itself
        self._process.communicate()


def _path(start: tuple[int, int], end: tuple[int, int], steps: int = 12) -> list[tuple[int, int]]:
    return [
        (round(start[0] + (end[0] - start[0]) * at / steps), round(start[1] + (end[1] - start[1]) * at / steps))
        for at in range(steps + 1)
    ]


def _drag_out(here: Drive) -> None:
    left, top, width, height = here.hand.ask("where", name="packTile")["seen"]
    partner = Partner(here, here.made.foreign)
    try:
        points = _path((left + width // 2, top + height // 2), partner.place(1))
        here.hand.drag(points, let_go=False)
        here.until("The pack is there to be dragged", lambda: any((here.made.home / "cache").rglob("*.tvprompt")))
        for _ in range(5):
            here.hand.rest()
        here.hand.drag_on([points[-1], partner.place(1)])
        got = partner.got()
    finally:
        here.hand.let_go()
        partner.close()
    if got.suffix != ".tvprompt" or not got.is_file():
        raise StepFailed(f"What was dragged out is {got}.")


def _drag_in(here: Drive, pack: Path) -> None:
    left, top, width, height = here.hand.ask("where", name="mainWindow")["rect"]
    partner = Partner(here, pack)
    try:
        points = _path(partner.place(0), (left + width // 2, top + height // 2))
        here.hand.drag(points, let_go=False)
        here.until("What a drop would do is told", lambda: here.shown("dropTitle"))
        here.hand.picture("dragged-in")
        here.hand.let_go()
        here.until("It is taken", lambda: "is a run now" in here.told())
    finally:
        partner.close()
