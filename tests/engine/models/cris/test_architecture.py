"""CRIS's parts: published sizes, and what each part must do."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as functional
from torch import nn

from engine.contract.errors import IncompatiblePair, WeightsMissing
from engine.models.cris.attention import JoinedAttention
from engine.models.cris.config import CrisConfig, read_config
from engine.models.cris.cross_decoder import sine_positions_2d
from engine.models.cris.model import CrisNetwork, enlarge
from engine.models.cris.projector import convolve_each
from engine.models.cris_vlsm import Cris
from tests.fakes.tiny_cris import tiny_config, tiny_cris


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_rn50_has_the_published_parameters() -> None:
    with torch.device("meta"):
        network = CrisNetwork(CrisConfig())
    pool = count(network.backbone.visual.attnpool)
    parts = {
        "visual trunk": count(network.backbone.visual) - pool,
        "attention pool": pool,
        "text": count(network.backbone) - count(network.backbone.visual),
        "neck": count(network.neck),
        "decoder": count(network.decoder),
        "projector": count(network.proj),
    }
    assert parts == {
        "visual trunk": 23_527_264,
        "attention pool": 16_888_832,
        "text": 63_690_241,
        "neck": 24_142_336,
        "decoder": 12_631_552,
        "projector": 5_968_897,
    }
    assert count(network) == 146_849_122


def test_rn101_has_its_own_layers_and_joint_width() -> None:
    with torch.device("meta"):
        network = CrisNetwork(CrisConfig(image_layers=(3, 4, 23, 3), joint_width=512))
    assert len(network.backbone.visual.layer3) == 23
    assert network.neck.f1_v_proj[0].weight.shape == (1024, 512, 1, 1)
    assert network.backbone.text_projection.shape == (512, 512)


def test_keys_are_those_of_the_checkpoint() -> None:
    keys = set(tiny_cris().state_dict())
    for key in (
        "backbone.visual.layer1.0.downsample.0.weight",
        "backbone.visual.attnpool.connect.1.running_var",
        "backbone.transformer.resblocks.2.mlp.c_fc.bias",
        "backbone.text_projection",
        "neck.norm_layer.0.weight",
        "neck.coordconv.0.conv1.0.weight",
        "neck.coordconv.1.1.bias",
        "decoder.layers.1.multihead_attn.in_proj_weight",
        "decoder.layers.0.ffn.3.weight",
        "proj.vis.3.1.running_mean",
        "proj.vis.4.bias",
        "proj.txt.weight",
    ):
        assert key in keys
    assert not any(key.startswith("neck._up") or "num_layers" in key for key in keys)


def test_the_published_image_gives_maps_of_the_published_sides() -> None:
    """With RN50's strides, 416 pixels give 52, 26 and 13; the logits are as large as the image."""
    vlsm = Cris(tiny_cris(image_size=416))
    with torch.no_grad():
        maps = vlsm.network.backbone.visual(torch.zeros(1, 3, 416, 416))
        features = vlsm.encode_image(torch.zeros(1, 3, 416, 416))
        ids = torch.tensor([[1, 4, 8, 3]])
        decoded = vlsm.decode(features, vlsm.encode_text(ids, torch.ones_like(ids)))
    assert [m.shape[-1] for m in maps] == [52, 26, 13]
    assert [tap.shape[-1] for tap in features.taps] == [26, 26, 13]
    assert decoded.map.shape == (1, 32, 26, 26)
    assert decoded.logits.shape == (1, 1, 416, 416)


def test_the_dynamic_convolution_is_one_with_a_group_a_sample() -> None:
    torch.manual_seed(0)
    maps, kernels = torch.randn(3, 8, 6, 5), torch.randn(3, 8, 9)
    grouped = functional.conv2d(maps.reshape(1, 24, 6, 5), kernels.reshape(3, 8, 3, 3), padding=1, groups=3)
    torch.testing.assert_close(convolve_each(maps, kernels), grouped.transpose(0, 1), atol=1e-5, rtol=1e-5)


def test_enlarging_is_bicubic_between_corner_centres() -> None:
    logits = torch.randn(2, 1, 8, 8)
    known = functional.interpolate(logits, size=(32, 32), mode="bicubic", align_corners=True)
    torch.testing.assert_close(enlarge(logits, 32), known, atol=1e-5, rtol=1e-5)


def test_attention_is_torchs() -> None:
    torch.manual_seed(0)
    ours, theirs = JoinedAttention(16, 4), nn.MultiheadAttention(16, 4, batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    query, key, value = (torch.randn(2, length, 16) for length in (5, 7, 7))
    hidden = torch.zeros(2, 7, dtype=torch.bool)
    hidden[1, 4:] = True
    expected = theirs(query, key, value, key_padding_mask=hidden)[0]
    torch.testing.assert_close(ours(query, key, value, ~hidden[:, None, None]), expected, atol=1e-6, rtol=1e-5)


def test_places_tell_columns_first_then_rows() -> None:
    places = sine_positions_2d(3, 4, 8).view(3, 4, 8)
    assert torch.equal(places[0, :, :4], places[2, :, :4])
    assert torch.equal(places[:, 0, 4:], places[:, 3, 4:])
    assert not torch.equal(places[0, 0], places[0, 1])


def test_deep_words_overwrite_and_stay() -> None:
    """A set for each layer; one more set than layers also replaces what the decoder reads (TuneVLSeg's counting)."""
    vlsm = Cris(tiny_cris())
    ids = torch.tensor([[1, 4, 8, 10, 3, 0]])
    mask = (ids != 0).long()
    sets = torch.randn(4, 2, 32)
    with torch.no_grad():
        words = [vlsm.encode_text(ids, mask, sets[:depth]) for depth in (1, 2, 3, 4)]
        after = vlsm.network.backbone.ln_final(sets[3])
    assert [w.tokens.shape[1] for w in words if w.tokens is not None] == [8] * 4
    for one, other in itertools.pairwise(words):
        assert one.tokens is not None
        assert other.tokens is not None
        assert not torch.allclose(one.tokens, other.tokens)
    last = words[3].tokens
    assert last is not None
    torch.testing.assert_close(last[0, 1:3], after)
    torch.testing.assert_close(words[2].embedding, words[3].embedding)


def test_the_end_is_the_largest_id_unless_told() -> None:
    network = tiny_cris()
    ids = torch.tensor([[1, 9, 4, 5, 3, 0]])
    mask = (ids != 0).long()
    largest = CrisNetwork(network.config.model_copy(update={"eos_token_id": None})).eval()
    largest.load_state_dict(network.state_dict())
    with torch.no_grad():
        told, found = Cris(network).encode_text(ids, mask), Cris(largest).encode_text(ids, mask)
        assert told.tokens is not None
        projection = network.backbone.text_projection
    torch.testing.assert_close(told.embedding, told.tokens[:, 4] @ projection)
    torch.testing.assert_close(found.embedding, told.tokens[:, 1] @ projection)


def test_padding_is_read_by_nobody() -> None:
    vlsm = Cris(tiny_cris())
    ids = torch.tensor([[1, 4, 8, 3]])
    padded = torch.cat([ids, torch.full((1, 3), 7)], dim=1)
    mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0]])
    pixels = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        image = vlsm.encode_image(pixels)
        alone = vlsm.decode(image, vlsm.encode_text(ids, torch.ones_like(ids))).logits
        among = vlsm.decode(image, vlsm.encode_text(padded, mask)).logits
    torch.testing.assert_close(alone, among, atol=1e-5, rtol=1e-5)


def test_image_prompts_are_refused() -> None:
    with pytest.raises(IncompatiblePair, match="takes no image prompts"):
        Cris(tiny_cris()).encode_image(torch.zeros(1, 3, 32, 32), torch.zeros(1, 2, 8))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"text_width": 30}, "neck_widths"),
        ({"decoder_heads": 5}, "cannot be shared out"),
        ({"image_size": 40}, "image_size"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_sizes_that_do_not_fit_are_told(values: dict[str, object], message: str) -> None:
    with pytest.raises(WeightsMissing, match=message):
        read_config({**tiny_config().model_dump(mode="json"), **values}, "folder")
