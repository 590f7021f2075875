"""Steps that the drives of a run share: looking, forking, what was exported, and the end of all runs."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PySide6.QtGui import QImage

from engine.contract.commands import Cancel
from engine.runs.commands import tell
from engine.runs.folders import runs_folder
from engine.runs.lock import holder
from engine.runs.queue import hold
from engine.runs.reader import state
from engine.runs.writer import read_metrics
from tests.drives.hand import Hand, StepFailed
from tunevlseg_gui.pages.runs.kept_epochs import read_recipe


def live(hand: Hand) -> dict[str, Any]:
    """What the run on show says; {} where none is."""
    return hand.ask("live") or {"shown": False, "phase": "", "folder": "", "epoch": 0, "waiting": []}


def until(hand: Hand, what: str, condition: Callable[[dict[str, Any]], bool]) -> None:
    hand.wait(what, lambda: condition(live(hand)))


def fork_begun(
    hand: Hand, parent: Path, changes: dict[str, str], *, name: str = "", earlier: int = 0, picture: str = ""
) -> Path:
    """Forks the run on show and waits for the new run to be shown. `earlier`: how many kept epochs before the last."""
    before = runs_known()
    hand.press("forkRun")
    hand.wait("Epochs are offered", lambda: bool((hand.ask("where", name="forkStart") or {}).get("enabled")))
    if earlier:
        hand.press("forkEpoch")
        hand.wait("The list opens", lambda: bool(hand.ask("focus")["popup"]))
        hand.keys(*["Down"] * earlier, "Return")
        hand.wait("The list closes", lambda: not hand.ask("focus")["popup"])
    epoch = int(hand.text_of("forkEpoch").partition(",")[0])
    for key, value in changes.items():
        hand.press(f"fork_{key}")
        hand.keys("ctrl+a")
        hand.type(value)
        hand.keys("Tab")
    if name:
        hand.press("forkName")
        hand.keys("ctrl+a")
        hand.type(name)
    hand.wait("The change is told", lambda: all(key in hand.text_of("forkSummary") for key in changes))
    if picture:
        hand.picture(picture)
    hand.press("forkStart")
    run = new_run(hand, before)
    shares_first_part(run, parent, epoch)
    return run


def shares_first_part(run: Path, parent: Path, epoch: int) -> None:
    """Raises StepFailed where a fork's numbers up to `epoch` are not its parent's."""
    rows, before = read_metrics(run), read_metrics(parent)
    if rows[:epoch] != before[:epoch] or rows[epoch - 1]["epoch"] != epoch:
        raise StepFailed(f"{run.name} does not share its first {epoch} epochs with {parent.name}.")


def new_run(hand: Hand, before: set[Path]) -> Path:
    """The run that was not there `before`, once it is shown."""
    hand.wait("The new run has a folder", lambda: len(runs_known() - before) == 1)
    [run] = runs_known() - before
    until(hand, "The new run is shown", lambda seen: seen["shown"] and seen["folder"] == str(run))
    return run


def until_state(run: Path, wanted: str, patience: float) -> None:
    """Raises StepFailed where a run without a window does not come to this."""
    end = time.monotonic() + patience
    while state(run) != wanted:
        if time.monotonic() > end:
            raise StepFailed(f"{run.name} is {state(run)}, not {wanted}.")
        time.sleep(0.1)


def name_of(run: Path) -> str:
    """As its recipe and the table call it."""
    return str(read_recipe(run)["name"])


def runs_known() -> set[Path]:
    return {path for path in runs_folder().iterdir() if path.is_dir() and not path.name.startswith(".")}


def follow(hand: Hand, run: Path) -> None:
    """Until some epochs were added to its parent's."""
    begun = 4
    until(hand, "Its first epochs come", lambda seen: seen["folder"] == str(run) and seen["epoch"] >= begun + 3)


def exported_well(folder: Path, curves: set[str]) -> None:
    """Opens curves.csv, .png and .svg. Raises StepFailed where they are not what was shown."""
    with (folder / "curves.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    named = {row["curve"] for row in rows}
    if not curves <= named or {row["plot"] for row in rows} != {"Dice", "Loss"}:
        raise StepFailed(f"curves.csv holds {sorted(named)}.")
    if not all(0 <= float(row["value"]) <= 1 for row in rows if row["plot"] == "Dice"):
        raise StepFailed("curves.csv holds a Dice beyond 0 and 1.")
    picture = QImage(str(folder / "curves.png"))
    if picture.isNull() or picture.width() < 600:
        raise StepFailed("curves.png is no picture of the plots.")
    seen = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}
    if len(seen) < 5:
        raise StepFailed("curves.png is empty.")
    drawing = ElementTree.parse(folder / "curves.svg").getroot()
    texts = {text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")}
    if not {"Dice", "Loss", "Epoch"} <= {(text or "").strip() for text in texts}:
        raise StepFailed(f"curves.svg says {sorted(filter(None, texts))}.")


def stop_all() -> None:
    """No run of a drive goes on after it."""
    if not runs_folder().is_dir():
        return
    hold(True)
    held = [run for run in runs_known() if (known := holder(run)) is not None and known.alive]
    for run in held:
        tell(run, Cancel())
    until = time.monotonic() + 20
    while time.monotonic() < until and any((known := holder(run)) is not None and known.alive for run in held):
        time.sleep(0.1)
