"""What was measured on this machine for a model and a strategy, kept in the cache folder: measured once, used again."""

from __future__ import annotations

import hashlib
import json
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from engine.contract.errors import EngineError
from engine.contract.whole_file import write_text
from engine.runs.folders import cache_folder
from engine.strategies.tuned_model import TunedModel
from engine.training.device import device_name


class Remembered:
    """Plain values by name, for one machine, network and strategy. A folder that cannot be written loses nothing but
    time."""

    def __init__(self, model: TunedModel, device: torch.device, folder: Path | None = None) -> None:
        self._file = (folder or cache_folder() / "tuning") / f"{_key(model, device)}.json"

    def get(self, name: str) -> Any:
        with suppress(OSError, ValueError):
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return found.get(name) if isinstance(found, dict) else None
        return None

    def put(self, name: str, value: Any) -> None:
        known: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            found = json.loads(self._file.read_text(encoding="utf-8"))
            known = found if isinstance(found, dict) else {}
        with suppress(EngineError):
            write_text(self._file, json.dumps({**known, name: value}, indent=1))


def _key(model: TunedModel, device: torch.device) -> str:
    """What decides how fast a step is: machine, library, shapes and strategy; nothing of the data."""
    shapes = [[name, list(parameter.shape), parameter.requires_grad] for name, parameter in model.named_parameters()]
    values = [
        platform.machine(),
        _processor(),
        device_name(device),
        torch.get_num_threads(),
        torch.__version__,
        model.vlsm.sites.image_size,
        type(model.config).__name__,
        model.config.model_dump(mode="json"),
        shapes,
    ]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip() + torch.backends.cpu.get_cpu_capability()
    return platform.processor() + torch.backends.cpu.get_cpu_capability()
