"""How learned tokens enter a model: one file a strategy."""

from engine.strategies.base import STRATEGIES

__all__ = ["STRATEGIES"]
