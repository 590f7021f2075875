"""Old settings files become new ones, one version a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tunevlseg_gui.settings.model import VERSION


def _from_1(old: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept recent projects as bare paths."""
    recent = [{"path": str(path), "kind": "dataset", "title": ""} for path in old.get("recent", [])]
    return {**old, "recent": recent, "version": 2}


STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}


def migrated(values: dict[str, Any]) -> dict[str, Any]:
    """`values` brought to the present version; raises ValueError for one that is newer or has no road here."""
    version = int(values.get("version", 1))
    while version < VERSION:
        step = STEPS.get(version)
        if step is None:
            raise ValueError(f"no road from settings of version {version}")
        values = step(values)
        version = int(values["version"])
    if version > VERSION:
        raise ValueError(f"settings of version {version} come from a newer program")
    return values
