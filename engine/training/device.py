"""Where tuning runs, and what to say when it cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch

from engine.contract.errors import NoDevice, OutOfMemory
from engine.runs.cores import work_threads
from engine.training.memory import is_out_of_memory


def choose_device(wanted: str) -> torch.device:
    """`auto` takes CUDA, then Apple's GPU, then the CPU. Raises NoDevice for a device that is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, is_there in there.items() if is_there))
    if not there.get(wanted, False):
        raise NoDevice(
            f"training.device: {wanted} is not available on this machine.",
            hint="Choose auto or cpu, or run `tunevlseg doctor` for the repair.",
            field="training.device",
        )
    return torch.device(wanted)


def cuda_devices(wanted: str) -> list[str]:
    """CUDA devices that this process may use, as CUDA_VISIBLE_DEVICES names them; none where they are not `wanted`."""
    if wanted not in ("auto", "cuda"):
        return []
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = None if named is None else [name.strip() for name in named.split(",") if name.strip()]
    count = torch.cuda.device_count()
    return [str(number) for number in range(count)] if names is None else names[:count]


def set_threads(threads: int) -> int:
    """Sets torch's threads and returns their number; 0: cores − 1, since contended threads are slower than fewer."""
    count = threads or work_threads()
    torch.set_num_threads(count)
    if torch.get_num_interop_threads() != 1:
        with suppress(RuntimeError):  # only before the first work; we run no operations side by side
            torch.set_num_interop_threads(1)
    return count


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


@contextmanager
def memory_told(what: str) -> Iterator[None]:
    """Turns an out-of-memory of torch into OutOfMemory; `what` names the setting to lower."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(
            "Memory ran out while tuning.", hint=f"Lower {what}, or close other programs.", field=what
        ) from error
