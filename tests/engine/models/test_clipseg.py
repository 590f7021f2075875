"""CLIPSeg against the stock forward of transformers, and the places where prompts enter."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.contract.errors import WeightsMissing
from engine.models.clipseg import ClipSeg
from engine.models.networks.clipseg import ClipSegNetwork
from tests.fakes.tiny_clipseg import tiny_network, write_tiny_clipseg

IDS = torch.tensor([[1, 4, 8, 10, 3, 0], [1, 9, 13, 3, 0, 0]])
MASK = (IDS != 0).long()


def pixels(size: int, count: int = 2) -> torch.Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def answer(vlsm: ClipSeg, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return vlsm.decode(vlsm.encode_image(images), vlsm.encode_text(IDS, MASK)).logits


@pytest.mark.parametrize(("image_size", "patch_size", "asked"), [(32, 8, 32), (32, 8, 48), (64, 16, 64), (64, 16, 96)])
@pytest.mark.parametrize("eos", [2, 3])
def test_without_prompts_it_is_the_stock_model(image_size: int, patch_size: int, asked: int, eos: int) -> None:
    """Other image sizes too: positions are interpolated; and both ways to find the end of a phrase."""
    network = tiny_network(image_size=image_size, patch_size=patch_size)
    network.config.text_config.eos_token_id = eos
    network.clip.text_model.eos_token_id = eos
    ids = IDS if eos == 3 else torch.where(IDS == 3, 63, IDS)  # the old rule takes the largest id
    images = pixels(asked)
    with torch.no_grad():
        known = network(input_ids=ids, attention_mask=MASK, pixel_values=images).logits
        vlsm = ClipSeg(network)
        found = vlsm.decode(vlsm.encode_image(images), vlsm.encode_text(ids, MASK)).logits
    assert found.shape == (2, 1, asked, asked)
    torch.testing.assert_close(found[:, 0], known.reshape(2, asked, asked), atol=1e-5, rtol=1e-4)


def test_the_tower_stops_after_the_last_tapped_block() -> None:
    network = tiny_network()
    network.config.extract_layers = [0, 1]
    network.decoder.reduces, network.decoder.layers = network.decoder.reduces[:2], network.decoder.layers[:2]
    vlsm = ClipSeg(network)
    calls = []
    network.clip.vision_model.encoder.layers[2].register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        short = vlsm.encode_image(pixels(32))
        assert calls == []
        long = vlsm.encode_image(pixels(32), pooled=True)
    assert calls == [1]
    assert all(torch.equal(one, other) for one, other in zip(short.taps, long.taps, strict=True))


def test_taps_below_the_prompt_depth_hold_the_replacements() -> None:
    vlsm = ClipSeg(tiny_network())
    prompts = torch.randn(3, 2, 32)
    with torch.no_grad():
        taps = vlsm.encode_image(pixels(32), prompts).taps
        for block in (1, 2):  # outputs of blocks 1 and 2 end with rows 1 and 2
            tap = taps[len(taps) - block]
            reduce = vlsm.network.decoder.reduces[len(taps) - block]
            torch.testing.assert_close(tap[:, -2:], reduce(prompts[block]).expand(2, -1, -1))
        computed = taps[0][:, -2:]
        assert (computed[0] - computed[1]).abs().max() > 1e-4  # block 3 has computed its own
    assert taps[0].shape[1] == 1 + 16 + 2


def test_a_long_phrase_loses_its_middle_and_keeps_its_last_token() -> None:
    vlsm = ClipSeg(tiny_network())
    long = torch.tensor([[1, *range(4, 17), 3]])  # 15 tokens, 16 places, 4 of them taken
    cut = torch.tensor([[1, *range(4, 14), 3]])
    prompts = torch.randn(2, 4, 32)
    with torch.no_grad():
        # The pooled place stays where the whole phrase would have ended, at most the last one.
        one = vlsm.encode_text(long, torch.ones_like(long), prompts).embedding
        other = vlsm.encode_text(cut, torch.ones_like(cut), prompts).embedding
    torch.testing.assert_close(one, other)


def test_half_precision_weights_are_loaded_in_full(tmp_path: Path) -> None:
    folder = write_tiny_clipseg(tmp_path / "half")
    file = folder / "model.safetensors"
    state = {name: value.half() if value.is_floating_point() else value for name, value in load_file(file).items()}
    save_file(state, file, metadata={"format": "pt"})
    vlsm = ClipSegNetwork.load(folder)
    assert {parameter.dtype for parameter in vlsm.parameters()} == {torch.float32}
    assert torch.isfinite(answer(vlsm, pixels(32))).all()


def test_a_checkpoint_in_torchs_own_format(tmp_path: Path) -> None:
    folder = write_tiny_clipseg(tmp_path / "bin")
    expected = answer(ClipSegNetwork.load(folder), pixels(32))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert torch.equal(answer(ClipSegNetwork.load(folder), pixels(32)), expected)


class Evil:
    """Runs a program when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.proof,)  # type: ignore[return-value]


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    folder = write_tiny_clipseg(tmp_path / "evil")
    (folder / "model.safetensors").unlink()
    torch.save({"x": Evil(tmp_path / "proof")}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsMissing, match="cannot be loaded"):
        ClipSegNetwork.load(folder)
    assert not (tmp_path / "proof").exists()


def test_parts_that_are_missing_are_not_invented(tmp_path: Path) -> None:
    folder = write_tiny_clipseg(tmp_path / "part")
    state = load_file(folder / "model.safetensors")
    state.pop("decoder.film_mul.weight")
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsMissing, match=r"not whole.*decoder\.film_mul\.weight"):
        ClipSegNetwork.load(folder)
