"""Dataset layouts, one file each."""

from engine.config.registry import Registry
from engine.data.readers.base import Layout

LAYOUTS: Registry[Layout] = Registry("layout", "engine.data.readers")
