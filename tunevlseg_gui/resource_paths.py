"""Where the window's own files lie: icons, themes, the catalogue."""

from __future__ import annotations

from pathlib import Path

from engine.runs.folders import resources


def icons_folder() -> Path:
    return resources() / "icons"


def themes_folder() -> Path:
    return resources() / "themes"


def translations_folder() -> Path:
    return resources() / "translations"


def catalogue_file() -> Path:
    return resources() / "catalogue.json"
