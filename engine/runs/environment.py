"""What a run ran on: versions and device, without names of people, machines or folders."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Sequence
from typing import Any

import engine

PACKAGES = ("torch", "transformers", "numpy", "onnxruntime", "onnxruntime-gpu", "SimpleITK", "pillow", "pydantic")


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Installed versions of the packages that change numbers."""
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def importable(package: str) -> bool:
    """Whether a package is there, without importing it; an import that is forbidden counts as missing."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def environment(device: str = "") -> dict[str, Any]:
    """Versions, platform and device."""
    return {
        "tunevlseg": engine.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "device": device,
        "packages": versions(),
    }
