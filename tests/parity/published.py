"""Reads a file of published numbers: its options become our settings, its weights ours. Nothing here computes.

The options, their defaults and the names of weights are those of the published learners (naamiinepal/tunevlseg).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

from engine.models.base import VLSM
from engine.models.clipseg import ClipSeg
from engine.models.cris.checkpoint import fill
from engine.models.cris.config import CrisConfig
from engine.models.cris.model import CrisNetwork
from engine.models.cris_vlsm import Cris
from engine.strategies import STRATEGIES
from engine.strategies.base import StrategyConfig
from engine.strategies.tuned_model import TunedModel

Arrays = dict[str, NDArray[Any]]

CRIS = "cris_"
"""Published names of strategies begin so where the network is CRIS."""
OURS = {"shared_attn": "shared_attention"}
"""Published names of strategies that we call otherwise."""
NEW_LAYER = {"coop": "none", "cocoop": "none", "vpt": "add"}
"""What the published code does with its "new last layer" on CLIPSeg; the others, and all on CRIS, blend."""
LEARNER = "context_learner."
PARTS = ("backbone", "neck", "decoder", "proj")
"""First parts of the names of CRIS's own weights."""
UPSAMPLER = {
    "upsampler.ratio": "residual_ratio",
    "upsampler.convolution.weight": "additive_decoder_layer.1.weight",
    "upsampler.convolution.bias": "additive_decoder_layer.1.bias",
}
CRIS_UPSAMPLER = {
    "upsampler.ratio": "residual_ratio",
    "upsampler.reduction.weight": "additive_decoder_layer.0.weight",
    "upsampler.convolution.weight": "additive_decoder_layer.2.weight",
    "upsampler.convolution.bias": "additive_decoder_layer.2.bias",
}

PROJECTOR_OPTIONS = {"use_unified_projection", "intermediate_dim", "use_proj_norm", "use_lora_proj"}
OPTIONS = {
    "coop": {"num_context", "context_initializer_ids", "vector_std"},
    "vpt": {"num_context", "vector_std"},
    "cocoop": {"num_context", "context_initializer_ids", "vector_std", "norm_image_features", *PROJECTOR_OPTIONS},
    "maple": {"num_context", "context_initializer_ids", "vector_std", *PROJECTOR_OPTIONS},
    "shared_separate": {"num_context", "vector_std", "shared_dim", *PROJECTOR_OPTIONS},
    "shared_attention": {
        "num_context", "vector_std", "use_unified_projection", "nhead", "dim_feedforward", "dropout", "norm_first",
        "batch_first", "activation",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Published:
    """One file: `facts` (its hyperparameters) and every array by name."""

    name: str
    facts: dict[str, Any]
    arrays: Arrays

    @classmethod
    def read(cls, path: Path) -> Published:
        with np.load(path) as found:
            arrays = {name: found[name] for name in found.files}
        return cls(path.stem, json.loads(str(arrays.pop("hyperparameters"))), arrays)

    @property
    def on_cris(self) -> bool:
        return str(self.facts["strategy"]).startswith(CRIS)

    @property
    def strategy(self) -> str:
        """The id in our registry."""
        name = str(self.facts["strategy"]).removeprefix(CRIS)
        return OURS.get(name, name)

    def tensor(self, name: str) -> Tensor:
        """An array in fp32, or as it is where it holds whole numbers."""
        found = np.asarray(self.arrays[name])
        return torch.from_numpy(found.astype(np.float32) if found.dtype.kind == "f" else found.copy())

    def state(self, prefix: str) -> dict[str, Tensor]:
        """The weights whose published names begin with `prefix`, without it."""
        whole = f"state/{prefix}"
        return {name.removeprefix(whole): self.tensor(name) for name in self.arrays if name.startswith(whole)}

    def inputs(self, name: str) -> tuple[Tensor, Tensor]:
        """Token ids and attention mask (N, T)."""
        return self.tensor(f"{name}/input_ids"), self.tensor(f"{name}/attention_mask")

    def unmasked(self, ids: Tensor) -> Tensor:
        """The mask that the published network assumes where none is passed: CRIS takes token 0 for padding."""
        return (ids != 0).long() if self.on_cris else torch.ones_like(ids)


def clipseg(found: Published) -> VLSM:
    """The file's frozen CLIPSeg."""
    facts = found.facts
    config = CLIPSegConfig(
        text_config=facts["text_config"], vision_config=facts["vision_config"], **facts["clipseg_config"]
    )
    network = CLIPSegForImageSegmentation(config)
    missing = network.load_state_dict(found.state("model."), strict=False).missing_keys
    assert not missing, missing
    return ClipSeg(network.eval())


def cris(found: Published) -> VLSM:
    """The file's frozen CRIS."""
    clip, model = found.facts["clip"], found.facts["model_cfg"]
    config = CrisConfig(
        image_size=model["img_size"],
        image_layers=clip["vision_layers"],
        image_width=clip["vision_width"],
        image_heads=clip["vision_heads"],
        pool_side=clip["image_resolution"] // 32,
        vocab_size=clip["vocab_size"],
        text_width=clip["transformer_width"],
        text_feed_forward=4 * clip["transformer_width"],
        text_layers=clip["transformer_layers"],
        text_heads=clip["transformer_heads"],
        text_positions=clip["context_length"],
        joint_width=clip["embed_dim"],
        neck_widths=model["fpn_out"],
        decoder_layers=model["num_layers"],
        decoder_heads=model["num_head"],
        decoder_feed_forward=model["dim_ffn"],
        decoder_dropout=model["dropout"],
    )
    network = CrisNetwork(config)
    own = {name: value for name, value in found.state("").items() if name.split(".")[0] in PARTS}
    fill(network, own, found.name)
    return CrisWithBranch(network, found.facts.get("additive_intermediate_dim", 64)).eval()


class CrisWithBranch(Cris):
    """CRIS whose learned upsampler has as many channels as the file says; the published wrapper's option, not ours."""

    def __init__(self, network: CrisNetwork, channels: int) -> None:
        super().__init__(network)
        self._sites = replace(self._sites, branch_width=channels)


@dataclass(frozen=True)
class PublishedNetwork:
    """How a kind of network is built from a file, and what its own weights are called there and here."""

    build: Callable[[Published], VLSM]
    prefix_here: str
    prefix_there: str
    upsampler: dict[str, str]


CLIPSEG = PublishedNetwork(clipseg, "vlsm.network.", "model.", UPSAMPLER)
CRIS_NETWORK = PublishedNetwork(cris, "vlsm.network.", "", CRIS_UPSAMPLER)


def network_of(found: Published) -> PublishedNetwork:
    return CRIS_NETWORK if found.on_cris else CLIPSEG


def settings_of(found: Published, case: dict[str, Any]) -> StrategyConfig:
    """The case's settings, by our names. Fails for an option that the published learner does not have."""
    name, given = found.strategy, dict(found.facts["learner"])
    unknown = {option for option in set(given) - OPTIONS[name] if given[option] is not None}
    assert not unknown, f"{found.name}: options without a setting of ours: {sorted(unknown)}"
    values = {
        "prompt_depth": case["prompt_depth"],
        "num_context": given.get("num_context", 4),
        "context_std": given.get("vector_std", 0.02),
        **upsampler_of(found, case),
    }
    if found.on_cris:
        values["deep_from"] = 0
    if "context_initializer_ids" in OPTIONS[name]:
        texts = texts_of(given.get("context_initializer_ids"))
        values["initialise_from"] = tuple(texts) if len(texts) > 1 else (next(iter(texts), None))
    if OPTIONS[name] >= PROJECTOR_OPTIONS:
        values |= projector_of(given)
    if name == "cocoop":
        values["normalise_image_features"] = given.get("norm_image_features", True)
    if name == "shared_separate":
        values["shared_dim"] = given.get("shared_dim", 64)
        values["identical_start"] = True
    if name == "shared_attention":
        values |= attention_of(given)
    return STRATEGIES.get(name).model_validate(values)


def upsampler_of(found: Published, case: dict[str, Any]) -> dict[str, Any]:
    new_layer = bool(case["use_new_last_layer"])
    mode = "blend" if found.on_cris else NEW_LAYER.get(found.strategy, "blend")
    return {
        "upsampler": mode if new_layer else "none",
        "upsampler_kernel": found.facts.get("new_last_layer_kernel_size", 5),
        # As published, the switch for the old last layer is ignored where there is a new one.
        "train_last_layer": bool(case["no_freeze_last_layer"]) and not new_layer,
    }


def projector_of(given: dict[str, Any]) -> dict[str, Any]:
    widths = given.get("intermediate_dim")
    values: dict[str, Any] = {"projector_shared": given.get("use_unified_projection", True)}
    if widths is None:
        # A plain layer with a bias, whatever the switches for norm and low rank say.
        return {**values, "projector": "linear", "projector_norm": False}
    return {
        **values,
        "projector": "low_rank" if given.get("use_lora_proj", False) else "mlp",
        "projector_width": widths if isinstance(widths, int) else tuple(widths),
        "projector_norm": given.get("use_proj_norm", False),
    }


def attention_of(given: dict[str, Any]) -> dict[str, Any]:
    # Left out: the defaults of torch's encoder layer.
    return {
        "layer_shared": given.get("use_unified_projection", True),
        "heads": given["nhead"],
        "feed_forward": given.get("dim_feedforward", 2048),
        "dropout": given.get("dropout", 0.1),
        "norm_first": given.get("norm_first", False),
        "attend_across": "context" if given.get("batch_first", False) else "batch",
        "activation": given.get("activation", "relu"),
        "identical_start": True,
    }


def texts_of(ids: Any) -> dict[str, list[int]]:
    """Published token ids, one list or a list for each row, as texts that stand for them."""
    if not ids:
        return {}
    rows = ids if isinstance(ids[0], list | tuple) else [ids]
    return {f"row {at}": list(row) for at, row in enumerate(rows)}


def tuned_model(found: Published, case: dict[str, Any], vlsm: VLSM) -> TunedModel:
    """The case's model: our learner, built by our settings, with the published weights; every weight must have its
    place and its shape."""
    config = settings_of(found, case)
    config.check(vlsm.sites)
    texts = texts_of(found.facts["learner"].get("context_initializer_ids"))

    def words(text: str) -> Tensor:
        return vlsm.embed_words(torch.tensor(texts[text])).detach()

    model = TunedModel(vlsm, config, config.build(vlsm.sites, words))
    rows = torch.stack([words(text) for text in list(texts)[: case["prompt_depth"]]]) if texts else None
    if rows is not None:
        assert torch.equal(model.learner.context_vectors[: len(rows)], rows)
    model.learner.load_state_dict(learner_state(found, case["prompt_depth"], model))
    if model.upsampler is not None:
        own = {name.removeprefix("upsampler."): there for name, there in network_of(found).upsampler.items()}
        wanted = model.upsampler.state_dict()
        model.upsampler.load_state_dict({name: found.tensor(f"state/{own[name]}") for name in wanted})
    return model.eval()


def learner_state(found: Published, depth: int, model: TunedModel) -> dict[str, Tensor]:
    """The learner's weights for a case of that depth; the file holds those of its deepest case."""
    state: dict[str, Tensor] = {}
    for name, value in found.state(LEARNER).items():
        if name == "context_vectors":
            state[name] = value[:depth]
        elif int(name.split(".")[1]) < depth:
            state[name] = value
    if getattr(model.config, "projector_shared", False) or getattr(model.config, "layer_shared", False):
        # One network under a name for each depth; a file may hold the first name alone.
        for name in model.learner.state_dict():
            kind, _, rest = name.partition(".")
            if name not in state and rest:
                state[name] = state[f"{kind}.0.{rest.partition('.')[2]}"]
    return state


def published_name(ours: str, network: PublishedNetwork) -> str:
    """What the published code calls one of our parameters."""
    if ours in network.upsampler:
        return network.upsampler[ours]
    if ours.startswith("learner."):
        return LEARNER + ours.removeprefix("learner.")
    return network.prefix_there + ours.removeprefix(network.prefix_here)
