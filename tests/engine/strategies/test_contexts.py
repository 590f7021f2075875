"""A set of learned words for each label: each label's answer moves with its own set alone, on whichever side it is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.models.clipseg import ClipSeg
from engine.strategies import STRATEGIES
from engine.strategies.tuned_model import TunedModel
from tests.fakes.tiny_clipseg import tiny_network

IDS = torch.tensor([[1, 4, 8, 10, 3, 0], [1, 9, 13, 3, 0, 0], [1, 9, 13, 3, 0, 0]])
MASK = (IDS != 0).long()
LABELS = torch.tensor([0, 1, 2])
BY_LABEL = [name for name, config in STRATEGIES if "per_label" in config.model_fields]
IMAGE_SIDE = {"maple", "shared_attention", "shared_separate"}


def tuned(name: str, **settings: Any) -> TunedModel:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    vlsm = ClipSeg(tiny_network())
    config = STRATEGIES.get(name).model_validate({"prompt_depth": 2, "per_label": True, **settings})
    model = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.full((4, 32), 0.3), 3))
    return model.eval()


def images(count: int) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(5))


def test_these_strategies_have_them() -> None:
    assert {"coop", "cocoop", *IMAGE_SIDE} <= set(BY_LABEL)


@pytest.mark.parametrize("name", BY_LABEL)
def test_each_label_moves_with_its_own_words_alone(name: str) -> None:
    model = tuned(name)
    assert model.learner.text_per_label
    assert model.learner.image_per_label == (name in IMAGE_SIDE)
    with torch.no_grad():
        before = model(images(2), IDS, MASK, LABELS)
        model.learner.context_vectors[1] += torch.randn_like(model.learner.context_vectors[1])
        after = model(images(2), IDS, MASK, LABELS)
    assert torch.equal(before[:, 0], after[:, 0])
    assert torch.equal(before[:, 2], after[:, 2])
    assert (before[:, 1] - after[:, 1]).abs().max() > 1e-4


@pytest.mark.parametrize("name", BY_LABEL)
def test_the_grid_answers_as_pairs(name: str) -> None:
    model = tuned(name)
    with torch.no_grad():
        model.learner.context_vectors.add_(torch.randn_like(model.learner.context_vectors))
        grid = model(images(2), IDS, MASK, LABELS.flip(0))
        for at, label in enumerate(LABELS.flip(0)):
            rows = [at, at]
            pairs = model.pairs(images(2), IDS[rows], MASK[rows], label.expand(2))
            torch.testing.assert_close(grid[:, at], pairs[:, 0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", BY_LABEL)
def test_the_label_must_be_told(name: str) -> None:
    with pytest.raises(ValueError, match="label_index"):
        tuned(name)(images(1), IDS, MASK)


@pytest.mark.parametrize("name", BY_LABEL)
def test_shared_words_are_shared(name: str) -> None:
    model = tuned(name, per_label=False)
    assert model.learner.context_vectors.ndim == 3
    assert not model.learner.text_per_label
    with torch.no_grad():
        found = model(images(1), IDS, MASK, LABELS)
    assert torch.equal(found[:, 1], found[:, 2])  # the same phrase


@pytest.mark.parametrize("name", BY_LABEL)
def test_random_starts_differ_by_label_and_words_do_not(name: str) -> None:
    context = tuned(name).learner.context_vectors
    assert (context[0] - context[1]).abs().max() > 0
    if "initialise_from" in STRATEGIES.get(name).model_fields:
        assert torch.equal(context[0, 0], context[1, 0])


@pytest.mark.parametrize("name", BY_LABEL)
def test_where_the_phrase_stands_changes_the_answer(name: str) -> None:
    answers = []
    for where in ("end", "middle", "front"):
        with torch.no_grad():
            answers.append(tuned(name, class_position=where)(images(1), IDS, MASK, LABELS))
    assert (answers[0] - answers[1]).abs().max() > 1e-5
    assert (answers[1] - answers[2]).abs().max() > 1e-5
