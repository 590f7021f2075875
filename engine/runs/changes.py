"""changes.jsonl: what was done to a run while it ran, by a command or because memory ran out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from engine.contract.whole_file import told
from engine.runs.layout import CHANGES, finished_epochs


def add_change(run: Path, values: dict[str, Any]) -> None:
    """Appends a line: time (UTC), the last finished epoch, and `values`. Raises DiskFull."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = json.dumps({"time": when, "after_epoch": max(finished_epochs(run), default=0), **values}, ensure_ascii=False)
    path = run / CHANGES
    with told(path), path.open("a", encoding="utf-8") as lines:
        lines.write(line + "\n")


def read_changes(run: Path) -> list[dict[str, Any]]:
    """The lines in their order; one that cannot be read, as a power cut leaves it, is passed over."""
    try:
        lines = (run / CHANGES).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict):
            found.append(values)
    return found
