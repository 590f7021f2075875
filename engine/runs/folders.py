"""Where things of the user and of the program lie.

`TUNEVLSEG_HOME` moves everything of the user's into one folder (portable use, tests).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import platformdirs

import engine
from engine.runs.names import folder_name

APP = "tunevlseg"


def _user(kind: str, own: str) -> Path:
    moved = os.environ.get("TUNEVLSEG_HOME")
    return Path(moved) / kind if moved else Path(own)


def home() -> Path:
    """Settings of the window and the list of projects."""
    return _user("config", platformdirs.user_config_dir(APP, appauthor=False))


def data_folder() -> Path:
    return _user("data", platformdirs.user_data_dir(APP, appauthor=False))


def runs_folder() -> Path:
    """Runs that were given no folder of their own."""
    return data_folder() / "runs"


def recipes_folder() -> Path:
    """Recipes that the window wrote, so that the commands it shows can be run."""
    return data_folder() / "recipes"


def run_folder_for(name: str) -> Path:
    """A place for a run that was given none: its name as a file's name, and the time; nothing is there yet."""
    wanted = runs_folder() / f"{folder_name(name, 'run', 40)}-{time.strftime('%Y%m%d-%H%M%S')}"
    number, path = 2, wanted
    while path.exists():
        number, path = number + 1, wanted.with_name(f"{wanted.name}-{number}")
    return path


def models_folder() -> Path:
    """Base weights that the user imported or fetched."""
    return data_folder() / "models"


def samples_folder() -> Path:
    """Sample data, drawn on first use."""
    return data_folder() / "samples"


def corrections_folder() -> Path:
    """A dataset of scans whose masks the user corrected."""
    return data_folder() / "corrected-masks"


def cache_folder() -> Path:
    """May be deleted at any time: base bundles, hashes, views of scans."""
    return _user("cache", platformdirs.user_cache_dir(APP, appauthor=False))


def logs_folder() -> Path:
    return _user("logs", platformdirs.user_log_dir(APP, appauthor=False))


def resources() -> Path:
    """The folder `resources/`: inside the installed package, or beside it in a source checkout."""
    package = Path(engine.__file__).resolve().parent
    installed = package / "_resources"
    return installed if installed.is_dir() else package.parent / "resources"
