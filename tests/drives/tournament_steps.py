"""A tournament and a label plan from the window: killed on the way, gone on with, and their tables as files."""

from __future__ import annotations

import csv
import os
import signal
from html.parser import HTMLParser
from pathlib import Path

from engine.runs.lock import holder
from tests.drives.hand import Hand, StepFailed

TABS = ("searches", "tournaments", "labels")


def show(hand: Hand, name: str) -> None:
    hand.click(hand.ask("tab_point", tabs="experimentTabs", at=TABS.index(name)))


def begin(hand: Hand, matrix: Path) -> Path:
    """From a file; the tournament's folder."""
    show(hand, "tournaments")
    hand.wait("The presets are offered", lambda: bool((hand.ask("tournament") or {}).get("choices")))
    hand.wait("A preset is shown", lambda: bool(hand.ask("tournament")["name"]))
    hand.picture("tournament-preset")
    hand.press("matrixFile")
    hand.answer_file_dialog(matrix)
    hand.wait("Its cells are shown", lambda: hand.ask("tournament")["name"] == matrix.stem)
    hand.wait("What is impossible is known", lambda: bool(hand.ask("tournament")["start"]))
    hand.picture("tournament-chosen")
    hand.press("tournamentStart")
    hand.wait("A cell runs", lambda: bool(hand.ask("tournament")["cells"].get("running")))
    hand.picture("tournament-running")
    return Path(hand.ask("tournament")["folder"])


def kill_both(hand: Hand, folder: Path, done: int) -> None:
    """The window and the worker, as the power would, within a cell after so many; then on with it."""
    hand.wait(f"{done} cells are done", lambda: hand.ask("tournament")["cells"].get("done", 0) >= done)
    hand.wait("Another one runs", lambda: bool(hand.ask("tournament")["cells"].get("running")))
    hand.picture(f"tournament-{done}-done")
    there = holder(folder)
    if there is None or not there.alive:
        raise StepFailed("No worker holds the tournament.")
    hand.kill()
    os.kill(there.pid, signal.SIGKILL)
    hand.expected = f"The worker of {folder.name} "
    hand.start()
    go_on(hand, folder)
    hand.expected = ""


def go_on(hand: Hand, folder: Path) -> None:
    """In a window that was started again."""
    from tests.drives.studies_page import come

    come(hand)
    show(hand, "tournaments")
    hand.wait("It is offered", lambda: folder.name in (hand.ask("tournament") or {}).get("choices", []))
    hand.choose("matrixChoice", folder.name)
    hand.wait("It is shown", lambda: hand.ask("tournament")["folder"] == str(folder))
    hand.wait("It can go on", lambda: hand.ask("tournament")["start"] == "Resume")
    hand.picture("tournament-reopened")
    hand.press("tournamentStart")
    hand.wait("A cell runs", lambda: bool(hand.ask("tournament")["cells"].get("running")))


def finish(hand: Hand) -> None:
    hand.wait("Every cell has ended", lambda: hand.ask("tournament")["phase"] == "finished")
    hand.wait("Nobody works on it", lambda: not hand.ask("tournament")["alive"])
    hand.picture("tournament-finished")
    for at in range(1, len(hand.ask("tournament")["tabs"])):
        hand.click(hand.ask("tab_point", tabs="tournamentTabs", at=at))
        shown = "costPlot" if at == 1 else f"results_{at - 2}"
        hand.wait(f"The tab {at} is shown", lambda shown=shown: hand.ask("where", name=shown) is not None)
        hand.picture(f"tournament-tab-{at}")
    hand.click(hand.ask("tab_point", tabs="tournamentTabs", at=0))
    hand.press("writeTables")
    hand.wait("The tables are written", lambda: any(one["tone"] == "good" for one in hand.state()["notices"]))
    hand.picture("tournament-written")


def compare(found: Path, whole: Path) -> None:
    """Raises StepFailed where the tables differ in more than seconds, or a file is not what its ending says."""
    if _rows(found) != _rows(whole):
        raise StepFailed(f"{found} and {whole} hold different tables.")
    heads = next(csv.reader((found / "results.csv").open(newline="")))
    texts = {ending: _one(found, ending).read_text(encoding="utf-8") for ending in ("md", "tex", "html")}
    if (
        "|" not in texts["md"]
        or "\\begin{tabular}" not in texts["tex"]
        or texts["tex"].count("\\begin") != texts["tex"].count("\\end")
    ):
        raise StepFailed("A table is not whole.")
    page = _Cells()
    page.feed(texts["html"])
    names = {row["row"] for row in _rows(found)} if "row" in heads else set()
    said = " ".join(page.cells)
    if (
        page.open
        or not page.cells
        or not all(name.split("@")[0].split("-")[0].replace("_", " ").lower()[:4] in said.lower() for name in names)
    ):
        raise StepFailed("The page of tables is not whole, or lacks a line.")


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="") as lines:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(lines)]


def _one(folder: Path, ending: str) -> Path:
    return next(folder.glob(f"*.{ending}"))


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open = 0
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open += tag == "table"
        self._inside = tag in ("td", "th")

    def handle_endtag(self, tag: str) -> None:
        self.open -= tag == "table"
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells.append(data)


def plan_labels(hand: Hand, recipe: Path, sizes: str) -> None:
    show(hand, "labels")
    hand.wait("The planner is shown", lambda: hand.ask("plan") is not None)
    hand.press("planRecipe")
    hand.type(str(recipe))
    hand.press("planSizes")
    hand.type(sizes)
    hand.picture("labels-asked")
    hand.press("planStart")
    hand.wait("Its worker works", lambda: bool(hand.ask("plan")["alive"]))
    hand.wait("A size is tuned", lambda: hand.ask("plan")["points"] >= 1)
    hand.picture("labels-growing")
    hand.wait("The advice comes", lambda: bool(hand.ask("plan")["said"]))
    hand.wait("Its worker has ended", lambda: not hand.ask("plan")["alive"])
    hand.picture("labels-advice")
