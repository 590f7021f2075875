"""MaPLe, Shared Separate, Shared Attention: both sides, depths apart, what attends to what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.contract.errors import OutOfRange
from engine.models.clipseg import ClipSeg
from engine.recipe import make_recipe
from engine.strategies import STRATEGIES
from engine.strategies.base import PromptLearner, StrategyConfig
from tests.fakes.tiny_clipseg import tiny_network

SITES = ClipSeg(tiny_network()).sites
BOTH = ("maple", "shared_separate", "shared_attention")


def words(text: str) -> Tensor:
    return torch.randn(len(text.split()), 32)


def config(name: str, **settings: Any) -> StrategyConfig:
    return STRATEGIES.get(name).model_validate(settings)


def learner(name: str, **settings: Any) -> PromptLearner:
    torch.manual_seed(0)
    found = config(name, **settings)
    found.check(SITES)
    return found.build(SITES, words).eval()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("depth", "image_depth"), [(2, None), (1, 3), (3, 1)])
def test_each_side_has_its_depth(name: str, depth: int, image_depth: int | None) -> None:
    prompts = learner(name, prompt_depth=depth, image_depth=image_depth)()
    assert prompts.text is not None
    assert prompts.image is not None
    assert prompts.text.shape == (depth, 4, SITES.text_width)
    assert prompts.image.shape == (image_depth or depth, 4, SITES.image_width)


@pytest.mark.parametrize("name", BOTH)
def test_each_sides_limit_is_its_encoders(name: str) -> None:
    with pytest.raises(OutOfRange, match="image encoder") as caught:
        config(name, prompt_depth=1, image_depth=4).check(SITES)
    assert caught.value.field == "strategy.image_depth"
    with pytest.raises(OutOfRange, match="text encoder") as caught:
        config(name, prompt_depth=4, image_depth=1).check(SITES)
    assert caught.value.field == "strategy.prompt_depth"


@pytest.mark.parametrize("name", BOTH)
def test_they_leave_room_for_a_phrase(name: str) -> None:
    random = {"initialise_from": None} if name == "maple" else {}
    with pytest.raises(OutOfRange, match="no room for a phrase"):
        config(name, prompt_depth=1, num_context=14, **random).check(SITES)


@pytest.mark.parametrize("name", ["shared_separate", "shared_attention"])
def test_depths_start_apart_or_as_published(name: str) -> None:
    for same in (False, True):
        state = learner(name, prompt_depth=2, identical_start=same).state_dict()
        first = [key for key in state if ".0." in key and state[key].std() > 0 and "norm" not in key]
        assert first
        for key in first:
            other = state[key.replace("_layers.0.", "_layers.1.")]
            assert torch.equal(state[key], other) is (same or bool((state[key] == 0).all())), key


def changed_by_the_first(**settings: Any) -> list[bool]:
    """Which prompts of the only depth change when the first one does."""
    found = learner("shared_attention", prompt_depth=1, heads=4, feed_forward=16, **settings)
    with torch.no_grad():
        before = found().text
        found.context_vectors[0, 0] += torch.randn(64)
        after = found().text
    assert before is not None
    assert after is not None
    return [bool(moved) for moved in (before - after).abs().amax(-1)[0] > 1e-6]


def test_prompts_attend_to_each_other_or_as_published_to_themselves_alone() -> None:
    assert changed_by_the_first() == [True] * 4
    assert changed_by_the_first(attend_across="batch") == [True, False, False, False]


def test_dropout_is_for_tuning_only() -> None:
    found = learner("shared_attention", prompt_depth=1, dropout=0.5)
    with torch.no_grad():
        assert torch.equal(found().text, found().text)
        found.train()
        assert not torch.equal(found().text, found().text)


def test_heads_divide_the_width(tiny_weights: Path) -> None:
    """Told before anything is loaded, with numbers that would do."""
    strategy = {"name": "shared_attention", "heads": 20, "prompt_depth": 1}
    with pytest.raises(OutOfRange, match="20 heads do not divide the 64 channels") as caught:
        make_recipe({"model": {"weights": str(tiny_weights)}, "strategy": strategy})
    assert (caught.value.field, caught.value.hint) == ("strategy.heads", "Choose one of: 1, 2, 4, 8, 16, 32, 64.")


def test_maple_counts_layers_one_way() -> None:
    """What CoOp offers for CRIS, MaPLe does not run on: it is refused rather than passed over."""
    with pytest.raises(ValueError, match="deep_from"):
        config("maple", deep_from=0)
