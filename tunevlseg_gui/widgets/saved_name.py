"""Where a file goes that a dialog was asked for: with the ending of its kind, and in place of nothing unasked."""

from __future__ import annotations

from pathlib import Path

from engine.contract.errors import InputError
from tunevlseg_gui.translation import translate


def saved_name(chosen: str, *endings: str) -> Path:
    """The chosen path; with the first of `endings` (such as `.csv`) where it has none of them.

    Raises InputError where a file of that longer name is there: the dialog has asked about the shorter one.
    """
    path = Path(chosen)
    if path.suffix.lower() in endings:
        return path
    path = path.with_name(f"{path.name}{endings[0]}")
    if path.exists():
        raise InputError(
            translate("SavedName", "{path} is there already.").format(path=path),
            hint=translate("SavedName", "Choose it by its whole name to replace it, or choose another one."),
        )
    return path
