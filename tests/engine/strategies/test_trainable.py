"""How much learns, on the published network's own sizes: the table of the published configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPSegConfig

from engine.contract.errors import OutOfRange
from engine.models.networks.clipseg import ClipSegNetwork
from engine.strategies import STRATEGIES
from engine.strategies.trainable import count_learned

ONE_LAYER_HEAD = 64 * 16 * 16 + 1
DECODER = 1_073_153
UPSAMPLER = 64 * 5 * 5 + 1

# n = 4, no upsampler; a row for each depth: 1, 6 and 11.
TABLE = {
    "coop": (2_048, 12_288, 22_528),
    "cocoop": (68_160, 408_960, 749_760),
    "vpt": (3_072, 18_432, 33_792),
    "maple": (85_568, 513_408, 941_248),
    "shared_attention": (10_503_936, 63_023_616, 115_543_296),
    "shared_separate": (83_456, 500_736, 918_016),
}
LOW_RANK = {"projector": "low_rank"}
LINEAR = {"projector": "linear", "projector_norm": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of CLIPSeg ViT-B/16 with 64 reduced channels; its defaults are that model's."""
    folder = tmp_path_factory.mktemp("rd64")
    CLIPSegConfig(reduce_dim=64, vision_config={"patch_size": 16}).save_pretrained(folder)
    return folder


def count(folder: Path, name: str, **settings: Any) -> int:
    config = STRATEGIES.get(name).model_validate(settings)
    return count_learned(ClipSegNetwork.skeleton(folder), config, lambda text: torch.zeros(len(text.split()), 512))


@pytest.mark.parametrize("upsampler", ["none", "blend"])
@pytest.mark.parametrize(("place", "depth"), list(enumerate((1, 6, 11))))
@pytest.mark.parametrize("name", TABLE)
def test_the_published_table(folder: Path, name: str, place: int, depth: int, upsampler: str) -> None:
    extra = 1_602 if upsampler == "blend" else 0
    assert count(folder, name, prompt_depth=depth, upsampler=upsampler) == TABLE[name][place] + extra


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("zero_shot", {}, 0),
        ("coop", {"prompt_depth": 2, "num_context": 3, "initialise_from": None}, 2 * 3 * 512),
        ("cocoop", {"prompt_depth": 11, **LOW_RANK}, 749_056),
        ("cocoop", {"projector_width": 32}, 2_048 + 33_312),
        ("cocoop", {"projector_width": 128}, 2_048 + 131_712),
        ("maple", {"prompt_depth": 11, **LOW_RANK}, 940_544),
        ("maple", {"prompt_depth": 1, "projector_width": 96}, 124_512 + 2_048),
        ("maple", {"prompt_depth": 1, **LINEAR}, 396_032),
        ("maple", {"prompt_depth": 11, **LINEAR}, 4_356_352),
        ("maple", {"prompt_depth": 11, "projector_shared": True}, 11 * 2_048 + 83_520),
        ("maple", {"prompt_depth": 3, "image_depth": 1}, 3 * 2_048 + 83_520),
        ("shared_attention", {"prompt_depth": 11, "feed_forward": 1280}, 108_331_520),
        ("shared_attention", {"prompt_depth": 1, "feed_forward": 1420}, 10_206_860),
        ("shared_separate", {"prompt_depth": 6, "shared_dim": 32}, 254_208),
        ("shared_separate", {"prompt_depth": 11, "shared_dim": 32}, 466_048),
        ("last_layer_only", {}, ONE_LAYER_HEAD),
        ("decoder_finetune", {}, DECODER),
        ("vpt", {"prompt_depth": 6, "upsampler": "add"}, 18_432 + UPSAMPLER),
        ("vpt", {"prompt_depth": 6, "train_last_layer": True}, 18_432 + ONE_LAYER_HEAD),
        ("upsampler_only", {}, 1_602),
        ("full_finetune", {}, 150_693_890),
    ],
)
def test_the_published_counts(folder: Path, name: str, settings: dict[str, Any], expected: int) -> None:
    assert count(folder, name, **settings) == expected


def test_limits_are_the_networks(folder: Path) -> None:
    with pytest.raises(OutOfRange, match="initialise_from"):
        count(folder, "coop", initialise_from="a " * 75)
    assert count(folder, "coop", initialise_from="a " * 74) == 74 * 512
