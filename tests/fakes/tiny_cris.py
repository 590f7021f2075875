"""A tiny CRIS folder of our layout, and the authors' kind of checkpoint; random weights: for tests only."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.models.cris.config import CrisConfig
from engine.models.cris.model import CrisNetwork
from engine.models.networks.cris import write_configs

from .tiny_clipseg import WORDS, tiny_tokenizer


def tiny_config(image_size: int = 32, layers: int = 3) -> CrisConfig:
    """One block a stage, three text blocks 32 wide; heads as CLIP has them, so that shapes tell all sizes."""
    return CrisConfig(
        image_size=image_size,
        image_layers=(1, 1, 1, 1),
        image_width=4,
        image_heads=2,
        pool_side=2,
        vocab_size=len(WORDS) + 4,
        text_width=32,
        text_feed_forward=64,
        text_layers=layers,
        text_heads=1,
        text_positions=16,
        eos_token_id=3,
        joint_width=24,
        neck_widths=(16, 32, 24),
        decoder_layers=2,
        decoder_heads=8,
        decoder_feed_forward=48,
    )


def tiny_cris(seed: int = 0, **size: int) -> CrisNetwork:
    """Random weights with random batch statistics, so that a forgotten one is seen."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = CrisNetwork(tiny_config(**size)).eval()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                for tensor, low in ((module.weight, 0.6), (module.running_var, 0.4)):
                    tensor.copy_(low + torch.rand(tensor.shape, generator=generator))
                for tensor in (module.bias, module.running_mean):
                    tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.3)
        network.backbone.token_embedding.weight.mul_(15)
        network.proj.txt.weight.mul_(3)
    return network


def write_tiny_cris(folder: Path, seed: int = 0, **size: int) -> Path:
    """A complete weights folder; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    network = tiny_cris(seed, **size)
    save_file(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / "model.safetensors"
    )
    write_configs(folder, network.config, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    write_tiny_tokenizer(folder)
    return folder


def write_tiny_tokenizer(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    about = {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**about, "model_max_length": 16}))
    return folder


def training_checkpoint(state: dict[str, Tensor]) -> dict[str, object]:
    """What the authors' training writes, as far as is known: weights of a DistributedDataParallel, and what it needs to
    go on."""
    parameter = nn.Parameter(torch.zeros(2))
    optimiser = torch.optim.Adam([parameter])
    parameter.sum().backward()
    optimiser.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [35], 0.1)
    return {
        "epoch": 50,
        "best_iou": torch.tensor(0.5).double().numpy()[()],
        "prec": {"Pr@50": 0.5},
        "state_dict": {f"module.{name}": tensor for name, tensor in state.items()},
        "optimizer": optimiser.state_dict(),
        "scheduler": schedule.state_dict(),
    }
