"""What a run is worth: whether its phrase matters, what its gain is due to, what it exports, and that it repeats."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

from tests.drives import made_runs
from tests.drives.hand import StepFailed
from tests.drives.runs_drive import Drive, expect


def phrase(here: Drive) -> None:
    hand, way = here.hand, here.way
    here.open("organs coop")
    way.tab("runTabs", "Phrase")
    here.until("Control phrases are offered", lambda: here.shown("phraseEffectStart"))
    way.into("phraseToLookAt")
    hand.type("left kidney of an adult")
    expect(here.command("phraseEffectCommand"), "phrase-effect", "--phrase")
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
    expect(here.command("splitGainCommand"), "split-gain", str(here.made.run("polyps vpt")))
    hand.picture("gain-before")
    way.press("splitGainStart")
    here.until("The controls go", lambda: here.shown("gainState"))
    hand.picture("gain-waits")
    here.until("The gain is told", lambda: here.shown("gainWords"))
    if len(here.table("gainRuns")["rows"]) != 3 or len(here.table("gainParts")["rows"]) != 3:
        raise StepFailed(f"The gain is told so: {here.table('gainParts')['rows']}")
    hand.picture("gain")
    here.back()


def export(here: Drive) -> None:
    hand, way = here.hand, here.way
    way.row("runTable", here.at("polyps vpt"))
    way.press("exportSelected")
    here.until("An export is offered", lambda: here.shown("exportDialog"))
    hand.picture("export")
    expect(here.command("exportCommand"), "export", "--precision", "fp32")
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
