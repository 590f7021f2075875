"""The Runs page driven by an X server's mouse, or by its keyboard alone: runs compared, scored, explained, packed.

    xvfb-run -a -s "-screen 0 2800x1800x24" python -m tests.drives.runs_page --out FOLDER
        [--by mouse|keyboard] [--theme light|dark] [--scale 2] [--made FOLDER]

Runs are made by the command line first (`made_runs.py`). FOLDER receives pictures. `--made`: runs that are there
already, as `made_runs.make` left them; they are copied.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.drives import made_runs
from tests.drives.drag_partner import SIDE
from tests.drives.hand import ROOT, Hand, StepFailed, missing
from tests.drives.made_runs import Made
from tests.drives.ways import WAYS, Way
from tunevlseg_gui.frame.page_list import PAGES

SIZE = (1280, 820)
SMALLEST = (900, 600)


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


def drive(here: Drive, theme: str, steps: Sequence[str]) -> None:
    """The whole road, or some of STEPS. Raises StepFailed at the first step that does not come to its end."""
    hand = here.hand
    hand.start()
    hand.resize(*SIZE)
    hand.choose_theme(theme)
    here.to_runs()
    here.until("The runs are listed", lambda: len(here.table()["rows"]) == len(made_runs.RUNS))
    hand.picture("runs")
    for name in steps:
        STEPS[name](here)
    hand.close()


def order_filter_columns(here: Drive) -> None:
    hand, way = here.hand, here.way
    if here.table()["sideways"]:
        raise StepFailed(f"The table of runs scrolls sideways by {here.table()['sideways']} pixels.")
    _sort(here, "Best Dice")
    here.until("The best comes first", lambda: _falls(here.column("Best Dice")))
    _sort(here, "Best Dice")
    here.until("The worst comes first", lambda: _falls(here.column("Best Dice")[::-1]))
    _sort(here, "Name")
    here.until("Names are in order", lambda: here.column("Name") == sorted(here.column("Name")))
    way.row("runTable", here.at("organs coop"))
    hand.keys("ctrl+f")
    here.until("The filter has the keyboard", lambda: hand.ask("focus")["widget"] == "runFilter")
    hand.type("coop polyps")
    here.until("Both words are looked for", lambda: here.column("Name") == ["polyps coop"])
    hand.picture("filtered")
    hand.keys("ctrl+a", "Delete")
    here.until("All are back", lambda: len(here.table()["rows"]) == len(made_runs.RUNS))
    for _ in range(2):
        way.press("runColumns")
        before = hand.ask("menu")
        way.entry("Epochs")
        here.until("The menu closes", lambda: hand.ask("menu") is None)
        was = before["checked"][before["entries"].index("Epochs")]
        here.until("The column comes or goes", lambda was=was: ("Epochs" in here.table()["heads"]) != was)


def _sort(here: Drive, title: str) -> None:
    if here.way.name == "mouse":
        found = here.table()
        left, top, width, height = found["head_places"][found["heads"].index(title)]
        here.hand.click((left + width // 3, top + height // 2))
        for _ in range(6):
            here.hand.rest()  # two clicks in a short time are a double one
    else:
        here.way.press("runColumns")
        here.way.entry("Sort by", title)
    here.until("No menu is open", lambda: here.hand.ask("menu") is None)


def _falls(numbers: list[str]) -> bool:
    values = [float(number) for number in numbers if number]
    return values == sorted(values, reverse=True)


def notes_star_tags(here: Drive) -> None:
    hand, way, name = here.hand, here.way, "polyps coop"
    way.row("runTable", here.at(name))
    if way.name == "mouse":
        found = here.table()
        left, top, width, height = found["places"][here.at(name)][found["heads"].index("Star")]
        hand.click((left + width // 2, top + height // 2))
    else:
        hand.keys("s")
    here.until("It has a star", lambda: _notes(here, name).get("star") is True)
    way.press("moreActions")
    hand.picture("more")
    way.entry("menuNotes")
    here.until("The notes open", lambda: here.shown("notesDialog"))
    way.into("notesTags")
    hand.type("paper, to repeat")
    way.into("notesText")
    hand.type("Words alone learn little here.")
    hand.picture("notes")
    way.press("notesKeep")
    here.until("They are kept", lambda: _notes(here, name).get("tags") == ["paper", "to repeat"])
    hand.keys("ctrl+f")
    hand.type("paper")
    here.until("A tag is found", lambda: here.column("Name") == [name])
    hand.keys("ctrl+a", "Delete")
    here.until("All are back", lambda: len(here.table()["rows"]) == len(made_runs.RUNS))
    if here.column("Name")[here.table()["chosen"][0]] != name:
        raise StepFailed("Filtering changed what is selected.")
    hand.picture("starred")
    here.open(name)
    here.back()
    here.until("The run is still selected", lambda: here.table()["chosen"] == [here.at(name)])


def _notes(here: Drive, name: str) -> dict[str, Any]:
    from engine.runs.layout import NOTES

    path = here.made.run(name) / NOTES
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(found or {})


def compare(here: Drive) -> None:
    """Three seeds of one recipe as a band beside another strategy."""
    hand, way = here.hand, here.way
    names = ["polyps vpt", "polyps vpt again", "polyps vpt third", "polyps coop"]
    chosen = sorted(here.at(name) for name in names)
    way.rows("runTable", chosen)
    way.press("compareRuns")
    here.until("Settings that differ are told", lambda: bool(here.table("compareSettings")["rows"]))
    settings = here.column("Setting", "compareSettings")
    if "strategy.name" not in settings or "seed" in settings:
        raise StepFailed(f"The comparison tells these settings: {settings}")
    if "Band" not in here.text("compareBand"):
        raise StepFailed("Nothing is said of the band of seeds.")
    hand.picture("compared")
    command = here.command("compareCommand", picture="compare-command")
    _expect(command, "report", *(str(here.made.run(name)) for name in names))
    way.tab("compareTabs", "Cases")
    here.until("A verdict is given", lambda: here.shown("verdictNumbers") and bool(here.text("verdictNumbers")))
    if not re.search(r"-?\d\.\d{3} \(", here.text("verdictNumbers")):
        raise StepFailed(f"The verdict has no interval: {here.text('verdictNumbers')}")
    worst = here.table("compareCasesTable")["rows"]
    if [min(row[2:4]) for row in worst] != sorted(min(row[2:4]) for row in worst):
        raise StepFailed("The worst case does not come first.")
    way.row("compareCasesTable", 0)
    here.until("Both answers are drawn", lambda: hand.ask("drawn", name="casePicture") == 2)
    hand.picture("worst-case")
    if way.name == "mouse":
        hand.click(hand.ask("points", name="pairPlot")[-1])
        here.until("A point chooses its case", lambda: here.table("compareCasesTable")["chosen"] != [0])
    way.choose("compareMetric", "IoU")
    here.until("The metric changes", lambda: "IoU" in here.text("verdictNumbers"))
    way.choose("compareMetric", "Dice")
    way.press("compareReport")
    here.until("A report is offered", lambda: here.shown("reportDialog"))
    hand.picture("compare-report")
    way.press("reportStart")
    here.until("It is made", lambda: here.shown("reportOpen"))
    _look_at_report(Path(here.text("reportLine")), runs=len(names))
    way.press("reportClose")
    here.back("compareBack")
    here.until("The runs are still selected", lambda: here.table()["chosen"] == chosen)


def compare_labels(here: Drive) -> None:
    hand, way = here.hand, here.way
    way.rows("runTable", sorted([here.at("organs vpt"), here.at("organs coop")]))
    way.press("compareRuns")
    way.tab("compareTabs", "Cases")
    here.until("A verdict is given", lambda: here.shown("verdictNumbers") and bool(here.text("verdictNumbers")))
    way.tab("compareTables", "Labels")
    here.until("Each label has a line", lambda: len(here.table("compareLabels")["rows"]) == 3)
    hand.picture("labels")
    way.choose("compareLabel", "spleen")
    here.until("One label is compared", lambda: set(here.column("Label", "compareLabels")) >= {"spleen"})
    here.back("compareBack")


def evaluate(here: Drive) -> None:
    hand, way = here.hand, here.way
    here.open("polyps vpt")
    way.tab("runTabs", "Scores")
    here.until("The test split's scores are shown", lambda: bool(here.table("scoreSummary")["rows"]))
    if not all(here.table("scoreSummary")["tips"]):
        raise StepFailed(f"Headings of scores say nothing: {here.table('scoreSummary')['heads']}")
    way.row("scoreCases", 0)
    here.until("The worst case is drawn", lambda: hand.ask("drawn", name="casePicture") == 1)
    hand.picture("scores")
    before = len(here.table("scoreSummary")["rows"])
    way.choose("evaluateSplit", "Validation split")
    _expect(here.command("evaluateCommand", picture="evaluate-command"), "evaluate", "--split", "val")
    way.press("evaluateStart")
    here.until("The validation split is scored", lambda: len(here.table("scoreSummary")["rows"]) > before)
    way.choose("evaluateSplit", "All cases")
    way.press("evaluateFolder")
    hand.answer_file_dialog(here.made.elsewhere)
    here.until("The folder is taken", lambda: here.shown("evaluateOwn"))
    command = here.command("evaluateCommand")
    _expect(command, "evaluate", "--data", str(here.made.elsewhere))
    before = len(here.table("scoreSummary")["rows"])
    way.press("evaluateStart")
    here.until("The other folder is scored", lambda: len(here.table("scoreSummary")["rows"]) > before)
    way.row("scoreCases", 1)
    here.until("A case of it is drawn", lambda: hand.ask("drawn", name="casePicture") == 1)
    hand.picture("scored-elsewhere")
    way.tab("runTabs", "Settings")
    here.until("The recipe is shown", lambda: "strategy:" in here.text("runRecipe"))
    hand.picture("settings")
    _expect(here.command("runCommand"), "tune", str(here.made.run("polyps vpt") / "recipe.yaml"))


def report(here: Drive) -> None:
    hand, way = here.hand, here.way
    if not here.shown("runDetail"):
        here.open("polyps vpt")
    way.press("runReport")
    here.until("A report is offered", lambda: here.shown("reportDialog"))
    _expect(here.command("reportCommand"), "report", str(here.made.run("polyps vpt")))
    way.press("reportStart")
    here.until("It is made", lambda: here.shown("reportOpen"))
    hand.picture("report-made")
    path = Path(here.text("reportLine"))
    _look_at_report(path, runs=1)
    shutil.copy(path, hand.pictures / "report.html")
    way.press("reportClose")
    here.back()


def _look_at_report(path: Path, runs: int) -> None:
    """One file that fetches nothing, with all that a report of runs must say."""
    text = path.read_text(encoding="utf-8")
    if fetched := re.findall(r"(?:src|href)=[\"'](?!data:|#)[^\"']*|url\((?!['\"]?data:)[^)]*|@import|<script", text):
        raise StepFailed(f"{path.name} fetches {fetched[:3]}")
    for wanted in ("For research use only", "data:image/", "<svg", "95"):
        if wanted not in text:
            raise StepFailed(f"{path.name} has no “{wanted}”.")
    if text.count("data:image/") < 3 * runs:
        raise StepFailed(f"{path.name} has {text.count('data:image/')} pictures of {runs} runs.")


def phrase(here: Drive) -> None:
    hand, way = here.hand, here.way
    here.open("organs coop")
    way.tab("runTabs", "Phrase")
    here.until("Control phrases are offered", lambda: here.shown("phraseEffectStart"))
    way.into("phraseToLookAt")
    hand.type("left kidney of an adult")
    _expect(here.command("phraseEffectCommand"), "phrase-effect", "--phrase")
    hand.picture("phrase-before")
    way.press("phraseEffectStart")
    here.until("The badge tells", lambda: here.shown("phraseBadge"))
    if not re.search(r": (yes|weakly|no|unclear)$", here.text("phraseBadge")):
        raise StepFailed(f"The badge says: {here.text('phraseBadge')}")
    kinds = here.column("Said instead", "phraseKinds")
    if not {"nonsense", "another label's phrase"} <= set(kinds) or len(here.table("phraseLabels")["rows"]) != 3:
        raise StepFailed(f"Control phrases are {kinds}, labels {here.table('phraseLabels')['rows']}")
    hand.picture("phrase")
    if not here.table("nearestWords")["rows"]:
        raise StepFailed("No words are told near the learned vectors.")
    if "may mean nothing" not in here.text("nearestNote"):
        raise StepFailed(f"Nothing warns of nearest words: {here.text('nearestNote')}")
    way.into("nearestWords")
    hand.picture("nearest-words")
    here.back()
    here.until("The table knows the badge", lambda: bool(here.column("Phrase")[here.at("organs coop")]))


def gain(here: Drive) -> None:
    hand, way = here.hand, here.way
    here.open("polyps vpt")
    way.tab("runTabs", "Gain")
    here.until("Controls are offered", lambda: here.shown("splitGainStart"))
    _expect(here.command("splitGainCommand"), "split-gain", str(here.made.run("polyps vpt")))
    hand.picture("gain-before")
    way.press("splitGainStart")
    here.until("The controls go", lambda: here.shown("gainState"))
    hand.picture("gain-waits")
    here.until("The gain is told", lambda: here.shown("gainWords"))
    if len(here.table("gainRuns")["rows"]) != 3 or len(here.table("gainParts")["rows"]) != 3:
        raise StepFailed(f"The gain is told so: {here.table('gainParts')['rows']}")
    hand.picture("gain")
    here.back()


def packs(here: Drive) -> None:
    """Out by the button and by a drag, in by the menu and by a drag; one of other weights is refused."""
    hand, way = here.hand, here.way
    way.row("runTable", here.at("polyps vpt third"))
    way.press("moreActions")
    way.entry("menuPack")
    here.until("The pack is offered", lambda: here.shown("packStart") and here.shown("packTile"))
    command = here.command("packCommand")
    _expect(command, "pack", str(here.made.run("polyps vpt third")))
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


def export(here: Drive) -> None:
    hand, way = here.hand, here.way
    way.row("runTable", here.at("polyps vpt"))
    way.press("exportSelected")
    here.until("An export is offered", lambda: here.shown("exportDialog"))
    hand.picture("export")
    _expect(here.command("exportCommand"), "export", "--precision", "fp32")
    way.press("exportStart")
    here.until("It is exported", lambda: here.shown("exportUse"))
    if here.text("exportBadge") != "verified":
        raise StepFailed(f"The bundle is {here.text('exportBadge')}.")
    hand.picture("exported")
    way.press("exportClose")


def the_same_by_its_command(here: Drive) -> None:
    """A run started in the window, and the same by the command that the window shows: equal but for seconds."""
    hand, way = here.hand, here.way
    before = set(here.made.runs.iterdir())
    way.row("runTable", here.at("polyps coop"))
    way.press("moreActions")
    way.entry("menuAgain")
    here.until("The wizard opens", lambda: here.shown("wizardNext"))
    steps = ("data", "model", "strategy", "settings", "review")
    here.until("A step is shown", lambda: any(here.shown(f"{step}Step") for step in steps))
    while not here.shown("reviewStep"):
        step = next(step for step in steps if here.shown(f"{step}Step"))
        way.press("wizardNext")
        here.until("The next step comes", lambda step=step: not here.shown(f"{step}Step"))
    hand.picture("again")
    here.until("It can be started", lambda: bool(hand.ask("where", name="wizardNext")["enabled"]))
    way.press("wizardNext")
    here.until("The run begins", lambda: here.shown("runDetail"))
    started = next(iter(set(here.made.runs.iterdir()) - before - {here.made.runs / "queue.json"}))
    here.until("It ends", lambda: here.text("runPhase") == "Finished" and (started / "result.json").is_file())
    for _ in range(5):
        hand.rest()  # buttons that a run needs while it goes on leave their places
    here.back()
    here.until("It is listed", lambda: started.name in _folders(here))
    way.row("runTable", _folders(here).index(started.name))
    way.press("moreActions")
    way.entry("menuCommand")
    command = here.copy_command(picture="run-command")
    words = shlex.split(command)[1:]
    made_runs.command(here.made.home, *words, "--out", str(here.work / "again"))
    if _metrics(started) != _metrics(here.work / "again"):
        raise StepFailed(f"“{command}” gave other metrics than {started}.")


def _folders(here: Drive) -> list[str]:
    return [Path(tip).name for tip in here.table()["row_tips"]]


def _metrics(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def small_window(here: Drive) -> None:
    """Everything once more in the smallest window: nothing that cannot be read or reached."""
    hand, way = here.hand, here.way
    hand.resize(*SMALLEST)
    hand.picture("small-runs")
    _uncut(here, "runsPage")
    here.open("polyps coop")
    hand.picture("small-curves")
    for title in hand.ask("tabs", name="runTabs")["titles"]:
        way.tab("runTabs", title)
        hand.rest()
        hand.picture(f"small-{title.lower().replace(' ', '-')}")
        _uncut(here, "runDetail", title)
    here.back()
    way.rows("runTable", sorted([here.at("organs vpt"), here.at("organs coop")]))
    way.press("compareRuns")
    way.tab("compareTabs", "Curves and settings")
    here.until("Settings that differ are told", lambda: bool(here.table("compareSettings")["rows"]))
    hand.picture("small-compared")
    _uncut(here, "compareView")
    way.tab("compareTabs", "Cases")
    here.until("A verdict is given", lambda: here.shown("verdictNumbers") and bool(here.text("verdictNumbers")))
    hand.picture("small-cases")
    _uncut(here, "compareView")
    here.back("compareBack")
    hand.resize(*SIZE)


def _uncut(here: Drive, under: str, where: str = "") -> None:
    if cut := here.hand.ask("cut", under=under):
        raise StepFailed(f"{where or under}: texts are cut off: {cut}")


def _expect(command: str, *wanted: str) -> None:
    if not set(wanted) <= set(shlex.split(command)) or not command.startswith("tunevlseg "):
        raise StepFailed(f"The command shown is “{command}”, without {wanted}.")


STEPS: dict[str, Callable[[Drive], None]] = {
    step.__name__: step
    for step in (
        order_filter_columns,
        notes_star_tags,
        compare,
        compare_labels,
        evaluate,
        report,
        phrase,
        gain,
        packs,
        export,
        the_same_by_its_command,
        small_window,
    )
}


def visit(
    out: Path,
    by: str,
    theme: str,
    scale: float,
    patience: float,
    ready: Path | None = None,
    steps: Sequence[str] = tuple(STEPS),
) -> list[Path]:
    """The pictures that were taken, in `out`, whose old ones go. Raises StepFailed and CalledProcessError."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("[0-9][0-9]-*.png"):
        old.unlink()
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    made = made_runs.make(work) if ready is None else made_runs.copied(work, ready)
    hand = Hand(made.home, out, scale, patience)
    try:
        drive(Drive(hand, WAYS[by](hand), made, work), theme, steps)
    finally:
        hand.close()
    return hand.taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="receives the pictures")
    parser.add_argument("--by", choices=list(WAYS), default="mouse")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--scale", type=float, default=1.0, help="of the screen: 2 for 200 %%")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds that one step may take")
    parser.add_argument("--made", type=Path, help="runs that are there already")
    parser.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS), metavar="STEP")
    given = parser.parse_args()
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    try:
        taken = visit(given.out.absolute(), given.by, given.theme, given.scale, given.patience, given.made, given.steps)
    except StepFailed as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except subprocess.CalledProcessError as problem:
        sys.stderr.write(f"{problem}\n{problem.stderr}\n")
        return 1
    sys.stdout.write(f"{len(taken)} pictures in {given.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
