"""How many processor threads work may take: one core is left to the window, and all libraries share the rest."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_POOLS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    "TORCHINDUCTOR_COMPILE_THREADS",
)
"""What libraries read once, when they are loaded; each would otherwise take every core for itself."""
CORES = "TUNEVLSEG_CORES"
"""Set for processes that compute side by side: how many cores each of them may take."""
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Cores that this process may use: of the machine, its affinity, a container's quota and its part the fewest."""
    found = os.cpu_count() or 1
    with suppress(AttributeError, OSError):  # there is no affinity on Windows and macOS
        found = min(found, len(os.sched_getaffinity(0)))
    with suppress(OSError, ValueError):
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        if quota != "max":
            found = min(found, max(1, int(quota) // int(period)))
    with suppress(ValueError):
        found = min(found, max(1, int(os.environ.get(CORES, ""))))
    return found


def work_threads() -> int:
    """One less than there are cores, at least one: contended threads are slower than fewer."""
    return max(1, usable_cores() - 1)


def share_cores() -> None:
    """Tells libraries that are not loaded yet, and child processes, how many threads to take; what the user has set
    stays."""
    for name in _POOLS:
        os.environ.setdefault(name, str(work_threads()))


def share_of_cores(processes: int) -> dict[str, str]:
    """The environment of one of several processes that compute side by side: an even part of the cores."""
    return cores_for(max(1, usable_cores() // max(1, processes)))


def cores_for(count: int) -> dict[str, str]:
    """The environment of a process that may take so many cores."""
    return {CORES: str(count), **dict.fromkeys(_POOLS, str(count))}
