"""What a tournament's results were computed from: the bytes of its datasets and weights, kept beside its matrix.

Names stay where files change. A cell that is computed from other bytes than its neighbours cannot stand beside them in
one table, so that a matrix whose bytes changed between two starts is refused. What was only looked at, and nothing
was computed from, may still be mended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.contract.errors import RecipeError
from engine.contract.whole_file import write_text
from engine.runs import layout
from engine.tournament.matrix import file_name
from engine.tournament.results import read_cell

SOURCES: Final = "sources.json"
RUN: Final = "run"
STUDY: Final = "study"
"""Folders of a cell."""
OTHER_FOLDER: Final = "or give the tournament a folder of its own: --out DIR."


def _begun(folder: Path) -> Iterator[tuple[str, str]]:
    """Dataset and model, as their folders are called, of each cell that has a result, a run or a study."""
    for place in folder.glob("cells/*/*/*/*"):
        known = read_cell(place)
        done = known is not None and known.state == "done"
        if done or layout.is_run(place / RUN) or (place / STUDY).is_dir():
            yield place.parts[-4], place.parts[-3]


@dataclass
class Sources:
    """Hashes by name: `weights` of each model, `data` of each dataset (by seed: a split may be drawn by it)."""

    folder: Path
    weights: dict[str, str] = field(default_factory=dict)
    data: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Sources:
        """Those of a tournament's folder that a cell was begun with; none where it has none yet."""
        begun = list(_begun(folder))
        datasets, models = {dataset for dataset, _ in begun}, {model for _, model in begun}
        try:
            known: Any = json.loads((folder / SOURCES).read_text(encoding="utf-8"))
            weights = {model: sha256 for model, sha256 in known["weights"].items() if file_name(model) in models}
            return cls(folder, weights, {name: dict(of) for name, of in known["data"].items() if name in datasets})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(folder)

    def seeds_of(self, dataset: str) -> list[int]:
        """Seeds with which a dataset was looked at before."""
        return [int(seed) for seed in self.data.get(dataset, {})]

    def same_weights(self, model: str, sha256: str) -> None:
        """Notes the weights of a model's name; raises RecipeError where they were others before."""
        known = self.weights.setdefault(model, sha256)
        if known != sha256:
            raise RecipeError(
                f"{self.folder} holds results of other weights called {model} (sha256 {known[:12]}…, "
                f"now {sha256[:12]}…).",
                hint=f"Put the former weights back, {OTHER_FOLDER}",
                field="models",
            )
        self._write()

    def same_data(self, dataset: str, seed: int, sha256: str) -> None:
        """Notes the content of a dataset; raises RecipeError where it was another before."""
        known = self.data.setdefault(dataset, {}).setdefault(str(seed), sha256)
        if known != sha256:
            raise RecipeError(
                f"{self.folder} holds results of {dataset} as it was before: its images, masks, labels or split "
                "have changed.",
                hint=f"Put the former files back, {OTHER_FOLDER}",
                field=f"datasets.{dataset}",
            )
        self._write()

    def _write(self) -> None:
        values = {"weights": self.weights, "data": self.data}
        text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
        place = self.folder / SOURCES
        if not place.is_file() or place.read_text(encoding="utf-8") != text:
            write_text(place, text)
