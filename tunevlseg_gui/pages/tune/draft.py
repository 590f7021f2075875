"""What the wizard has been told so far, and the recipe that follows from it; no widgets."""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from PySide6.QtCore import QCoreApplication

from engine.runs.names import folder_name
from tunevlseg_gui.forms.field_spec import FieldSpec

translate = QCoreApplication.translate
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
    revision: int = 0
    """Goes up whenever values come from elsewhere than the forms, which then have to be drawn anew."""

    @property
    def key(self) -> Key:
        return (self.weights, self.strategy)

    def recipe(
        self,
        data: dict[str, Any],
        strategy: list[FieldSpec],
        training: list[FieldSpec],
        images: Sequence[FieldSpec] = (),
        *,
        strategy_name: str = "",
    ) -> dict[str, Any]:
        """The recipe: what stands in the form in sight, and expert settings that were changed.

        With another strategy than the chosen one where `strategy_name` is given.
        """
        key = (self.weights, strategy_name or self.strategy)
        return {
            "version": 1,
            "name": self.name or "run",
            "seed": self.seed,
            "data": {**data, **_told(images, self.image_values)},
            "model": {"name": self.model, "weights": self.weights},
            "strategy": {"name": key[1], **_told(strategy, self.strategy_values.get(key, {}))},
            "training": _told(training, self.training_values.get(key, {})),
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
    """`Polyps, VPT` → `polyps-vpt`: a folder's name that every system accepts, of any script."""
    return folder_name(text, "run")


def run_folder(root: Path, name: str, now: float | None = None) -> Path:
    """A folder that is not there yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    folder = root / f"{file_name(name)}-{stamp}"
    number = 2
    while folder.exists():
        folder = root / f"{file_name(name)}-{stamp}-{number}"
        number += 1
    return folder


def recipe_file(folder: Path, name: str, text: str) -> Path:
    """Where a recipe of this text is kept: the same text, the same file; another text never takes its place."""
    return folder / f"{file_name(name)}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.yaml"


def command(recipe: Path, out: Path) -> str:
    """The same run from a terminal."""
    return f"tunevlseg tune {shlex.quote(str(recipe))} --out {shlex.quote(str(out))}"


def snippet(recipe: Path, out: Path) -> str:
    """The same run from Python, where the project is installed."""
    return (
        "from engine.contract.control import CancelToken\n"
        "from engine.contract.jobs import Tune\n"
        "from engine.jobs import tune\n"
        "\n"
        f"job = Tune({str(recipe)!r}, out={str(out)!r})\n"
        'result = tune.run(job, print, CancelToken(), "tune")\n'
        'print(result["best_epoch"], result["val_dice"])\n'
    )


def share_in_words(result: dict[str, Any]) -> str:
    """From the answer to a CheckRecipe job: `9,216 numbers learn (0.24 %)`."""
    learned, total = int(result.get("learned") or 0), int(result.get("total") or 0)
    if not total:
        return str(result.get("problem") or "")
    if not learned:
        return translate("Draft", "Nothing learns")
    said = translate("Draft", "{learned} numbers learn ({share} %)")
    return said.format(learned=f"{learned:,}", share=_percent(learned, total))


def learned_in_words(result: dict[str, Any]) -> str:
    """From the answer to a CheckRecipe job: `12,288 numbers learn, 0.0082 % of the model's 150,693,890`."""
    learned, total = int(result.get("learned") or 0), int(result.get("total") or 0)
    if not total:
        return ""
    if not learned:
        return translate("Draft", "Nothing learns: the model is measured as it is.")
    said = translate("Draft", "{learned} numbers learn, {share} % of the model's {total}")
    return said.format(learned=f"{learned:,}", share=_percent(learned, total), total=f"{total:,}")


def _percent(part: int, whole: int) -> str:
    """Two digits; as many as it has where it is a hundred."""
    share = 100 * part / whole
    return f"{share:.0f}" if share >= 10 else f"{share:.2g}"


def size_in_words(held: float) -> str:
    """`1.2 GB`, `340 MB`."""
    return f"{held / 1e9:.1f} GB" if held >= 1e9 else f"{max(1, round(held / 1e6))} MB"
