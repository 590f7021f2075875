"""torch.compile for the network's blocks, where it pays for itself within the run; never a reason for a run to end.

Each block is compiled by itself: blocks are alike, so the compiler works once for all of them, and cancel is still
looked at between them. A compiled block takes one shape; a last, smaller batch and validation go the plain way.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from engine.contract.control import Emit
from engine.contract.errors import EngineError
from engine.contract.events import Log
from engine.training.memory import is_out_of_memory
from engine.training.plan import Plan
from engine.training.probe import Cost, Probe
from engine.training.remembered import Remembered

if TYPE_CHECKING:
    from engine.training.loop import Trainer

WORTH_TRYING = 1200.0
"""Seconds of a run from which on an unknown gain is looked for: compiling takes about a minute on a processor."""


def no_compiler(device: torch.device) -> str:
    """Why torch.compile cannot work here; empty where it can."""
    if device.type == "mps":
        return "not for this device"
    names = ("cl",) if sys.platform == "win32" else ("c++", "g++", "clang++")
    if not any(shutil.which(name) for name in names):
        return "no C++ compiler on this machine"
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    return ""


class CompiledBlocks:
    """Compiles the blocks of a network while the `with` block lasts; whatever goes wrong, the plain way is taken."""

    def __init__(self, model: nn.Module, emit: Emit, job_id: str, *, graphs: bool = False) -> None:
        """`graphs`: record CUDA graphs, which replay a step's small operations without the processor. They hold for
        one forward and one backward pass a step, not for batches in parts."""
        self._blocks = [block for part in model.modules() if isinstance(part, nn.ModuleList) for block in part]
        self._mode = "reduce-overhead" if graphs else "default"
        self._graphs = graphs
        self._emit = emit
        self._job_id = job_id
        self.failed = ""

    def __enter__(self) -> CompiledBlocks:
        for block in self._blocks:
            block.forward = _Compiled(block.forward, self._mode, self)
        return self

    def __exit__(self, *raised: object) -> None:
        for block in self._blocks:
            # The method of the class again, instead of the attribute that hid it.
            block.__dict__.pop("forward", None)

    def step_begins(self) -> None:
        """Before a training step's forward pass: what graphs gave in the last one may be overwritten."""
        if self._graphs and not self.failed:
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]

    def rescue(self, error: Exception) -> bool:
        """A compiled backward pass that failed: the plain way is left. False where that was not the matter."""
        if self.failed or isinstance(error, EngineError):
            return False
        self.give_up(type(error).__name__)
        return True

    def give_up(self, reason: str) -> None:
        """Told once; from now on every block goes the plain way."""
        if not self.failed:
            self.failed = reason
            self._emit(Log(self._job_id, f"torch.compile gave up ({reason}); the run goes on without it.", "warning"))


class _Compiled:
    """A block's forward pass: compiled for training steps of the first shape seen, plain for everything else."""

    def __init__(self, plain: Callable[..., Any], mode: str, owner: CompiledBlocks) -> None:
        self._plain = plain
        self._owner = owner
        self._quick = torch.compile(plain, mode=mode, dynamic=False)
        self._shape: torch.Size | None = None

    def __call__(self, hidden: Any, *rest: Any, **named: Any) -> Any:
        alike = isinstance(hidden, Tensor) and (self._shape is None or hidden.shape == self._shape)
        if self._owner.failed or not alike or not torch.is_grad_enabled():
            return self._plain(hidden, *rest, **named)
        try:
            found = self._quick(hidden, *rest, **named)
        except EngineError:
            raise
        except Exception as error:  # the compiler's errors share no base class
            if is_out_of_memory(error):
                raise
            self._owner.give_up(type(error).__name__)
            return self._plain(hidden, *rest, **named)
        self._shape = hidden.shape
        return found


def settle_compiling(
    trainer: Trainer, probe: Probe, remembered: Remembered, plan: Plan, cost: Cost, seconds: float
) -> tuple[Plan, Cost]:
    """The plan and the cost of its steps, compiled or not. `seconds`: what the run would take without.

    What compiling brought is remembered for this machine, model and strategy.
    """
    wanted = trainer.config.compile
    if wanted == "off":
        return plan, cost
    known = _known(remembered)
    if wanted == "auto" and (seconds < WORTH_TRYING if known is None else not pays(*known, seconds)):
        return plan, cost
    if reason := no_compiler(trainer.device):
        trainer.emit(Log(trainer.job_id, f"Without torch.compile: {reason}."))
        return plan, cost
    if wanted == "on":
        return plan.with_(compiled=True), cost
    logging.getLogger("torch._inductor").setLevel(logging.ERROR)
    with CompiledBlocks(trainer.model, trainer.emit, trainer.job_id) as blocks:
        began = time.perf_counter()
        quick = probe.cost(plan)
        spent = time.perf_counter() - began
        if blocks.failed:
            remembered.put("compiling", {"gain": 1.0, "seconds": spent})
            return plan, cost
    batch = trainer.train.batch_size
    gain = cost.step.of(batch) / max(quick.step.of(batch), 1e-9)
    remembered.put("compiling", {"gain": gain, "seconds": spent})
    worth = pays(gain, spent, seconds)
    what = "taken" if worth else "not worth it in this run"
    trainer.emit(Log(trainer.job_id, f"torch.compile: {gain:.2f} times as fast after {spent:.0f} s; {what}."))
    return (plan.with_(compiled=True), quick) if worth else (plan, cost)


def _known(remembered: Remembered) -> tuple[float, float] | None:
    """Gain and price, in seconds, as measured before."""
    with suppress(KeyError, TypeError, ValueError):
        found = remembered.get("compiling")
        return float(found["gain"]), float(found["seconds"])
    return None


def pays(gain: float, price: float, seconds: float) -> bool:
    """Whether steps `gain` times as fast win back the `price` of compiling in a run of `seconds`, with some over."""
    return seconds * (1 - 1 / max(gain, 1e-6)) > 1.5 * price
