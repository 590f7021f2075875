"""The published rules for prompts written out a second time, on bare tensors, to check the first.

Weights are a mapping from published names (without "context_learner.") to tensors; what they are called and how large
they are is said here too, option by option.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor

Weights = dict[str, Tensor]
Sizes = dict[str, tuple[int, ...]]


def projector_sizes(options: dict[str, Any], inputs: int, outputs: int, *, final_bias: bool = True) -> Sizes:
    """Names and shapes of one projector's weights."""
    widths, norm = options["intermediate_dim"], options["use_proj_norm"]
    if widths is None:
        return {"weight": (outputs, inputs), "bias": (outputs,)}
    sizes: Sizes = {}
    if options["use_lora_proj"]:
        at = 1
        if widths > outputs:
            sizes["0.weight"] = (outputs, inputs)
        else:
            sizes |= {"0.weight": (widths, inputs), "1.weight": (outputs, widths)}
            if final_bias and not norm:
                sizes["1.bias"] = (outputs,)
            at = 2
    else:
        at, before = 0, inputs
        for width in [widths] if isinstance(widths, int) else widths:
            sizes |= {f"{at}.weight": (width, before), f"{at}.bias": (width,)}
            at, before = at + 2, width
        sizes[f"{at}.weight"] = (outputs, before)
        if final_bias and not norm:
            sizes[f"{at}.bias"] = (outputs,)
        at += 1
    if norm:
        sizes[f"{at}.weight"] = (outputs,)
        if final_bias:
            sizes[f"{at}.bias"] = (outputs,)
    return sizes


def project(options: dict[str, Any], weights: Weights, prefix: str, value: Tensor) -> Tensor:
    """One projector at work."""
    own = {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
    if options["intermediate_dim"] is None:
        return value @ own["weight"].T + own["bias"]
    for at in sorted({int(name.split(".")[0]) for name in own}):
        weight, bias = own[f"{at}.weight"], own.get(f"{at}.bias")
        if weight.ndim == 1:
            centred = value - value.mean(-1, keepdim=True)
            value = centred / (value.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt() * weight
        else:
            if at > 0 and not options["use_lora_proj"]:
                value = value.clamp(min=0)
            value = value @ weight.T
        value = value if bias is None else value + bias
    return value


def encoder_sizes(options: dict[str, Any], width: int) -> Sizes:
    """Names and shapes of one transformer layer's weights."""
    inner = options["dim_feedforward"]
    return {
        "self_attn.in_proj_weight": (3 * width, width),
        "self_attn.in_proj_bias": (3 * width,),
        "self_attn.out_proj.weight": (width, width),
        "self_attn.out_proj.bias": (width,),
        "linear1.weight": (inner, width),
        "linear1.bias": (inner,),
        "linear2.weight": (width, inner),
        "linear2.bias": (width,),
        **{f"norm{at}.{kind}": (width,) for at in (1, 2) for kind in ("weight", "bias")},
    }


def encode(options: dict[str, Any], weights: Weights, prefix: str, value: Tensor) -> Tensor:
    """A transformer layer on (n, width) prompts; without `batch_first` each of them is a sequence of its own."""
    own = {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
    width = value.shape[-1]

    def norm(at: int, given: Tensor) -> Tensor:
        return functional.layer_norm(given, (width,), own[f"norm{at}.weight"], own[f"norm{at}.bias"])

    def attend(given: Tensor) -> Tensor:
        projected = given @ own["self_attn.in_proj_weight"].T + own["self_attn.in_proj_bias"]
        query, key, content = projected.split(width, -1)
        if options["batch_first"]:
            size = width // options["nhead"]
            parts = []
            for at in range(0, width, size):
                scores = query[:, at : at + size] @ key[:, at : at + size].T / size**0.5
                parts.append(scores.softmax(-1) @ content[:, at : at + size])
            content = torch.cat(parts, -1)
        return content @ own["self_attn.out_proj.weight"].T + own["self_attn.out_proj.bias"]

    def feed(given: Tensor) -> Tensor:
        inner = given @ own["linear1.weight"].T + own["linear1.bias"]
        inner = functional.gelu(inner) if options["activation"] == "gelu" else inner.clamp(min=0)
        return inner @ own["linear2.weight"].T + own["linear2.bias"]

    if options["norm_first"]:
        value = value + attend(norm(1, value))
        return value + feed(norm(2, value))
    value = norm(1, value + attend(value))
    return norm(2, value + feed(value))
