"""The model card: YAML at the head of the weights' README.md; what the program shows and recommends."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator


class SearchRange(BaseModel):
    """A range that includes both its ends, or choices."""

    model_config = ConfigDict(extra="forbid")

    range: tuple[float, float] | None = None
    log: bool = False
    choices: list[float | int | str | bool] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.range is None) == (not self.choices):
            raise ValueError("a search range needs either a range or choices")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("the lower end of a range lies below the upper one")
        if self.range is not None and not (math.isfinite(self.range[0]) and math.isfinite(self.range[1])):
            raise ValueError("a range has two ends")
        if self.log and self.range is not None and self.range[0] <= 0:
            raise ValueError("a logarithmic range lies above 0")
        return self


class ModelCard(BaseModel):
    """What is known of base weights.

    `recommended` maps a strategy to settings that worked for them; `search` maps a strategy, or `all`, to search ranges
    in place of the published ones: `{"training": {"learning_rate": {"range": [0.002, 0.2], "log": true}}}`.
    """

    model_config = ConfigDict(extra="ignore")

    title: str = ""
    licence: str = "unknown"
    notice: str = ""
    synthetic_only: bool = False
    recommended: dict[str, dict[str, dict[str, Any]]] = {}
    search: dict[str, dict[str, dict[str, SearchRange]]] = {}

    def recommended_for(self, strategy: str) -> dict[str, dict[str, Any]]:
        """`{"strategy": {…}, "training": {…}}`, either of them may be missing."""
        return self.recommended.get(strategy, {})

    def searched_for(self, strategy: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Search ranges by group of settings and setting, as `engine.config.fields.setting` declares them."""
        groups: dict[str, dict[str, dict[str, Any]]] = {}
        for of in ("all", strategy):
            for group, ranges in self.search.get(of, {}).items():
                plain = {name: found.model_dump(exclude_none=True) for name, found in ranges.items()}
                groups[group] = {**groups.get(group, {}), **plain}
        return groups


def read_card(folder: Path) -> ModelCard:
    """The card of a weights folder; a folder without one, or with a broken one, gets an empty card."""
    path = folder / "README.md"
    try:
        stat = path.stat()
        return _card(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, UnicodeDecodeError):
        return ModelCard()


@lru_cache(maxsize=64)  # a card is a tenth of a second of YAML, and every recipe asks for it several times
def _card(path: Path, _changed: int, _size: int) -> ModelCard:
    text = path.read_text(encoding="utf-8")
    if not text.startswith("---\n"):
        return ModelCard()
    head = text[4:].partition("\n---")[0]
    try:
        found = yaml.safe_load(head)
        if isinstance(found, dict) and "license" in found:
            found.setdefault("licence", found["license"])
        return ModelCard.model_validate(found or {})
    except (yaml.YAMLError, ValidationError):
        return ModelCard()
