"""The authors' training checkpoints: read without running anything in them, sizes told from shapes, names checked."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.contract.errors import WeightsMissing
from engine.models.cris.config import EXPANSION, CrisConfig, read_config
from engine.models.cris.model import CrisNetwork

PICKLED: Final = (".pth", ".pt", ".tar")
_PARALLEL: Final = "module."
_UNUSED: Final = "num_batches_tracked"
"""Counters of batch norms: only training with a moving average of its own kind would read them."""
_NAMED_AT_MOST: Final = 12

Shape = tuple[int, ...]


def read_checkpoint(file: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by their plain names (DistributedDataParallel's prefix goes).

    A pickled file is opened by torch's reader of tensors and plain values alone. Raises WeightsMissing for a file that
    is damaged, holds anything else, or no tensors.
    """
    try:
        found = _unpickled(file) if file.suffix in PICKLED else load_file(file)
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise WeightsMissing(
            f"{file} cannot be loaded: {reason}",
            hint="Only files of tensors and plain values are opened. Is it whole? Copy it again from its source.",
            field="model.weights",
        ) from error
    if isinstance(found, Mapping) and isinstance(found.get("state_dict"), Mapping):
        found = found["state_dict"]
    tensors = {str(k): v for k, v in found.items() if isinstance(v, Tensor)} if isinstance(found, Mapping) else {}
    if not tensors:
        raise WeightsMissing(
            f"{file} holds no tensors.", hint="A CRIS checkpoint has them under `state_dict`.", field="model.weights"
        )
    return {name.removeprefix(_PARALLEL): tensor for name, tensor in tensors.items()}


def _unpickled(file: Path) -> object:
    # Scores beside the weights may be numpy's numbers; these rebuild a number and nothing else.
    rebuild = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8")}
    # The second name is the one that numpy 1 wrote.
    numbers: list[Any] = [np.dtype, rebuild, (rebuild, "numpy.core.multiarray.scalar"), *kinds]
    with torch.serialization.safe_globals(numbers):
        return torch.load(file, map_location="cpu", weights_only=True)


def looks_like_cris(names: Mapping[str, object] | set[str]) -> bool:
    """Whether tensors of these plain names are (parts of) a CRIS."""
    return any(name.startswith("backbone.visual.") for name in names) and any(n.startswith("neck.") for n in names)


def infer_config(shapes: Mapping[str, Shape], where: str) -> CrisConfig:
    """Sizes of the network whose tensors have these shapes.

    What shapes do not tell is as published: images of 416 pixels, heads of 64 channels in CLIP's towers, 8 heads in the
    decoder, the end of a phrase at its largest id. Raises WeightsMissing naming a tensor that it needed.
    """

    def side(name: str, axis: int = 0) -> int:
        if name not in shapes or len(shapes[name]) <= axis:
            raise WeightsMissing(
                f"{where} is no whole CRIS checkpoint: the tensor {name} is missing or has another number of axes.",
                hint="Import the complete checkpoint that the authors' training wrote.",
                field="model.weights",
            )
        return shapes[name][axis]

    def count(prefix: str) -> int:
        numbers = {int(name.removeprefix(prefix).split(".")[0]) for name in shapes if name.startswith(prefix)}
        return max(numbers, default=-1) + 1

    image_width = side("backbone.visual.conv3.weight")
    text_width = side("backbone.token_embedding.weight", 1)
    values = {
        "image_layers": [count(f"backbone.visual.layer{stage}.") for stage in (1, 2, 3, 4)],
        "image_width": image_width,
        "image_heads": max(1, image_width * 8 * EXPANSION // 64),
        "pool_side": round((side("backbone.visual.attnpool.positional_embedding") - 1) ** 0.5),
        "vocab_size": side("backbone.token_embedding.weight"),
        "text_width": text_width,
        "text_feed_forward": side("backbone.transformer.resblocks.0.mlp.c_fc.weight"),
        "text_layers": count("backbone.transformer.resblocks."),
        "text_heads": max(1, text_width // 64),
        "text_positions": side("backbone.positional_embedding"),
        "joint_width": side("backbone.text_projection", 1),
        "neck_widths": [side(f"neck.{name}_v_proj.0.weight") for name in ("f3", "f2", "f1")],
        "decoder_layers": count("decoder.layers."),
        "decoder_heads": 8 if text_width % 8 == 0 else 1,
        "decoder_feed_forward": side("decoder.layers.0.ffn.0.weight"),
    }
    return read_config(values, where)


def check_tensors(network: CrisNetwork, shapes: Mapping[str, Shape], where: str) -> None:
    """Raises WeightsMissing that names each tensor which is missing, unexpected, or of another shape."""
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    needed = {name for name in own if not name.endswith(_UNUSED)}
    missing, unexpected = sorted(needed - set(shapes)), sorted(set(shapes) - set(own))
    other = [
        f"{name} {shapes[name]} instead of {own[name]}"
        for name in sorted(needed & set(shapes))
        if tuple(shapes[name]) != own[name]
    ]
    problems = [
        f"{what}: {_listed(names)}"
        for what, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", other))
        if names
    ]
    if problems:
        raise WeightsMissing(
            f"The weights in {where} do not make a CRIS: {'; '.join(problems)}.",
            hint="Nothing was loaded. Import the complete checkpoint of this architecture.",
            field="model.weights",
        )


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def fill(network: CrisNetwork, tensors: Mapping[str, Tensor], where: str) -> None:
    """Loads every tensor in fp32, or none; raises what `check_tensors` raises."""
    check_tensors(network, {name: tuple(tensor.shape) for name, tensor in tensors.items()}, where)
    state = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    network.load_state_dict(state, strict=False)
