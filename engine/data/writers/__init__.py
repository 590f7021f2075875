"""Layouts that a dataset can be written as, one file each."""

from engine.config.registry import Registry
from engine.data.writers.base import Writer

WRITERS: Registry[Writer] = Registry("layout to write", "engine.data.writers")
