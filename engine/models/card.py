"""The model card: YAML at the head of the weights' README.md; what the program shows and recommends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError


class ModelCard(BaseModel):
    """What is known of base weights. `recommended` maps a strategy to settings that worked for them."""

    model_config = ConfigDict(extra="ignore")

    title: str = ""
    licence: str = "unknown"
    notice: str = ""
    synthetic_only: bool = False
    recommended: dict[str, dict[str, dict[str, Any]]] = {}

    def recommended_for(self, strategy: str) -> dict[str, dict[str, Any]]:
        """`{"strategy": {…}, "training": {…}}`, either of them may be missing."""
        return self.recommended.get(strategy, {})


def read_card(folder: Path) -> ModelCard:
    """The card of a weights folder; a folder without one, or with a broken one, gets an empty card."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ModelCard()
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
