"""Every strategy on every network: only what it names learns, what it saves brings answers back, limits are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.contract.errors import IncompatiblePair, InputError, OutOfRange
from engine.models.base import VLSM
from engine.models.clipseg import ClipSeg
from engine.models.cris_vlsm import Cris
from engine.models.sites import PromptSites
from engine.strategies import STRATEGIES
from engine.strategies.tuned_model import TunedModel
from engine.training.config import TrainingConfig
from engine.training.losses import dice_ce
from engine.training.optimiser import parameter_groups
from tests.fakes.tiny_clipseg import tiny_network
from tests.fakes.tiny_cris import tiny_cris

NEED_IMAGE_SITES = {"vpt", "maple", "shared_attention", "shared_separate"}
NETWORKS: dict[str, Callable[[], VLSM]] = {
    "clipseg": lambda: ClipSeg(tiny_network()),
    "cris": lambda: Cris(tiny_cris()),
}
PAIRS = [
    pytest.param(strategy, network, id=f"{strategy} {network}")
    for network in NETWORKS
    for strategy in STRATEGIES.names()
    if network == "clipseg" or strategy not in NEED_IMAGE_SITES
]
every_pair = pytest.mark.parametrize(("name", "network"), PAIRS)
LAYERS = 3
WIDTH = 32
IDS = torch.tensor([[1, 4, 8, 10, 3, 0], [1, 9, 13, 3, 0, 0]])


def settings(name: str, **more: Any) -> dict[str, Any]:
    """Values that fit the tiny network."""
    known = STRATEGIES.get(name).model_fields
    return {**({"prompt_depth": 2} if "prompt_depth" in known else {}), **more}


def tuned(name: str, network: str, seed: int = 0, **more: Any) -> TunedModel:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    vlsm = NETWORKS[network]()
    config = STRATEGIES.get(name).model_validate(settings(name, **more))
    config.check(vlsm.sites)
    model = TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.randn(4, WIDTH)))
    return model.eval()


def images(count: int = 2) -> Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(5))


def step(model: TunedModel) -> None:
    """One optimiser step with decay, as tuning takes them."""
    groups = parameter_groups(model, TrainingConfig(learning_rate=0.01, weight_decay=0.1))
    if not groups:
        return
    optimiser = torch.optim.AdamW(groups)
    model.train()
    model(images(), IDS, (IDS != 0).long()).square().mean().backward()
    optimiser.step()
    model.eval()


def values(model: TunedModel) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@every_pair
def test_only_what_it_names_learns(name: str, network: str) -> None:
    model = tuned(name, network)
    before = values(model)
    step(model)
    after = values(model)
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed <= set(model.learned())
    if name != "zero_shot":
        assert changed
    if "context_vectors" in dict(model.learner.named_parameters()):
        assert "learner.context_vectors" in changed
    assert STRATEGIES.get(name).title


@every_pair
def test_tuning_lowers_the_loss(name: str, network: str) -> None:
    if name == "zero_shot":
        pytest.skip("it learns nothing")
    model = tuned(name, network).train()
    optimiser = torch.optim.AdamW(parameter_groups(model, TrainingConfig(learning_rate=0.002)))
    masks = torch.zeros(2, 2, 32, 32, dtype=torch.uint8)
    masks[0, 0, 4:20, 4:20] = masks[1, 1, 12:28, 8:24] = 1
    losses, present = [], torch.ones(2, 2, dtype=torch.bool)
    for _ in range(12):
        torch.manual_seed(0)
        loss = dice_ce(model(images(), IDS, (IDS != 0).long()), masks.float(), present, 1.0, 0.2)
        losses.append(float(loss.detach()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert max(losses[-3:]) < losses[0], losses  # little: the network is random, and prompts move it little


@every_pair
def test_saved_and_loaded_gives_the_same_answers(name: str, network: str) -> None:
    model = tuned(name, network)
    step(model)
    other = tuned(name, network, seed=1)
    other.load_learner_state(model.learner_state())
    mask = (IDS != 0).long()
    with torch.no_grad():
        assert torch.equal(model(images(), IDS, mask), other(images(), IDS, mask))


@every_pair
def test_the_grid_asks_each_image_each_phrase(name: str, network: str) -> None:
    model = tuned(name, network)
    mask = (IDS != 0).long()
    with torch.no_grad():
        grid = model(images(3), IDS, mask)
        pairs = torch.stack([model.pairs(images(3), IDS[[at] * 3], mask[[at] * 3])[:, 0] for at in (0, 1)], dim=1)
    assert grid.shape == (3, 2, 32, 32)
    torch.testing.assert_close(grid, pairs, atol=1e-5, rtol=1e-4)


@every_pair
def test_a_depth_beyond_the_network_is_refused(name: str, network: str) -> None:
    if "prompt_depth" not in STRATEGIES.get(name).model_fields:
        pytest.skip("it has no depth")
    tuned(name, network, prompt_depth=LAYERS)
    with pytest.raises(OutOfRange, match=r"strategy\.prompt_depth.*3 layers") as caught:
        tuned(name, network, prompt_depth=LAYERS + 1)
    assert caught.value.field == "strategy.prompt_depth"


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_model_without_image_sites_refuses_what_needs_them(name: str) -> None:
    """CRIS on its published sizes: a pair that cannot work is told before anything is built."""
    sites = PromptSites(
        text_width=512, text_layers=12, text_positions=77, image_width=None, image_layers=0, joint_width=1024,
        map_width=512, patch_size=16, image_size=416, model="CRIS",
    )  # fmt: skip
    config = STRATEGIES.get(name).model_validate(settings(name))
    if name not in NEED_IMAGE_SITES:
        config.check(sites)
        return
    with pytest.raises(IncompatiblePair) as caught:
        config.check(sites)
    assert caught.value.message == f"{config.title} needs image sites; CRIS has a ResNet image tower and none."
    assert caught.value.field == "strategy.name"


@every_pair
def test_what_may_be_kept_never_changes(name: str, network: str) -> None:
    """Image and text features that count as fixed are the same after a step; the others are not."""
    model = tuned(name, network)
    mask = (IDS != 0).long()

    def features() -> tuple[Tensor, Tensor | None]:
        with torch.no_grad():
            taps = torch.cat([tap.flatten() for tap in model.encode_images(images()).taps])
            return taps, None if model.learner.needs_pooled else model.encode_phrases(IDS, mask).embedding

    before = features()
    step(model)
    after = features()
    assert torch.equal(before[0], after[0]) is model.image_is_fixed
    if before[1] is not None and after[1] is not None:
        assert torch.equal(before[1], after[1]) is model.text_is_fixed


@every_pair
def test_what_the_fixed_tower_says_may_be_kept(name: str, network: str) -> None:
    """It is the same after a step, carries no gradient, and gives what encoding anew gives."""
    model = tuned(name, network)
    if not model.tower_is_fixed:
        assert name in NEED_IMAGE_SITES | {"full_finetune"}
        return
    with torch.no_grad():
        kept = model.seen(images())
    step(model)
    with torch.no_grad():
        again = model.seen(images())
    assert all(torch.equal(one, other) for one, other in zip(kept.taps, again.taps, strict=True))
    found, expected = model.from_seen(kept), model.encode_images(images())
    assert all(torch.equal(one, other) for one, other in zip(found.taps, expected.taps, strict=True))
    assert (found.pooled is not None) == model.learner.needs_pooled
    assert any(tap.requires_grad for tap in found.taps) == model.config.learns_decoder


@every_pair
@pytest.mark.parametrize("mode", ["add", "blend"])
def test_the_upsampler_learns_beside_it(name: str, network: str, mode: str) -> None:
    if name == "zero_shot":
        pytest.skip("it learns nothing")
    model = tuned(name, network, upsampler=mode)
    before = values(model)
    step(model)
    after = values(model)
    expected = {"upsampler.convolution.weight", "upsampler.convolution.bias"}
    expected |= {"upsampler.ratio"} if mode == "blend" else set()
    expected |= {"upsampler.reduction.weight"} if network == "cris" else set()
    assert {key for key in before if key.startswith("upsampler.")} == expected
    assert all(not torch.equal(before[key], after[key]) for key in expected)


@every_pair
def test_the_last_layer_may_learn_too(name: str, network: str) -> None:
    if name == "zero_shot":
        pytest.skip("it learns nothing")
    model = tuned(name, network, train_last_layer=True)
    last = {"clipseg": "transposed_convolution", "cris": "proj.txt"}
    assert any(last[network] in key for key in model.learned())


@every_pair
def test_weights_of_another_recipe_are_refused(name: str, network: str) -> None:
    model = tuned(name, network)
    state = model.learner_state()
    with pytest.raises(InputError, match="do not fit this recipe"):
        model.load_learner_state({**state, "learner.other": torch.zeros(1)})
    if state:
        wrong = {**state, next(iter(state)): torch.zeros(1, 2, 3, 4, 5)}
        with pytest.raises(InputError, match="do not fit this recipe"):
            model.load_learner_state(wrong)


@every_pair
def test_where_it_says_that_it_learns_is_where_it_learns(name: str, network: str) -> None:
    model = tuned(name, network)
    at, learned = set(model.config.learns_at), list(model.learned())
    assert ("text" in at) == model.learner.text_varies
    assert ("image" in at) == model.learner.image_varies
    assert ("upsampler" in at) == any(key.startswith("upsampler.") for key in learned)
    last = {id(parameter) for parameter in model.vlsm.last_layer().parameters()}
    weights = [parameter for key, parameter in model.learned().items() if key.startswith("vlsm.")]
    assert ("last_layer" in at) == any(id(parameter) in last for parameter in weights)
    assert ("decoder" in at or "encoders" in at) == any(id(parameter) not in last for parameter in weights)
    assert ("encoders" in at) == model.config.learns_tower
    networks = {"text_to_image", "image_to_text", "shared"} & at
    assert bool(networks) == any(key.startswith("learner.") and "projection" in key for key in learned)
