"""What every strategy promises; a new file in engine/strategies is tested here the moment it exists."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.models import MODELS
from engine.models.base import VLSM
from engine.strategies import STRATEGIES
from engine.strategies.base import StrategyConfig
from engine.strategies.tuned_model import TunedModel

NAMES = STRATEGIES.names()


@pytest.fixture
def vlsm(tiny_weights: Path) -> VLSM:
    return MODELS.get("clipseg").load(tiny_weights)


def config_of(name: str, **values: object) -> StrategyConfig:
    config = STRATEGIES.get(name)
    if "prompt_depth" in config.model_fields:
        values.setdefault("prompt_depth", 2)
    return config.model_validate(values)


def build(vlsm: VLSM, config: StrategyConfig) -> TunedModel:
    torch.manual_seed(0)
    config.check(vlsm.sites)
    return TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: vlsm.embed_words(torch.tensor([4, 6, 7, 4]))))


def inputs() -> tuple[Tensor, Tensor, Tensor]:
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    ids = torch.tensor([[1, 4, 8, 10, 3], [1, 9, 11, 3, 0]])
    return images, ids, (ids != 0).long()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("upsampler", ["none", "add", "blend"])
def test_only_what_is_declared_learns(name: str, upsampler: str, vlsm: VLSM) -> None:
    if name == "upsampler_only" and upsampler == "none":
        pytest.skip("upsampler_only without an upsampler is refused by its settings")
    model = build(vlsm, config_of(name, upsampler=upsampler)).train()
    learned = set(model.learned())
    before = {key: value.clone() for key, value in model.state_dict().items()}
    if not learned:
        assert name == "zero_shot"
        return
    optimiser = torch.optim.SGD(model.learned().values(), lr=1.0)
    images, ids, mask = inputs()
    model(images, ids, mask).square().mean().backward()
    optimiser.step()
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed <= learned
    assert any(key.startswith(("learner", "upsampler", "vlsm")) for key in changed)
    silent = [key for key, value in model.learned().items() if value.grad is None or not value.grad.any()]
    if name != "full_finetune":
        assert not silent, f"declared as learning, but nothing reaches: {silent}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_gives_the_same_logits(name: str, vlsm: VLSM, tiny_weights: Path) -> None:
    model = build(vlsm, config_of(name)).eval()
    with torch.no_grad():
        for parameter in model.learned().values():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3)))
    other = build(MODELS.get("clipseg").load(tiny_weights), config_of(name)).eval()
    images, ids, mask = inputs()
    with torch.no_grad():
        expected = model(images, ids, mask)
        if model.learned():
            assert not torch.allclose(other(images, ids, mask), expected)
        other.load_learner_state(model.learner_state())
        assert torch.equal(other(images, ids, mask), expected)


@pytest.mark.parametrize("name", NAMES)
def test_the_grid_is_the_pairs(name: str, vlsm: VLSM) -> None:
    model = build(vlsm, config_of(name)).eval()
    images, ids, mask = inputs()
    with torch.no_grad():
        grid = model(images, ids, mask)
        diagonal = model.pairs(images, ids, mask)[:, 0]
    assert grid.shape == (2, 2, 32, 32)
    torch.testing.assert_close(torch.stack([grid[0, 0], grid[1, 1]]), diagonal, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_kept_features_are_only_promised_where_they_never_change(name: str, vlsm: VLSM) -> None:
    model = build(vlsm, config_of(name))
    images, ids, mask = inputs()
    with torch.no_grad():
        image, text = model.encode_images(images).taps[0], model.encode_phrases(ids, mask).embedding
        for parameter in model.learned().values():
            parameter.add_(0.1)
        same_image = torch.equal(model.encode_images(images).taps[0], image)
        same_text = torch.equal(model.encode_phrases(ids, mask).embedding, text)
    assert model.image_is_fixed == same_image
    assert model.text_is_fixed == same_text


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_help(name: str) -> None:
    config = STRATEGIES.get(name)
    assert config.__doc__
    assert config.title
    assert all(field.description for field in config.model_fields.values())
