"""Cancel and pause inside a step: one step of a large network takes minutes on a processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from engine.contract.control import CancelToken


@contextmanager
def obeying(model: nn.Module, cancel: CancelToken) -> Iterator[None]:
    """Checks `cancel` before each block of the network, on the way forward and on the way back.

    Blocks are the children of ModuleLists. Cancelled then comes out of the forward pass or of `backward()`.
    """

    def before(block: nn.Module, inputs: tuple[Any, ...]) -> None:
        del block
        cancel.check()
        for value in inputs:
            if isinstance(value, Tensor) and value.requires_grad:
                value.register_hook(lambda gradient: cancel.check())  # type: ignore[no-untyped-call]

    blocks = [block for module in model.modules() if isinstance(module, nn.ModuleList) for block in module]
    hooks = [block.register_forward_pre_hook(before) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
