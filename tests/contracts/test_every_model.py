"""Every model: what it says of itself before loading is true, and its sites take prompts and pass gradients."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.contract.errors import WeightsMissing
from engine.models import MODELS
from engine.models.base import VLSM
from tests.fakes.tiny_clipseg import write_tiny_clipseg
from tests.fakes.tiny_cris import write_tiny_cris

SMALL = {"clipseg": write_tiny_clipseg, "cris": write_tiny_cris}
"""A writer of a small weights folder for every model: a new model adds its own here."""


@pytest.fixture(scope="module", params=MODELS.names())
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, VLSM]:
    torch.set_num_threads(1)
    folder = SMALL[request.param](tmp_path_factory.mktemp(request.param) / "small")
    return request.param, folder, MODELS.get(request.param).load(folder)


def inputs(vlsm: VLSM, images: int = 2, phrases: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(images, 3, vlsm.sites.image_size, vlsm.sites.image_size, generator=generator)
    ids = torch.tensor([[1, 4, 8, 10, 3, 0], [1, 9, 13, 3, 0, 0], [1, 12, 6, 7, 10, 3]])[:phrases]
    return pixels, ids, (ids != 0).long()


def test_what_is_read_before_loading_is_true(small: tuple[str, Path, VLSM], tmp_path: Path) -> None:
    name, folder, vlsm = small
    network = MODELS.get(name)
    assert network.recognises(folder)
    assert not network.recognises(tmp_path)
    limits = network.limits(folder)
    for key in ("text_layers", "text_positions", "text_width", "image_size", "patch_size"):
        assert limits[key] == getattr(vlsm.sites, key), key
    assert limits.get("image_layers", 0) == vlsm.sites.image_layers
    assert limits.get("image_width") == vlsm.sites.image_width
    skeleton = network.skeleton(folder)
    assert [(n, p.shape) for n, p in skeleton.named_parameters()] == [(n, p.shape) for n, p in vlsm.named_parameters()]
    assert {p.device.type for p in skeleton.parameters()} == {"meta"}


def test_shapes(small: tuple[str, Path, VLSM]) -> None:
    vlsm = small[2]
    sites = vlsm.sites
    pixels, ids, mask = inputs(vlsm)
    with torch.no_grad():
        image = vlsm.encode_image(pixels, pooled=True)
        text = vlsm.encode_text(ids, mask)
        decoded = vlsm.decode(image.rows(torch.tensor([0, 1, 1])), text)
    assert len(image) == 2
    assert image.pooled is not None
    assert image.pooled.shape == (2, sites.joint_width)
    assert text.embedding.shape == (3, sites.joint_width)
    assert decoded.logits.shape == (3, 1, sites.image_size, sites.image_size)
    assert decoded.map.shape[:2] == (3, sites.map_width)
    assert vlsm.embed_words(torch.tensor([4, 5])).shape == (2, sites.text_width)
    assert any(True for _ in vlsm.last_layer().parameters())


def test_an_answer_does_not_depend_on_its_neighbours(small: tuple[str, Path, VLSM]) -> None:
    vlsm = small[2]
    pixels, ids, mask = inputs(vlsm, phrases=2)
    with torch.no_grad():
        together = vlsm.decode(vlsm.encode_image(pixels), vlsm.encode_text(ids, mask)).logits
        alone = vlsm.decode(vlsm.encode_image(pixels[:1]), vlsm.encode_text(ids[:1], mask[:1])).logits
    assert alone.shape[0] == 1
    torch.testing.assert_close(together[:1], alone, atol=1e-5, rtol=1e-4)
    assert (together[0] - together[1]).abs().max() > 1e-3


def test_gradients_reach_every_site_that_is_read(small: tuple[str, Path, VLSM]) -> None:
    vlsm = small[2]
    vlsm.freeze()
    sites = vlsm.sites
    pixels, ids, mask = inputs(vlsm, phrases=2)
    text_prompts = torch.randn(sites.text_layers, 2, sites.text_width, requires_grad=True)
    image_prompts = None
    if sites.image_width is not None:
        image_prompts = torch.randn(max(sites.taps), 2, sites.image_width, requires_grad=True)
    image = vlsm.encode_image(pixels, image_prompts)
    vlsm.decode(image, vlsm.encode_text(ids, mask, text_prompts)).logits.square().mean().backward()
    for prompts in (text_prompts, image_prompts):
        if prompts is not None:
            assert prompts.grad is not None
            assert (prompts.grad.flatten(1).norm(dim=1) > 0).all()
    assert all(parameter.grad is None for parameter in vlsm.parameters())


def test_prompts_may_differ_by_item(small: tuple[str, Path, VLSM]) -> None:
    vlsm = small[2]
    sites = vlsm.sites
    pixels, ids, mask = inputs(vlsm, phrases=2)
    shared = torch.randn(2, 3, sites.text_width)
    with torch.no_grad():
        once = vlsm.encode_text(ids, mask, shared).embedding
        each = vlsm.encode_text(ids, mask, torch.stack([shared, -shared], dim=1)).embedding
    torch.testing.assert_close(once[0], each[0])
    assert (once[1] - each[1]).abs().max() > 1e-4
    if sites.image_width is None:
        return
    shared = torch.randn(2, 3, sites.image_width)
    with torch.no_grad():
        taps = vlsm.encode_image(pixels, shared).taps
        other = vlsm.encode_image(pixels, torch.stack([shared, -shared], dim=1)).taps
    torch.testing.assert_close(taps[0][0], other[0][0])
    assert (taps[0][1] - other[0][1]).abs().max() > 1e-4


@pytest.mark.parametrize("keep", [0, 100, 0.9])
def test_damaged_weights_are_told(small: tuple[str, Path, VLSM], tmp_path: Path, keep: float) -> None:
    name = small[0]
    broken = SMALL[name](tmp_path / "broken")
    file = next(path for path in broken.iterdir() if path.suffix == ".safetensors")
    content = file.read_bytes()
    file.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(WeightsMissing, match="cannot be loaded") as caught:
        MODELS.get(name).load(broken)
    assert caught.value.hint
    assert caught.value.field == "model.weights"
