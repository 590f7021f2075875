"""An epoch on disk: what was learned, the optimiser and the counters; safetensors and JSON, nothing pickled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.contract.errors import InputError
from engine.runs.layout import LEARNER, OPTIMISER, STATE


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that the next epoch depends on; random numbers are drawn anew from (seed, epoch)."""

    learner: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    state: dict[str, Any]

    @property
    def epoch(self) -> int:
        return int(self.state["epoch"])


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Fills a folder that exists."""
    save_file(checkpoint.learner, folder / LEARNER)
    save_file(checkpoint.optimiser, folder / OPTIMISER)
    (folder / STATE).write_text(json.dumps(checkpoint.state, indent=1), encoding="utf-8")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Raises InputError for a damaged one."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        return Checkpoint(load_file(folder / LEARNER), load_file(folder / OPTIMISER), state)
    except (OSError, ValueError, SafetensorError) as error:
        raise InputError(
            f"The checkpoint {folder} is damaged: {error}.",
            hint="Delete that folder; the run goes on from the one before.",
        ) from error


def load_learner(file: Path) -> dict[str, Tensor]:
    """What a run learned; raises InputError for a missing or damaged file."""
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"{file} cannot be read: {error}.", hint="The run has no finished epoch, or the file is damaged."
        ) from error


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The moments of AdamW by position of the parameter: `3.exp_avg`."""
    found = {}
    for index, slots in optimiser.state_dict()["state"].items():
        for name, value in slots.items():
            found[f"{index}.{name}"] = torch.as_tensor(value).detach().cpu().contiguous().clone()
    return found


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """The inverse of `optimiser_tensors`; groups and rates stay as they were made."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
