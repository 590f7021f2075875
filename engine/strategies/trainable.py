"""How much a strategy would learn, told before anything is loaded."""

from __future__ import annotations

import torch

from engine.models.base import VLSM
from engine.strategies.base import StrategyConfig, Words
from engine.strategies.tuned_model import TunedModel


def sketch(skeleton: VLSM, config: StrategyConfig, words: Words, labels: int = 1) -> TunedModel:
    """What `config` makes of this network, without a single number in it.

    `skeleton` may lie on torch's "meta" device (`Network.skeleton`); its weights are frozen or not afterwards, as the
    strategy wants. Of `words` only the number of tokens matters. Raises what `config.check` raises.
    """
    config.check(skeleton.sites)
    with torch.device("meta"):
        return TunedModel(skeleton, config, config.build(skeleton.sites, words, labels))


def count_learned(skeleton: VLSM, config: StrategyConfig, words: Words, labels: int = 1) -> int:
    """How many numbers learn when `config` tunes this network; see `sketch`."""
    return sum(parameter.numel() for parameter in sketch(skeleton, config, words, labels).learned().values())
