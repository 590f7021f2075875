"""Folders of studies, tournaments and label plans: names of their files, and which there are.

Reads their YAML and JSON only, never a storage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.config.yaml_io import load_yaml
from engine.contract.errors import EngineError
from engine.runs.folders import data_folder
from engine.runs.names import folder_name

STUDY_FILE: Final = "study.yaml"
BEST_RECIPE: Final = "best.yaml"
TRIALS: Final = "trials"
"""Folder of the trials' run folders."""
ASKED: Final = "asked.yaml"
"""In a trial's run folder: the recipe that it was asked to tune."""


MATRIX_FILE: Final = "matrix.yaml"
"""In a tournament's folder: what is compared on what."""
LABEL_PLAN: Final = "labels.json"
"""In a label plan's folder: its points and its advice, once all sizes are tuned."""
PLAN_RECIPE: Final = "plan.yaml"
"""There too: the recipe that the sizes vary; no run's recipe.yaml, since the folder is no run."""


def tournaments_folder() -> Path:
    """Tournaments and label plans that were given no folder of their own."""
    return data_folder() / "tournaments"


def studies_folder() -> Path:
    """Studies that were given no folder of their own."""
    return data_folder() / "studies"


def is_study(folder: Path) -> bool:
    """Whether the folder holds a study."""
    return (folder / STUDY_FILE).is_file()


def slug(name: str) -> str:
    """A name as a folder and a database take it."""
    return folder_name(name, "study")


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
    for folder in _with(root, STUDY_FILE):
        try:
            found.append(StudyFolder.open(folder))
        except (EngineError, TypeError, ValueError):
            continue
    return found


def list_tournaments(root: Path) -> list[Path]:
    """Folders of tournaments directly below `root`, newest first."""
    return _with(root, MATRIX_FILE)


def list_label_plans(root: Path) -> list[Path]:
    """Folders of label plans directly below `root`, newest first."""
    return _with(root, PLAN_RECIPE)


def _with(root: Path, name: str) -> list[Path]:
    if not root.is_dir():
        return []
    found = (folder for folder in root.iterdir() if (folder / name).is_file())
    return sorted(found, key=lambda folder: _begun(folder, name), reverse=True)


def _begun(folder: Path, name: str = STUDY_FILE) -> float:
    try:
        return (folder / name).stat().st_mtime
    except OSError:
        return 0.0
