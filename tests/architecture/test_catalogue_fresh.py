"""resources/catalogue.json and the full preset are what the code says today."""

from __future__ import annotations

from pathlib import Path

from engine.jobs.catalogue import catalogue_text, full_recipe
from engine.recipe import read_recipe

ROOT = Path(__file__).resolve().parents[2]
HINT = "renew it: python -m engine describe --renew"


def test_the_catalogue_is_fresh() -> None:
    assert (ROOT / "resources" / "catalogue.json").read_text(encoding="utf-8") == catalogue_text(), HINT


def test_the_full_preset_is_fresh_and_a_recipe() -> None:
    path = ROOT / "resources" / "presets" / "recipe.full.yaml"
    assert path.read_text(encoding="utf-8") == full_recipe(), HINT
    assert read_recipe(path).strategy_name == "vpt"
