"""The second starter's network: the CRIS architecture, small, with the first starter's text tower to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.models.cris.config import CrisConfig
from engine.models.cris.model import CrisNetwork
from engine.models.cris_vlsm import Cris
from engine.runs.folders import resources
from engine.synthetic.tokenizer_build import EOS_ID, MAX_LENGTH

IMAGE_SIZE: Final = 96  # the decoder's width is the text tower's, which makes CRIS dear: 128 pixels take twice the time


def starter_config(vocabulary: int) -> CrisConfig:
    """The shipped model's sizes; those of the text tower are the first starter's."""
    return CrisConfig(
        image_size=IMAGE_SIZE,
        image_layers=(1, 1, 2, 1),
        image_width=24,
        image_heads=12,
        pool_side=4,
        vocab_size=vocabulary,
        text_width=128,
        text_feed_forward=512,
        text_layers=3,
        text_heads=2,
        text_positions=MAX_LENGTH,
        text_activation="gelu",
        eos_token_id=EOS_ID,
        joint_width=128,
        neck_widths=(64, 128, 128),
        decoder_layers=2,
        decoder_heads=4,
        decoder_feed_forward=256,
    )


def build_cris(vocabulary: int, seed: int = 0, text_from: Path | None = None) -> Cris:
    """The network before pretraining; the text tower from `text_from`, by default the shipped starter."""
    torch.manual_seed(seed)
    network = CrisNetwork(starter_config(vocabulary))
    _initialise(network)
    folder = resources() / "models" / "starter" if text_from is None else text_from
    take_text_tower(network, load_file(folder / "model.safetensors"))
    return Cris(network)


def _initialise(network: CrisNetwork) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    nn.init.normal_(network.proj.txt.weight, std=0.002)  # the state of a phrase is long: first logits are to be small
    nn.init.zeros_(network.proj.txt.bias)
    nn.init.constant_(network.proj.txt.bias[-1:], -2.0)  # most pixels are background


def take_text_tower(network: CrisNetwork, clipseg: dict[str, Tensor]) -> None:
    """Fills the text tower from a CLIPSeg of the same sizes; raises KeyError or RuntimeError where it does not fit."""
    tower, backbone = "clip.text_model.", network.backbone
    state = {
        "token_embedding.weight": clipseg[f"{tower}embeddings.token_embedding.weight"],
        "positional_embedding": clipseg[f"{tower}embeddings.position_embedding.weight"],
        "text_projection": clipseg["clip.text_projection.weight"].t(),
    }
    for kind in ("weight", "bias"):
        state[f"ln_final.{kind}"] = clipseg[f"{tower}final_layer_norm.{kind}"]
        for layer in range(network.config.text_layers):
            theirs, ours = f"{tower}encoder.layers.{layer}.", f"transformer.resblocks.{layer}."
            joined = [clipseg[f"{theirs}self_attn.{part}_proj.{kind}"] for part in "qkv"]
            state[f"{ours}attn.in_proj_{kind}"] = torch.cat(joined)
            for name, source in (
                ("attn.out_proj", "self_attn.out_proj"),
                ("ln_1", "layer_norm1"),
                ("ln_2", "layer_norm2"),
                ("mlp.c_fc", "mlp.fc1"),
                ("mlp.c_proj", "mlp.fc2"),
            ):
                state[f"{ours}{name}.{kind}"] = clipseg[f"{theirs}{source}.{kind}"]
    left = backbone.load_state_dict({name: tensor.float() for name, tensor in state.items()}, strict=False)
    text_parts = [name for name in left.missing_keys if not name.startswith("visual.") and name != "logit_scale"]
    if text_parts or left.unexpected_keys:
        raise KeyError(f"text tower: {text_parts or left.unexpected_keys}")
