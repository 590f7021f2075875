"""What a person says of a run: a note, a star, tags. Kept beside it in notes.yaml; the recipe is never edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from engine.contract.errors import InputError
from engine.contract.whole_file import write_text
from engine.runs.layout import NOTES, is_run

MOST_TAGS = 20
LONGEST_TAG = 40
LONGEST_NOTE = 20_000


@dataclass(frozen=True, slots=True)
class Notes:
    """`tags` in the order of entry, each once."""

    note: str = ""
    star: bool = False
    tags: tuple[str, ...] = ()


def read_notes(run: Path) -> Notes:
    """What notes.yaml says; nothing where there is none. What cannot be read of it is passed over."""
    try:
        found = yaml.safe_load((run / NOTES).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return Notes()
    if not isinstance(found, dict):
        return Notes()
    tags = found.get("tags")
    return Notes(
        str(found.get("note") or "")[:LONGEST_NOTE],
        found.get("star") is True,
        as_tags(str(tag) for tag in tags) if isinstance(tags, list) else (),
    )


def write_notes(run: Path, notes: Notes) -> None:
    """Replaces notes.yaml as a whole; raises InputError for what is no run and for a note too long, DiskFull."""
    if not is_run(run):
        raise InputError(f"{run} is not a run any more.", hint="Refresh the table of runs.")
    if len(notes.note) > LONGEST_NOTE:
        raise InputError(f"A note holds at most {LONGEST_NOTE:,} letters.", hint="Shorten it.")
    values = {"note": notes.note, "star": notes.star, "tags": list(as_tags(notes.tags))}
    write_text(run / NOTES, yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def as_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Each tag once, without commas and outer blanks; at most MOST_TAGS of LONGEST_TAG letters."""
    cleaned = (" ".join(word.replace(",", " ").split())[:LONGEST_TAG] for word in words)
    return tuple(dict.fromkeys(word for word in cleaned if word))[:MOST_TAGS]
