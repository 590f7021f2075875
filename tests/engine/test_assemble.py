"""From a recipe to the network that works."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.torch import save_file

from engine.assemble import export_parts, make_network
from engine.bundle.manifest import DataSplit
from engine.contract.errors import InputError
from engine.data.config import LabelConfig, SplitConfig
from engine.recipe import Recipe, make_recipe


def recipe_for(weights: Path, folder: Path, **strategy: Any) -> Recipe:
    return make_recipe(
        {
            "data": {"folder": str(folder)},
            "model": {"weights": str(weights)},
            "strategy": strategy,
            "training": {"device": "cpu", "threads": 1},
        }
    )


def report_of(*names: str) -> Any:
    return SimpleNamespace(labels=[LabelConfig(value=at + 1, name=name) for at, name in enumerate(names)])


def test_every_phrase_keeps_its_end_where_learned_words_take_places(tiny_weights: Path, tmp_path: Path) -> None:
    network = make_network(recipe_for(tiny_weights, tmp_path, name="coop", num_context=4, initialise_from=None))
    assert network.reserve() == 4
    said = ["red " * 30, "red " * 11, "red"]
    labels = [LabelConfig(value=at + 1, name=str(at), phrase=phrase) for at, phrase in enumerate(said)]
    report: Any = SimpleNamespace(labels=labels)
    phrases = network.phrases(report)
    assert phrases.ids.shape[1] + 4 <= network.tokenizer.max_length
    lengths = phrases.mask.sum(dim=1)
    ends = phrases.ids[np.arange(3), lengths - 1]
    assert ends.tolist() == [network.tokenizer.eos_id] * 3


def test_each_label_finds_its_own_words_by_name(tiny_weights: Path, tmp_path: Path) -> None:
    recipe = recipe_for(tiny_weights, tmp_path, name="coop", per_label=True)
    network = make_network(recipe, ["liver", "spleen", "kidney"])
    assert network.tuned.learner.label_count() == 3
    assert network.phrases(report_of("kidney", "liver")).label_index.tolist() == [2, 0]
    with pytest.raises(InputError, match=r"liver, spleen, kidney; polyp has none") as caught:
        network.phrases(report_of("liver", "polyp"))
    assert caught.value.field == "data.labels"
    # Where labels share their words, any label may be asked for.
    shared = make_network(recipe_for(tiny_weights, tmp_path, name="coop"), ["liver"])
    assert shared.phrases(report_of("polyp", "liver")).label_index.tolist() == [0, 1]


@pytest.mark.parametrize("strategy", ["coop", "cocoop", "maple", "shared_attention", "shared_separate"])
def test_words_learned_for_another_number_of_labels_are_refused(
    tiny_weights: Path, tmp_path: Path, strategy: str
) -> None:
    depth = {"prompt_depth": 2}
    recipe = recipe_for(tiny_weights, tmp_path, name=strategy, per_label=True, **depth)
    saved = tmp_path / "best.safetensors"
    save_file(make_network(recipe, ["liver", "spleen"]).tuned.learner_state(), saved)
    with pytest.raises(InputError, match=r"for 2 labels; there are 3 labels now: liver, spleen, kidney") as caught:
        make_network(recipe, ["liver", "spleen", "kidney"], learned=saved)
    assert caught.value.hint
    # Not told how many: as many as were saved.
    assert make_network(recipe, learned=saved).tuned.learner.label_count() == 2
    with pytest.raises(InputError, match="for 2 labels; 3 are asked for"):
        make_network(recipe, learned=saved).phrases(report_of("a", "b", "c"))


def test_a_bundle_knows_how_its_data_was_shared_out(tiny_weights: Path, tmp_path: Path) -> None:
    """All of it that a recipe can say: with less, images that were learnt from could count as test images."""
    assert set(DataSplit.model_fields) - {"seed", "max_cases"} >= set(SplitConfig.model_fields)
    values = {
        "data": {"folder": str(tmp_path), "split": {"train": 0.6, "val": 0.2, "test": 0.2, "by": "image"}},
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": "zero_shot"},
        "training": {"device": "cpu", "threads": 1},
    }
    network = make_network(make_recipe(values))
    parts = export_parts(network, (), {"intensity": "as_is"}, None, {}, synthetic=False)
    assert parts.manifest.split is not None
    told = parts.manifest.split.model_dump()
    assert {name: told[name] for name in values["data"]["split"]} == values["data"]["split"]  # type: ignore[index]
