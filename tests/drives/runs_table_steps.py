"""The table of runs: order, filter, columns, stars, tags and notes."""

from __future__ import annotations

from typing import Any

import yaml

from engine.runs.layout import NOTES
from tests.drives import made_runs
from tests.drives.hand import StepFailed
from tests.drives.runs_drive import Drive


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
        before = hand.ask("menu_entries")
        way.entry("Epochs")
        here.until("The menu closes", lambda: hand.ask("menu_entries") is None)
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
    here.until("No menu is open", lambda: here.hand.ask("menu_entries") is None)


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
    path = here.made.run(name) / NOTES
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(found or {})
