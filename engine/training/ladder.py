"""What is tried, step by step, when memory runs out; the batch that failed is done again, the epoch is not lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from engine.contract.errors import OutOfMemory
from engine.training.memory import is_out_of_memory, release
from engine.training.plan import Plan

Result = TypeVar("Result")
Rung = Callable[[], bool]
"""Frees memory for what follows; False where there is nothing to free."""


@dataclass
class Ladder:
    """Halves the images that go together, then checkpoints activations, then gives up kept features.

    `plan` is what holds now. `checkpoint` and `forget` do the two last; `tell(message, changes)` hears of each step.
    The batch that an optimiser step is taken for stays what the recipe says.
    """

    plan: Plan
    batch: int
    device: torch.device
    checkpoint: Rung
    forget: Rung
    tell: Callable[[str, dict[str, Any]], None]
    rescue: Callable[[Exception], bool] = lambda error: False
    """Whether another failure than of memory has been mended, so that the work can be done again."""

    def holding(self, work: Callable[[int], Result], before: Callable[[], None] | None = None) -> Result:
        """`work(images at once)`, done again in smaller parts as often as memory runs out.

        Random numbers are drawn anew as in the attempt that failed; `before` clears away what that left behind.
        Raises OutOfMemory where nothing is left to try.
        """
        state = _random_state(self.device)
        while True:
            try:
                return work(self.plan.at_once(self.batch))
            except Exception as error:
                full = is_out_of_memory(error)
                if not full and not self.rescue(error):
                    raise
            # Not in the handler: the error's traceback still holds the tensors that filled the memory.
            if before is not None:
                before()
            if full:
                release(self.device)
                self.down()
            _set_random_state(self.device, state)

    def encoding(self, work: Callable[[], None]) -> None:
        """`work` that takes kept features in, done again without holding them where memory runs out.

        Smaller parts would not make it smaller, and other parts would give other last digits.
        """
        try:
            work()
            return
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        release(self.device)
        self._give_up_features()
        release(self.device)
        work()

    def down(self) -> None:
        """One step down; raises OutOfMemory at the bottom."""
        at_once = self.plan.at_once(self.batch)
        if at_once > 1:
            half = -(-at_once // 2)
            self._take(
                {"images_at_once": half},
                f"Memory ran out: {half} images at a time instead of {at_once}; a step still learns from {self.batch}.",
            )
        elif not self.plan.checkpointing and self.checkpoint():
            self._take(
                {"checkpointing": True},
                "Memory ran out: values inside the network are computed again on the way back instead of kept "
                "(slower by about a third).",
            )
        else:
            self._give_up_features()

    def _give_up_features(self) -> None:
        if not (self.plan.keep_features and self.forget()):
            raise OutOfMemory(
                "Memory ran out while tuning, with one image at a time and nothing kept.",
                hint="Close other programs, choose a smaller model, or tune on a machine with more memory.",
                field="training.batch_size",
            )
        self._take(
            {"keep_features": False},
            "Memory ran out: image features are no longer held in memory, but read from disk or computed (slower).",
        )

    def _take(self, changes: dict[str, Any], message: str) -> None:
        self.plan = self.plan.with_(**changes)
        self.tell(message, changes)


def _random_state(device: torch.device) -> list[torch.Tensor]:
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    elif device.type == "mps":
        states.append(torch.mps.get_rng_state())
    return states


def _set_random_state(device: torch.device, states: list[torch.Tensor]) -> None:
    torch.set_rng_state(states[0])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(states[1])
