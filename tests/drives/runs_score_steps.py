"""Scores of runs: compared side by side, on other splits and folders, in a report that needs nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.drives.hand import StepFailed
from tests.drives.runs_drive import Drive, expect


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
    expect(command, "report", *(str(here.made.run(name)) for name in names))
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
    expect(here.command("evaluateCommand", picture="evaluate-command"), "evaluate", "--split", "val")
    way.press("evaluateStart")
    here.until("The validation split is scored", lambda: len(here.table("scoreSummary")["rows"]) > before)
    way.choose("evaluateSplit", "All cases")
    way.press("evaluateFolder")
    hand.answer_file_dialog(here.made.elsewhere)
    here.until("The folder is taken", lambda: here.shown("evaluateOwn"))
    command = here.command("evaluateCommand")
    expect(command, "evaluate", "--data", str(here.made.elsewhere))
    before = len(here.table("scoreSummary")["rows"])
    way.press("evaluateStart")
    here.until("The other folder is scored", lambda: len(here.table("scoreSummary")["rows"]) > before)
    way.row("scoreCases", 1)
    here.until("A case of it is drawn", lambda: hand.ask("drawn", name="casePicture") == 1)
    hand.picture("scored-elsewhere")
    way.tab("runTabs", "Settings")
    here.until("The recipe is shown", lambda: "strategy:" in here.text("runRecipe"))
    hand.picture("settings")
    expect(here.command("runCommand"), "tune", str(here.made.run("polyps vpt") / "recipe.yaml"))


def report(here: Drive) -> None:
    hand, way = here.hand, here.way
    if not here.shown("runDetail"):
        here.open("polyps vpt")
    way.press("runReport")
    here.until("A report is offered", lambda: here.shown("reportDialog"))
    expect(here.command("reportCommand"), "report", str(here.made.run("polyps vpt")))
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
