"""How much memory there is, and how running out of it looks."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import torch

_SIGNS = ("allocate memory", "not enough memory", "out of memory")
"""What allocators say: torch's on Linux, its on Windows, those of devices."""
_ONEDNN = ("could not create a primitive", "could not create a memory object")
"""What oneDNN says, word for word, when it finds no room for its kernels or scratch space."""
_CGROUP = Path("/sys/fs/cgroup")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed: torch's own error, Python's and NumPy's, or a RuntimeError that says so."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    told = str(error).lower()
    return isinstance(error, RuntimeError) and (told in _ONEDNN or any(sign in told for sign in _SIGNS))


def release(device: torch.device) -> None:
    """Gives back what nobody holds any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def held_bytes(device: torch.device) -> int:
    """On a GPU the most that lay there at once so far; elsewhere what this process holds now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)


def available_bytes(device: torch.device) -> int:
    """What could be allocated now without swapping, beside what this process already holds.

    On the processor the least of: free memory of the machine, what a container allows, and what the shell's limit on
    the address space leaves.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What torch holds without using it is as good as free.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    found = [int(psutil.virtual_memory().available), _container_leaves(), _shell_leaves()]
    return max(0, min(number for number in found if number is not None))


def _container_leaves() -> int | None:
    """By control groups, version 2; None where there is no limit. What is only cached of files gives way."""
    with suppress(OSError, ValueError):
        limit = int((_CGROUP / "memory.max").read_text())
        held = int((_CGROUP / "memory.current").read_text())
        return limit - max(0, held - _cached_files())
    return None


def _cached_files() -> int:
    """Bytes of files that the container holds in memory without need."""
    with suppress(OSError, ValueError):
        for line in (_CGROUP / "memory.stat").read_text().splitlines():
            if line.startswith("inactive_file "):
                return int(line.split()[1])
    return 0


def _shell_leaves() -> int | None:
    """By `ulimit -v`; None where there is no limit or no such thing."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else int(soft) - psutil.Process().memory_info().vms
