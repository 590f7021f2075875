"""Study folders: names of their files, and which there are; reads study.yaml only, never a storage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.config.yaml_io import load_yaml
from engine.contract.errors import EngineError
from engine.runs.folders import data_folder

STUDY_FILE: Final = "study.yaml"
BEST_RECIPE: Final = "best.yaml"
TRIALS: Final = "trials"
"""Folder of the trials' run folders."""
ASKED: Final = "asked.yaml"
"""In a trial's run folder: the recipe that it was asked to tune."""


def studies_folder() -> Path:
    """Studies that were given no folder of their own."""
    return data_folder() / "studies"


def is_study(folder: Path) -> bool:
    """Whether the folder holds a study."""
    return (folder / STUDY_FILE).is_file()


def slug(name: str) -> str:
    """A name as a folder and a database take it."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "study"


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """What study.yaml says."""

    folder: Path
    name: str
    storage: str
    """"" for the journal in the folder, else a database's address without its password."""
    search: dict[str, Any]
    space: list[dict[str, Any]]
    recipe: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> StudyFolder:
        """Raises InputError and RecipeError for a folder without a readable study.yaml."""
        values = load_yaml(folder / STUDY_FILE)
        return cls(
            folder,
            str(values.get("name") or folder.name),
            str(values.get("storage") or ""),
            dict(values.get("search") or {}),
            list(values.get("space") or []),
            dict(values.get("recipe") or {}),
        )


def list_studies(root: Path) -> list[StudyFolder]:
    """Every study directly below `root`, newest first; one that cannot be read is passed over."""
    if not root.is_dir():
        return []
    found = []
    for folder in sorted((path for path in root.iterdir() if is_study(path)), key=_begun, reverse=True):
        try:
            found.append(StudyFolder.open(folder))
        except (EngineError, TypeError, ValueError):
            continue
    return found


def _begun(folder: Path) -> float:
    try:
        return (folder / STUDY_FILE).stat().st_mtime
    except OSError:
        return 0.0
