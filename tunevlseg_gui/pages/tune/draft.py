"""What the wizard has been told so far, and the recipe that follows from it; no Qt."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tunevlseg_gui.forms.field_spec import FieldSpec

Key = tuple[str, str]  # base weights, strategy


@dataclass
class Draft:
    """Values are kept per weights and strategy: going back and forth loses nothing."""

    weights: str = ""
    model: str = ""
    strategy: str = ""
    name: str = ""
    seed: int = 12345
    strategy_values: dict[Key, dict[str, Any]] = field(default_factory=dict)
    training_values: dict[Key, dict[str, Any]] = field(default_factory=dict)
    image_values: dict[str, Any] = field(default_factory=dict)
    """Changes of training images: they depend on the dataset, not on the strategy."""

    @property
    def key(self) -> Key:
        return (self.weights, self.strategy)

    def recipe(
        self,
        data: dict[str, Any],
        strategy: list[FieldSpec],
        training: list[FieldSpec],
        images: Sequence[FieldSpec] = (),
    ) -> dict[str, Any]:
        """The recipe: what stands in the form in sight, and expert settings that were changed."""
        return {
            "version": 1,
            "name": self.name,
            "seed": self.seed,
            "data": {**data, **_told(images, self.image_values)},
            "model": {"name": self.model, "weights": self.weights},
            "strategy": {"name": self.strategy, **_told(strategy, self.strategy_values.get(self.key, {}))},
            "training": _told(training, self.training_values.get(self.key, {})),
        }


def _told(specs: Sequence[FieldSpec], values: dict[str, Any]) -> dict[str, Any]:
    told = {}
    for spec in specs:
        value = values.get(spec.name, spec.default)
        if value is None and spec.default is None:
            continue
        if not spec.expert or value != spec.default:
            told[spec.name] = value
    return told


def recipe_text(recipe: dict[str, Any]) -> str:
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=100)


def file_name(text: str) -> str:
    """`Polyps, VPT` → `polyps-vpt`: a folder's name that every system accepts."""
    plain = re.sub(r"[^\w\-]+", "-", text.strip().lower(), flags=re.ASCII).strip("-")
    return plain[:60] or "run"


def run_folder(root: Path, name: str, now: float | None = None) -> Path:
    """A folder that is not there yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    folder = root / f"{file_name(name)}-{stamp}"
    number = 2
    while folder.exists():
        folder = root / f"{file_name(name)}-{stamp}-{number}"
        number += 1
    return folder


def command(recipe: Path, out: Path) -> str:
    """The same run from a terminal."""
    return f"tunevlseg tune {shlex.quote(str(recipe))} --out {shlex.quote(str(out))}"


def learned_in_words(result: dict[str, Any]) -> str:
    """From the answer to a CheckRecipe job: `12,288 numbers learn, 0.0082 % of the model's 150,693,890`."""
    learned, total = int(result.get("learned") or 0), int(result.get("total") or 0)
    if not total:
        return ""
    if not learned:
        return "Nothing learns: the model is measured as it is."
    return f"{learned:,} numbers learn, {100 * learned / total:.2g} % of the model's {total:,}"
