"""AdamW with parameter groups, and how the learning rate falls."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from engine.strategies.tuned_model import TunedModel
from engine.training.config import TrainingConfig

CONTEXT = "context_vectors"


def parameter_groups(model: TunedModel, config: TrainingConfig) -> list[dict[str, Any]]:
    """Groups in a fixed order: contexts; weights that decay; weights that do not.

    Only the weights of linear and convolution layers decay, an attention's joint projection among them; context
    vectors, biases, norms, embeddings and the blending ratio never do.
    """
    decaying = {
        id(module.weight)
        for module in model.modules()
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d)
    }
    decaying |= {id(found.in_proj_weight) for found in model.modules() if isinstance(found, nn.MultiheadAttention)}
    contexts, decayed, plain = [], [], []
    for name, parameter in model.learned().items():
        if name.rpartition(".")[2] == CONTEXT:
            contexts.append(parameter)
        elif id(parameter) in decaying:
            decayed.append(parameter)
        else:
            plain.append(parameter)
    groups = [
        {"params": contexts, "layers": False, "weight_decay": 0.0},
        {"params": decayed, "layers": True, "weight_decay": config.weight_decay},
        {"params": plain, "layers": True, "weight_decay": 0.0},
    ]
    return [group | {"lr": rate_of(group, config)} for group in groups if group["params"]]


def rate_of(group: dict[str, Any], config: TrainingConfig) -> float:
    """The learning rate that the settings give a group, before any schedule."""
    layers = config.learning_rate_layers if group.get("layers") else None
    return layers or config.learning_rate


class Schedule:
    """Sets each group's learning rate: warm-up, then plateau, cosine or constant. Its state is a few plain numbers."""

    def __init__(self, optimiser: torch.optim.Optimizer, config: TrainingConfig, steps: int) -> None:
        """`steps`: of the whole run, for the cosine."""
        self._optimiser = optimiser
        self._config = config
        self._steps = max(1, steps)
        self._base = [rate_of(group, config) for group in optimiser.param_groups]
        self.step_count = 0
        self.factor = 1.0
        self.best = math.inf
        self.bad_epochs = 0

    def change(self, config: TrainingConfig, steps: int) -> None:
        """Other settings from the next step on. A new rate counts as it is: what a plateau took off the old one is
        over; a cosine goes on along its way."""
        base = [rate_of(group, config) for group in self._optimiser.param_groups]
        if base != self._base:
            self.factor, self.bad_epochs = 1.0, 0
        self._config, self._steps, self._base = config, max(1, steps), base

    def before_step(self) -> None:
        """Sets the rates for the step about to be taken."""
        scale = self.factor
        if self._config.schedule == "cosine":
            scale = 0.5 * (1 + math.cos(math.pi * min(1.0, self.step_count / self._steps))) * 0.95 + 0.05
        if self.step_count < self._config.warmup_steps:
            scale *= (self.step_count + 1) / self._config.warmup_steps
        for group, base in zip(self._optimiser.param_groups, self._base, strict=True):
            group["lr"] = base * scale
        self.step_count += 1

    def epoch_ended(self, val_loss: float) -> None:
        """ReduceLROnPlateau (min mode, relative threshold 1e-4) on the validation loss."""
        if self._config.schedule != "plateau":
            return
        if val_loss < self.best * (1 - 1e-4):
            self.best, self.bad_epochs = val_loss, 0
            return
        self.bad_epochs += 1
        if self.bad_epochs > self._config.plateau_patience:
            self.factor *= self._config.plateau_factor
            self.bad_epochs = 0

    @property
    def rate(self) -> float:
        """The first group's rate now."""
        return float(self._optimiser.param_groups[0]["lr"])

    def state(self) -> dict[str, Any]:
        best = None if math.isinf(self.best) else self.best
        return {"step_count": self.step_count, "factor": self.factor, "best": best, "bad_epochs": self.bad_epochs}

    def load(self, state: dict[str, Any]) -> None:
        self.step_count = int(state["step_count"])
        self.factor = float(state["factor"])
        self.best = math.inf if state["best"] is None else float(state["best"])
        self.bad_epochs = int(state["bad_epochs"])
