"""The tuned model with learners of every kind, also those that draw random numbers or look at the image."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.models.clipseg import ClipSeg
from engine.strategies.base import PromptLearner, Prompts
from engine.strategies.full_finetune import FullFinetune
from engine.strategies.tuned_model import TunedModel
from engine.strategies.vpt import VPT
from tests.fakes.tiny_clipseg import tiny_network

IDS = torch.tensor([[1, 4, 8, 10, 3, 0], [1, 9, 13, 3, 0, 0]])
MASK = (IDS != 0).long()


class MovedByImage(PromptLearner):
    """Learned words that the image shifts, another for each label."""

    needs_pooled = True
    image_varies = False

    def __init__(self) -> None:
        super().__init__()
        self.context_vectors = nn.Parameter(torch.randn(2, 3, 32))
        self.move = nn.Linear(24, 32)

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        assert pooled is not None
        shift = self.move(pooled)
        if label_index is not None:
            shift = shift * (1 + label_index[:, None])
        return Prompts(text=self.context_vectors[:, None] + shift[None, :, None])


class Stochastic(PromptLearner):
    """Both sides come from one random draw."""

    def __init__(self) -> None:
        super().__init__()
        self.context_vectors = nn.Parameter(torch.randn(2, 3, 32))
        self.draws = 0

    def forward(self, pooled: Tensor | None = None, label_index: Tensor | None = None) -> Prompts:
        self.draws += 1
        both = nn.functional.dropout(self.context_vectors, 0.5, training=True)
        return Prompts(image=both, text=both)


def tuned(learner: PromptLearner) -> TunedModel:
    torch.manual_seed(0)
    return TunedModel(ClipSeg(tiny_network()), VPT(prompt_depth=1), learner).eval()


def images(count: int) -> Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(2))


def test_words_moved_by_the_image() -> None:
    """The grid (each image encoded once, each phrase for each image) answers as image-phrase pairs do."""
    model = tuned(MovedByImage())
    with torch.no_grad():
        grid = model(images(3), IDS, MASK)
        pairs = torch.stack([model.pairs(images(3), IDS[[at] * 3], MASK[[at] * 3])[:, 0] for at in (0, 1)], dim=1)
        other = model(images(3), IDS, MASK, torch.tensor([0, 1]))
    torch.testing.assert_close(grid, pairs, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(grid[:, 0], other[:, 0], atol=1e-5, rtol=1e-4)
    assert (grid[:, 1] - other[:, 1]).abs().max() > 1e-4
    model(images(1), IDS, MASK).square().mean().backward()
    assert all(parameter.grad is not None for parameter in model.learner.parameters())


@pytest.mark.parametrize("way", ["grid", "pairs"])
def test_the_learner_is_asked_once(way: str) -> None:
    learner = Stochastic()
    model = tuned(learner)
    _ = model(images(2), IDS, MASK) if way == "grid" else model.pairs(images(2), IDS, MASK)
    assert learner.draws == 1


def test_frozen_parts_stay_in_evaluation_mode() -> None:
    model = tuned(Stochastic()).train()
    assert model.learner.training
    assert not any(module.training for module in model.vlsm.modules())


def test_batch_statistics_never_move() -> None:
    """They are no parameters, so a run would not keep them; even full fine-tuning leaves them alone."""
    vlsm = ClipSeg(tiny_network())
    vlsm.add_module("norm", nn.BatchNorm1d(2))
    config = FullFinetune()
    TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.zeros(1, 32))).train()
    assert vlsm.network.training
    assert not vlsm.norm.training
