"""Number formats: bfloat16 where the device gains by it, float32 elsewhere; loss and metrics are always float32."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from engine.strategies.tuned_model import TunedModel
from engine.training.config import TrainingConfig
from engine.training.plan import Plan

WORTH = 1.15
"""How much faster than plain float32 another way must have been measured, to be taken."""


def autocast(plan: Plan, device: torch.device) -> AbstractContextManager[None]:
    """What the network computes in; gradients and what learns stay float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=plan.precision == "bf16")


def native_bf16(device: torch.device) -> bool:
    """Whether a GPU computes bfloat16 itself (Ampere and later), so that nothing need be measured."""
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def candidates(model: TunedModel, device: torch.device, config: TrainingConfig, base: Plan) -> list[Plan]:
    """The ways worth measuring against each other, the plain one first; `base` holds what is settled already.

    On a processor bfloat16 may be slower, and its fused attention is slow on the way back (`attention`). A ResNet
    tower may be faster with channels last. Whoever asks for fp32 wants the numbers of any other machine that computes
    alike: nothing is chosen by measuring then, since each way rounds differently.
    """
    if config.precision != "auto":
        formats = [config.precision]
    elif device.type == "cuda":
        formats = ["bf16" if native_bf16(device) else "fp32"]
    else:
        formats = ["fp32", "bf16"]
    plans = [base.with_(precision=name) for name in formats]
    if config.precision == "fp32":
        return plans
    if model.vlsm.sites.image_width is None:
        return plans + [plan.with_(channels_last=True) for plan in plans]
    if device.type == "cuda" or config.attention != "auto":
        return plans
    return plans + [plan.with_(attention="eager") for plan in plans]


def apply(model: TunedModel, plan: Plan) -> None:
    """Puts the network into the state that the plan asks for."""
    model.vlsm.attend(plan.attention)
    model.vlsm.checkpointing = plan.checkpointing
    if model.vlsm.sites.image_width is None:
        memory_format = torch.channels_last if plan.channels_last else torch.contiguous_format
        model.vlsm.to(memory_format=memory_format)  # type: ignore[call-overload]


def fastest(plans: list[Plan], seconds: list[float]) -> Plan:
    """The fastest of `plans`, but the first where none is `WORTH` it."""
    at = min(range(len(plans)), key=seconds.__getitem__)
    return plans[at] if seconds[at] * WORTH <= seconds[0] else plans[0]


def in_words(plan: Plan) -> str:
    """`bf16, eager attention`."""
    told: list[str] = [plan.precision]
    if plan.attention == "eager":
        told.append("eager attention")
    if plan.channels_last:
        told.append("channels last")
    if plan.compiled:
        told.append("compiled")
    return ", ".join(told)
