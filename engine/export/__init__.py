"""A tuned model leaves the engine here, as files that other programs can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.config.registry import Registry

if TYPE_CHECKING:
    from engine.export.base import Exporter

EXPORTERS: Registry[Exporter] = Registry("exporter", "engine.export")
