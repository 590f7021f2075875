"""What would name a person or a place stays out of a report: cases are numbered, paths are cut to their last part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

_WINDOWS = re.compile(r"^([A-Za-z]:[\\/]|\\\\)")


class CaseNames:
    """`case 7` for a case id, the same throughout a report; or the ids themselves, where that was asked for."""

    def __init__(self, cases: Iterable[str], *, shown: bool = False) -> None:
        self._shown = shown
        self._numbers = {case: at for at, case in enumerate(sorted(set(cases)), 1)}

    def __getitem__(self, case: str) -> str:
        return case if self._shown else f"case {self._numbers[case]}"


def without_paths(value: Any) -> Any:
    """Plain values in which each absolute path, and each that leads through folders, is its last part after `…/`."""
    if isinstance(value, Mapping):
        return {name: without_paths(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_paths(item) for item in value]
    if not isinstance(value, str):
        return value
    if _WINDOWS.match(value):
        return f"…/{PureWindowsPath(value).name}"
    path = PurePosixPath(value)
    leads = "/" in value and " " not in value
    return f"…/{path.name}" if path.is_absolute() or leads else value
