"""Vision-language segmentation models: one file a network, registered by name."""

from engine.config.registry import Registry
from engine.models.network import Network

MODELS: Registry[Network] = Registry("model", "engine.models.networks")

__all__ = ["MODELS"]
