"""Tuning refuses what the weights cannot take before it opens an image or makes a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.contract.control import CancelToken
from engine.contract.errors import OutOfRange
from engine.contract.jobs import Tune
from engine.jobs import tune


@pytest.mark.parametrize(("words", "depth"), [(["a photo of", "a drawing of the"], 2), (["red disc " * 9] * 2, 2)])
def test_words_that_cannot_be_used_are_refused_first(
    tiny_weights: Path, tmp_path: Path, words: list[str], depth: int
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "data": {"folder": str(tmp_path / "not opened")},
                "model": {"weights": str(tiny_weights)},
                "strategy": {"name": "coop", "prompt_depth": depth, "initialise_from": words},
                "training": {"device": "cpu", "threads": 1},
            }
        )
    )
    out = tmp_path / "run"
    with pytest.raises(OutOfRange) as caught:
        tune.run(Tune(str(recipe), str(out)), lambda event: None, CancelToken(), "job")
    assert caught.value.field == "strategy.initialise_from"
    assert not out.exists()
