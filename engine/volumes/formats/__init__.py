"""Scan formats: each file of this package registers one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.config.registry import Registry

if TYPE_CHECKING:
    from engine.volumes.formats.base import Format

FORMATS: Registry[Format] = Registry("scan format", "engine.volumes.formats")
