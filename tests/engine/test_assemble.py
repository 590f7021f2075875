"""From a recipe to the network that works."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.assemble import make_network
from engine.data.config import LabelConfig
from engine.recipe import make_recipe


def test_every_phrase_keeps_its_end_where_learned_words_take_places(tiny_weights: Path, tmp_path: Path) -> None:
    recipe = make_recipe(
        {
            "data": {"folder": str(tmp_path)},
            "model": {"weights": str(tiny_weights)},
            "strategy": {"name": "coop", "num_context": 4, "initialise_from": None},
            "training": {"device": "cpu", "threads": 1},
        }
    )
    network = make_network(recipe)
    assert network.reserve() == 4
    said = ["red " * 30, "red " * 11, "red"]
    labels = [LabelConfig(value=at + 1, name=str(at), phrase=phrase) for at, phrase in enumerate(said)]
    report: Any = SimpleNamespace(labels=labels)
    phrases = network.phrases(report)
    assert phrases.ids.shape[1] + 4 <= network.tokenizer.max_length
    lengths = phrases.mask.sum(dim=1)
    ends = phrases.ids[np.arange(3), lengths - 1]
    assert ends.tolist() == [network.tokenizer.eos_id] * 3
