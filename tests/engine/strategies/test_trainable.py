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
UPSAMPLER = 64 * 5 * 5 + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of CLIPSeg ViT-B/16 with 64 reduced channels; its defaults are that model's."""
    folder = tmp_path_factory.mktemp("rd64")
    CLIPSegConfig(reduce_dim=64, vision_config={"patch_size": 16}).save_pretrained(folder)
    return folder


def count(folder: Path, name: str, **settings: Any) -> int:
    config = STRATEGIES.get(name).model_validate(settings)
    return count_learned(ClipSegNetwork.skeleton(folder), config, lambda text: torch.zeros(len(text.split()), 512))


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("zero_shot", {}, 0),
        ("coop", {"prompt_depth": 1}, 2_048),
        ("coop", {"prompt_depth": 6}, 12_288),
        ("coop", {"prompt_depth": 11}, 22_528),
        ("coop", {"prompt_depth": 2, "num_context": 3, "initialise_from": None}, 2 * 3 * 512),
        ("vpt", {"prompt_depth": 1}, 3_072),
        ("vpt", {"prompt_depth": 6}, 18_432),
        ("vpt", {"prompt_depth": 11}, 33_792),
        ("vpt", {"prompt_depth": 6, "upsampler": "blend"}, 18_432 + UPSAMPLER + 1),
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
