"""Everything a pretraining run needs to go on, in one safetensors file that is replaced whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.synthetic.muon import Muon

MIDDLE: Final = "middle.safetensors"
"""The averaged weights from before the end of the schedule."""


def save_checkpoint(
    path: Path,
    modules: dict[str, nn.Module],
    average: dict[str, Tensor],
    adamw: torch.optim.AdamW,
    adamw_names: list[str],
    muon: Muon,
    state: dict[str, Any],
) -> None:
    """Write modules, averaged weights, both optimisers and the JSON-able state; a crash leaves the previous file."""
    tensors: dict[str, Tensor] = {}
    for prefix, module in modules.items():
        tensors |= {f"{prefix}/{name}": tensor for name, tensor in module.state_dict().items()}
    tensors |= {f"average/{name}": tensor for name, tensor in average.items()}
    parameters = [p for group in adamw.param_groups for p in group["params"]]
    for name, parameter in zip(adamw_names, parameters, strict=True):
        tensors |= {f"adamw/{name}/{key}": value for key, value in adamw.state.get(parameter, {}).items()}
    tensors |= {f"muon/{name}": tensor for name, tensor in muon.state().items()}
    beside = path.with_suffix(".partial")
    save_file({k: t.detach().clone().contiguous() for k, t in tensors.items()}, beside, {"state": json.dumps(state)})
    os.replace(beside, path)


def load_checkpoint(
    path: Path,
    modules: dict[str, nn.Module],
    average: dict[str, Tensor],
    adamw: torch.optim.AdamW,
    adamw_names: list[str],
    muon: Muon,
) -> dict[str, Any]:
    """Fill what `save_checkpoint` was given from the file and return the state."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        state: dict[str, Any] = json.loads(file.metadata()["state"])
    for prefix, module in modules.items():
        module.load_state_dict(_under(tensors, prefix))
    for name, tensor in _under(tensors, "average").items():
        average[name].copy_(tensor)
    parameters = [p for group in adamw.param_groups for p in group["params"]]
    for name, parameter in zip(adamw_names, parameters, strict=True):
        saved = _under(tensors, f"adamw/{name}")
        if saved:
            adamw.state[parameter] = saved
    muon.load_state(_under(tensors, "muon"))
    return state


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write weights alone, whole or not at all."""
    beside = path.with_suffix(".partial")
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, beside)
    os.replace(beside, path)


def load_weights(run: Path, which: str) -> dict[str, Tensor]:
    """Return a run's weights.

    "network": of the last step. "average": the running average of the last steps. "blend": half the average at the
    end, half the average before the rate fell to nothing, where such a file was kept; the end knows the pairs it saw
    better, the middle those it never saw.
    """
    end = "network" if which == "network" else "average"
    with safe_open(run / "checkpoint.safetensors", framework="pt") as file:
        names = [name for name in file.keys() if name.startswith(f"{end}/")]  # noqa: SIM118 - not a dict
        weights = {name.removeprefix(f"{end}/"): file.get_tensor(name) for name in names}
    if which == "blend":
        middle = load_file(run / MIDDLE)
        weights = {name: (tensor + middle[name].to(tensor)) / 2 for name, tensor in weights.items()}
    return weights


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}/"): t for name, t in tensors.items() if name.startswith(f"{prefix}/")}
