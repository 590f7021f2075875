"""What saves time and memory in CLIPSeg changes no number: the activation, attention, checkpointing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

from engine.models.base import VLSM
from engine.models.clipseg import ClipSeg
from engine.models.cris_vlsm import Cris
from engine.models.frozen_mlp import FrozenMlp
from engine.models.quick_gelu import QuickGelu
from tests.fakes.tiny_clipseg import tiny_network
from tests.fakes.tiny_cris import tiny_cris

IDS = torch.tensor([[1, 4, 8, 10, 3], [1, 9, 3, 0, 0]])


def test_the_activation_is_that_of_clip() -> None:
    x = torch.randn(3, 70, 11, requires_grad=True)  # more rows than a piece holds, and no multiple of it
    weight = torch.randn(3, 70, 11)
    ours, plain = QuickGelu()(x), x * torch.sigmoid(1.702 * x)
    assert torch.equal(ours, plain)
    (one,) = torch.autograd.grad(ours, x, weight)
    (other,) = torch.autograd.grad(plain, x, weight)
    assert torch.allclose(one, other, atol=1e-6)
    turned = torch.randn(5, 7, 3, requires_grad=True).transpose(0, 2)
    assert torch.allclose(QuickGelu()(turned), turned * torch.sigmoid(1.702 * turned), atol=1e-6)


def test_the_activation_takes_the_place_of_the_stock_one() -> None:
    vlsm = ClipSeg(tiny_network())
    assert sum(isinstance(module, QuickGelu) for module in vlsm.modules()) == 6  # three blocks in each tower


@pytest.mark.parametrize("shape", [(3, 90, 16), (2, 16)])
def test_a_frozen_mlp_gives_what_its_layers_give(shape: tuple[int, ...]) -> None:
    mlp = FrozenMlp(nn.Linear(16, 200), nn.Linear(200, 16))
    x, weight = torch.randn(shape, requires_grad=True), torch.randn(shape)

    def gradients() -> tuple[Tensor, ...]:
        return torch.autograd.grad(mlp(x), [x, *(value for value in mlp.parameters() if value.requires_grad)], weight)

    plain, learning = mlp(x).detach(), gradients()
    mlp.requires_grad_(False)
    with remembering() as kept:
        found = mlp(x)
    assert max(kept) == max(200 * 16, x.numel())  # weights and inputs, nothing as wide as 200 numbers a token
    assert torch.allclose(found, plain, atol=1e-6)
    assert len(learning) == 5
    assert torch.allclose(gradients()[0], learning[0], atol=1e-6)
    turned = torch.randn(16, 5, requires_grad=True)
    assert torch.allclose(mlp(turned.t()), mlp.fc2(mlp.fc1(turned.t()).relu()), atol=1e-6)


def answers(vlsm: VLSM, prompts: Tensor | None) -> Callable[[], tuple[Tensor, list[Tensor]]]:
    """Logits and the gradients of image prompts, or of the tower's first weights where it takes none."""
    pixels = torch.randn(2, 3, vlsm.sites.image_size, vlsm.sites.image_size)
    learned = [prompts] if prompts is not None else list(vlsm.parameters())[:3]

    def ask() -> tuple[Tensor, list[Tensor]]:
        image = vlsm.encode_image(pixels, prompts)
        logits = vlsm.decode(image, vlsm.encode_text(IDS, (IDS != 0).long())).logits
        found = torch.autograd.grad(logits.square().mean(), learned, allow_unused=True)
        return logits.detach(), [gradient for gradient in found if gradient is not None]

    return ask


@contextmanager
def remembering() -> Iterator[list[int]]:
    """How many numbers each tensor holds that is kept for the way back."""
    sizes: list[int] = []

    def keep(value: Tensor) -> Tensor:
        sizes.append(value.numel())
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        yield sizes


@pytest.mark.parametrize("eager", [True, False])
def test_attention_is_a_choice_of_time_alone(eager: bool) -> None:
    vlsm = ClipSeg(tiny_network())
    vlsm.freeze()
    ask = answers(vlsm, torch.randn(2, 3, 32, requires_grad=True))
    logits, gradients = ask()
    vlsm.attend("eager" if eager else "sdpa")
    kinds = {module.config._attn_implementation for module in vlsm.network.modules() if hasattr(module, "config")}
    assert kinds == {"eager" if eager else "sdpa"}
    found, again = ask()
    assert torch.allclose(found, logits, atol=1e-5)
    assert torch.allclose(again[0], gradients[0], atol=1e-5)


@pytest.mark.parametrize("make", [lambda: ClipSeg(tiny_network()), lambda: Cris(tiny_cris())], ids=["clipseg", "cris"])
def test_checkpointing_computes_again_and_changes_nothing(make: Callable[[], VLSM]) -> None:
    vlsm = make()
    vlsm.eval()
    prompts = torch.randn(2, 3, 32, requires_grad=True) if vlsm.sites.image_width else None
    ask = answers(vlsm, prompts)
    logits, gradients = ask()
    vlsm.checkpointing = True
    with remembering() as kept:
        found, again = ask()
    vlsm.checkpointing = False
    with remembering() as much:
        ask()
    assert torch.equal(found, logits)
    assert gradients
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(gradients, again, strict=True))
    assert sum(kept) < 0.9 * sum(much)
