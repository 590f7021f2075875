"""Which matrices there are to choose: tournaments that were begun, presets, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.runs.folders import resources
from engine.runs.studies import MATRIX_FILE, list_tournaments, tournaments_folder


@dataclass(frozen=True)
class Choice:
    """A matrix to choose: one that was begun (with its folder), a preset or a file."""

    matrix: Path
    folder: Path | None = None

    @property
    def words(self) -> str:
        return self.folder.name if self.folder else self.matrix.stem


def choices(files: Sequence[Path]) -> list[Choice]:
    """Those that were begun, then the presets and the files. Looks into folders: off the window's thread."""
    presets = sorted((resources() / "presets" / "benchmarks").glob("*.yaml"), key=lambda path: path.stem != "small")
    begun = [Choice(folder / MATRIX_FILE, folder) for folder in list_tournaments(tournaments_folder())]
    there = {choice.words for choice in begun}
    return [*begun, *(Choice(path) for path in [*presets, *files] if path in files or path.stem not in there)]
