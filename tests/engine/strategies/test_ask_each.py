"""Images that say something of their own: the same answers as asking each pair by itself."""

from __future__ import annotations

import pytest
import torch

from engine.models.clipseg import ClipSeg
from engine.strategies import STRATEGIES
from engine.strategies.base import Prompts
from engine.strategies.tuned_model import TunedModel
from tests.fakes.tiny_clipseg import tiny_network

IDS = torch.tensor([[1, 4, 8, 10, 3, 0], [1, 9, 13, 3, 0, 0], [1, 5, 3, 0, 0, 0], [1, 6, 7, 8, 9, 3]])
MASK = (IDS != 0).long()
COLUMNS = torch.tensor([0, 1, 0, 1])
SAID = torch.tensor([[0, 1], [2, 3], [0, 3]])


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("zero_shot", {}),
        ("coop", {}),
        ("coop", {"per_label": True}),
        ("cocoop", {}),
        ("cocoop", {"per_label": True}),
        ("vpt", {}),
        ("maple", {"per_label": True}),
        ("full_finetune", {}),
    ],
)
def test_each_pair_is_asked_its_own_text(name: str, settings: dict[str, object]) -> None:
    torch.manual_seed(0)
    config = STRATEGIES.get(name).model_validate(settings)
    vlsm = ClipSeg(tiny_network())
    model = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.randn(4, 32), 2)).eval()
    with torch.no_grad():
        for parameter in model.learned().values():
            parameter.add_(torch.randn_like(parameter) * 0.05)
        images = torch.randn(3, 3, 32, 32)
        label_index = torch.arange(2)
        prompts = Prompts() if model.learner.needs_pooled else model.learner(None, label_index)
        image = model.encode_images(images, prompts)
        each = model.ask_each(image, prompts, IDS, MASK, COLUMNS, SAID, label_index)
        assert each.shape[:2] == (3, 2)
        for row in range(3):
            for column in range(2):
                text = SAID[row, column]
                alone = model.pairs(images[row : row + 1], IDS[text][None], MASK[text][None], torch.tensor([column]))
                torch.testing.assert_close(each[row, column], alone[0, 0], atol=1e-4, rtol=1e-4)
        # Where every image says the same, it is what `ask` gives.
        same = torch.tensor([[0, 1]]).expand(3, 2)
        together = model.ask_each(image, prompts, IDS, MASK, COLUMNS, same, label_index)
        torch.testing.assert_close(together, model(images, IDS[:2], MASK[:2], label_index), atol=1e-4, rtol=1e-4)
