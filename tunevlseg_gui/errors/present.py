"""A problem as the window shows it: what happened, what to do, and details that can be copied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.contract.errors import EngineError
from engine.contract.events import JobFailed
from tunevlseg_gui.translation import translate

Tone = Literal["danger", "warning", "good", "note"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a banner shows."""

    message: str
    hint: str = ""
    tone: Tone = "note"
    details: str = ""  # offered for copying
    run: Path | None = None  # the folder of a run that can be opened from there


def of_failure(failure: JobFailed) -> Notice:
    """The notice for a job that failed."""
    lines = [f"{failure.error}: {failure.message}", failure.hint]
    if failure.field:
        lines.append(translate("Present", "setting: {field}").format(field=failure.field))
    if failure.crash_file:
        lines.append(translate("Present", "crash file: {crash_file}").format(crash_file=failure.crash_file))
    return Notice(failure.message, failure.hint, "danger", "\n".join(filter(None, lines)))


def of_error(error: EngineError) -> Notice:
    """The notice for an error raised in the window itself."""
    details = f"{type(error).__name__}: {error.message}\n{error.hint}".strip()
    return Notice(error.message, error.hint, "danger", details)
