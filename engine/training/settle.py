"""How a run will compute, settled before its first step by measuring: number format, attention, compiling, and how many
images go together. Measures only what pays for itself within the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil

from engine.contract.events import Degraded, Log
from engine.training.compiling import settle_compiling
from engine.training.device import device_name
from engine.training.estimate import Estimate, Sizes, largest_batch, reckon
from engine.training.feature_bank import choose_place
from engine.training.memory import available_bytes
from engine.training.obedience import obeying
from engine.training.plan import Plan
from engine.training.precision import candidates, fastest, in_words, native_bf16
from engine.training.probe import Cost, Probe
from engine.training.remembered import Remembered

if TYPE_CHECKING:
    from engine.training.loop import Trainer

MARGIN = 0.9
"""Of the available memory that a step may take: other programs, and the scratch space inside operations."""
SHARE = 0.05
"""Of a run's time that finding a faster way may take."""
ROUNDS = 3
FEW = 2
"""Images in the steps that ways are compared by."""


@dataclass(frozen=True, slots=True)
class Settled:
    plan: Plan
    estimate: Estimate


def settle(trainer: Trainer, sizes: Sizes, *, disk: int = 0) -> Settled:
    """Measures, decides, and tells what was decided; the trainer and its random numbers stay as they were.

    Raises Cancelled, and OutOfMemory where a step of one image does not fit.
    """
    with obeying(trainer.model, trainer.cancel):
        kept = trainer.keeps_features
        probe = Probe(trainer, kept=kept)
        remembered = Remembered(trainer.model, trainer.device)
        first = _ways(trainer)[0]
        cost = probe.cost(first)
        total = _estimate(trainer, cost, sizes, first, disk).total
        plan = _fastest_way(trainer, probe, remembered, first, cost, total)
        if plan != first:
            cost = probe.cost(plan)
        if trainer.model.learned():
            left = _estimate(trainer, cost, sizes, plan, disk).total
            plan, cost = settle_compiling(trainer, probe, remembered, plan, cost, left)
    plan = _fitting(trainer, cost, plan, sizes)
    return Settled(plan, _estimate(trainer, cost, sizes, plan, disk))


def _ways(trainer: Trainer) -> list[Plan]:
    return candidates(trainer.model, trainer.device, trainer.config, trainer.plan)


def _fastest_way(trainer: Trainer, probe: Probe, remembered: Remembered, first: Plan, cost: Cost, total: float) -> Plan:
    """The fastest of the ways that the settings allow, measured once for this machine, model and strategy."""
    wanted = trainer.config.precision
    plans = _ways(trainer)
    if len(plans) == 1 or not trainer.model.learned():
        _tell(trainer, first, "not a choice here" if wanted == "auto" else "as the recipe asks")
        return first
    name = f"way-{wanted}-{trainer.config.attention}-{'kept' if trainer.keeps_features else 'fresh'}"
    known = Plan.from_values(remembered.get(name))
    if known in plans:
        assert known is not None
        _tell(trainer, known, "measured before on this machine")
        return known
    images = min(FEW, sizes_of(trainer))
    price = cost.step.of(images) * len(plans) * (ROUNDS + 1)
    if price > SHARE * total:
        _tell(trainer, first, "this run is too short to look for a faster way")
        return first
    images = max(images, min(sizes_of(trainer), round(images * SHARE * total / (4 * max(price, 1e-6)))))
    spent = probe.seconds(plans, images, ROUNDS)
    plan = fastest(plans, spent)
    remembered.put(name, plan.to_values())
    ways = "; ".join(
        f"{in_words(way)} {1000 * seconds / images:.1f} ms" for way, seconds in zip(plans, spent, strict=True)
    )
    _tell(trainer, plan, f"measured, a training image each: {ways}")
    return plan


def sizes_of(trainer: Trainer) -> int:
    """Images in a full batch of this trainer's data."""
    return min(trainer.train.batch_size, len(trainer.train.dataset))


def _tell(trainer: Trainer, plan: Plan, why: str) -> None:
    where = " by the GPU itself" if native_bf16(trainer.device) and plan.precision == "bf16" else ""
    trainer.emit(Log(trainer.job_id, f"Computing in {in_words(plan)}{where}: {why}."))


def _fitting(trainer: Trainer, cost: Cost, plan: Plan, sizes: Sizes) -> Plan:
    """Fewer images at once, halved, where the memory does not hold a batch; then checkpointing is for the ladder."""
    batch = min(sizes.batch, max(1, sizes.train))
    if trainer.config.images_at_once:
        return plan.with_(images_at_once=min(trainer.config.images_at_once, sizes.batch))
    room = MARGIN * available_bytes(trainer.device) - _held_features(trainer, cost, sizes)
    at_once = batch
    while at_once > 1 and cost.held.of(at_once) > room:
        at_once = -(-at_once // 2)
    if at_once == batch:
        return plan
    changes = {"images_at_once": at_once}
    told = f"The memory holds {at_once} images at a time; a step still learns from {sizes.batch}."
    trainer.emit(Degraded(trainer.job_id, told, dict(changes)))
    return plan.with_(**changes)


def _features(cost: Cost, sizes: Sizes) -> int:
    return round(cost.feature_bytes * (sizes.train * sizes.views + sizes.val))


def _held_features(trainer: Trainer, cost: Cost, sizes: Sizes) -> int:
    """Bytes of kept features where the steps run: those that lie elsewhere, or fit nowhere, leave it free."""
    total = _features(cost, sizes)
    place = choose_place(trainer.config.feature_place, total, trainer.device, on_disk=True)
    return total if place == ("gpu" if trainer.device.type == "cuda" else "memory") else 0


def _estimate(trainer: Trainer, cost: Cost, sizes: Sizes, plan: Plan, disk: int) -> Estimate:
    import torch

    if plan.precision == "bf16":
        sizes = replace(sizes, view_epochs=0)
    features = _features(cost, sizes)
    on_disk = trainer.base and features <= trainer.config.feature_disk * 1e9
    on_gpu = trainer.device.type == "cuda"
    resident = torch.cuda.memory_allocated(trainer.device) if on_gpu else psutil.Process().memory_info().rss
    room = MARGIN * available_bytes(trainer.device) - _held_features(trainer, cost, sizes)
    told = reckon(
        cost,
        sizes,
        at_once=max(1, plan.at_once(min(sizes.batch, max(1, sizes.train)))),
        resident=int(resident),
        available=available_bytes(trainer.device),
        kept=_held_features(trainer, cost, sizes),
        disk=disk + (features if on_disk else 0),
        device=device_name(trainer.device),
    )
    return replace(told, largest_batch=largest_batch(cost, room, sizes.train))
