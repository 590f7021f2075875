"""What this machine can do, what is wrong, and the exact command that mends it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psutil

import engine
from engine.contract.control import CancelToken, Emit
from engine.contract.jobs import Doctor
from engine.runs import folders
from engine.runs.environment import importable, versions

BOOTSTRAP = "python3 packaging/bootstrap.py install"
PIP = "pip install"


def run(job: Doctor, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """`{"facts": {name: text}, "problems": [{"severity", "message", "fix"}]}`."""
    del job, emit, job_id
    memory = psutil.virtual_memory()
    facts: dict[str, str] = {
        "tunevlseg": engine.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "memory": f"{memory.total / 2**30:.1f} GiB, {memory.available / 2**30:.1f} free",
    }
    problems: list[dict[str, str]] = []
    for check in (_torch, _onnxruntime, _graphics_driver, _folders, _starter):
        cancel.check()
        check(facts, problems)
    facts.update({f"package {name}": version for name, version in versions().items()})
    return {"facts": facts, "problems": problems}


def _problem(problems: list[dict[str, str]], severity: str, message: str, fix: str) -> None:
    problems.append({"severity": severity, "message": message, "fix": fix})


def _torch(facts: dict[str, str], problems: list[dict[str, str]]) -> None:
    if not importable("torch"):
        facts["tuning"] = "not installed (torch is missing); using bundles works"
        _problem(problems, "note", "Tuning is not installed.", f"{BOOTSTRAP}, or: {PIP} 'tunevlseg[tune]'")
        return
    import torch

    cuda = torch.cuda.is_available()
    name = torch.cuda.get_device_name(0) if cuda else "cpu"
    facts["tuning runs on"] = name
    facts["torch build"] = torch.__version__ + (
        f", CUDA {torch.version.cuda}" if torch.version.cuda else ", without CUDA"
    )
    if not cuda and _nvidia():
        _problem(
            problems,
            "warning",
            "There is an NVIDIA card, but torch cannot use it.",
            f"{BOOTSTRAP} --device cuda" if torch.version.cuda is None else "Update the NVIDIA driver.",
        )


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _onnxruntime(facts: dict[str, str], problems: list[dict[str, str]]) -> None:
    both = _installed("onnxruntime") and _installed("onnxruntime-gpu")
    if both:
        _problem(
            problems,
            "error",
            "onnxruntime and onnxruntime-gpu are both installed; they share one folder and break each other.",
            f"pip uninstall -y onnxruntime onnxruntime-gpu, then {BOOTSTRAP}",
        )
    if not importable("onnxruntime"):
        _problem(problems, "error", "onnxruntime is missing: nothing can be segmented.", BOOTSTRAP)
        return
    import onnxruntime

    facts["providers of the build"] = ", ".join(onnxruntime.get_available_providers())
    running = _running_provider()
    if running:
        # The build's list says what it was compiled for; only a session tells what really runs.
        facts["segmenting runs on"] = running
    if _nvidia() and running == "CPUExecutionProvider" and not both:
        _problem(
            problems,
            "warning",
            "There is an NVIDIA card, but ONNX Runtime falls back to the CPU.",
            f"{BOOTSTRAP} --device cuda (its CUDA and cuDNN versions must fit the driver)",
        )


def _running_provider() -> str | None:
    bundle = folders.resources() / "models" / "starter" / "starter.vlseg"
    if not bundle.exists():
        return None
    from engine.bundle.reader import Bundle
    from engine.inference.session import BundleSession

    return BundleSession(Bundle.open(bundle)).provider


def _nvidia() -> bool:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        found = subprocess.run([tool, "-L"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and b"GPU" in found.stdout


def _graphics_driver(facts: dict[str, str], problems: list[dict[str, str]]) -> None:
    del problems
    facts["NVIDIA card"] = "yes" if _nvidia() else "none found (the CPU works, more slowly)"


def _folders(facts: dict[str, str], problems: list[dict[str, str]]) -> None:
    for name, folder in (
        ("runs", folders.runs_folder()),
        ("models", folders.models_folder()),
        ("cache", folders.cache_folder()),
        ("logs", folders.logs_folder()),
    ):
        facts[f"{name} folder"] = str(folder)
        if not _writable(folder):
            _problem(
                problems,
                "error",
                f"The {name} folder {folder} cannot be written.",
                "Set TUNEVLSEG_HOME to a folder of yours.",
            )
    free = shutil.disk_usage(_nearest(folders.data_folder())).free / 2**30
    facts["disk free"] = f"{free:.1f} GiB"
    if free < 1:
        _problem(problems, "warning", f"Only {free:.1f} GiB of disk are free.", "Free some space before a long run.")


def _nearest(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _starter(facts: dict[str, str], problems: list[dict[str, str]]) -> None:
    found = folders.resources() / "models" / "starter" / "model.safetensors"
    facts["starter model"] = "installed" if found.exists() else "missing"
    if not found.exists():
        _problem(problems, "error", "The starter model is missing from the installation.", BOOTSTRAP)
