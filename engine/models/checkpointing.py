"""Activation checkpointing: a block's inner values are computed again on the way back instead of being kept."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


def through(block: Callable[..., Tensor], hidden: Tensor, *more: Tensor | None, again: bool) -> Tensor:
    """`block(hidden, *more)`; with `again`, and where gradients flow, it remembers its inputs only.

    For blocks without random numbers: none are drawn a second time.
    """
    if not again or not torch.is_grad_enabled():
        return block(hidden, *more)
    found: Tensor = checkpoint(block, hidden, *more, use_reentrant=False, preserve_rng_state=False)
    return found
