"""Which packages a device needs: pyproject.toml's own list, with the ONNX Runtime build that fits."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

Device = Literal["cpu", "cuda"]

_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def name_of(requirement: str) -> str:
    """The package a requirement line is about, in the spelling that indexes use."""
    found = _NAME.match(requirement)
    if found is None:
        raise ValueError(f"not a requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", found.group(1)).lower()


def read_pyproject(root: Path) -> dict[str, Any]:
    with (root / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def requirements_for(pyproject: dict[str, Any], device: Device, extras: Iterable[str]) -> list[str]:
    """Requirement lines of the base, the extras and the build backend.

    pyproject.toml names onnxruntime-gpu wherever such a build exists. A machine without a CUDA device does not
    need it (and the two builds share one folder), so exactly one of them is kept, without its marker.
    """
    project = pyproject["project"]
    lines: list[str] = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    lines += pyproject["build-system"]["requires"]
    runtime = onnxruntime_for(device)
    kept = []
    for line in lines:
        name = name_of(line)
        if name in ("onnxruntime", "onnxruntime-gpu"):
            if name != runtime:
                continue
            line = line.split(";")[0].strip()
        if line not in kept:
            kept.append(line)
    return kept


def gpu_build_exists(system: str = sys.platform, machine: str | None = None) -> bool:
    """Whether ONNX Runtime has a CUDA build here: Linux x86-64 and Windows x86-64 only."""
    machine = (machine if machine is not None else platform.machine()).lower()
    return (system, machine) in {("linux", "x86_64"), ("win32", "amd64")}


def onnxruntime_for(device: Device) -> str:
    return "onnxruntime-gpu" if device == "cuda" and gpu_build_exists() else "onnxruntime"


def pinned(constraints: Path, name: str) -> str:
    """`name==version` as the constraints say it; raises KeyError for a name that they do not hold."""
    for line in constraints.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and name_of(line) == name:
            return line.strip()
    raise KeyError(name)


def fingerprint(root: Path) -> str:
    """Changes when what must be installed changes, and not when only tool settings do."""
    pyproject = read_pyproject(root)
    what = {key: pyproject[key] for key in ("build-system", "project")}
    text = json.dumps(what, sort_keys=True) + (root / "packaging" / "constraints.txt").read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def find_device() -> Device:
    """`cuda` if an NVIDIA driver answers, else `cpu`."""
    if sys.platform == "darwin":
        return "cpu"
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "cpu"
    return "cuda" if answer.returncode == 0 and "GPU" in answer.stdout else "cpu"
