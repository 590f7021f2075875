"""Which process something temporary belongs to, as part of its name: what a dead one left may be removed by anybody."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import time
import uuid
from pathlib import Path

import psutil

_NAME = re.compile(r"([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}")
_CLOCKS_DIFFER_S = 5.0  # a process' start is computed from the time since the system started
_OTHER_MACHINES_S = 7 * 86400.0  # a shared home folder: whether their processes live cannot be asked


def own_name() -> str:
    """A name that this process has used for nothing else."""
    started = int(psutil.Process().create_time())
    return f"{_host()}-{os.getpid()}-{started}-{uuid.uuid4().hex[:8]}"


def owner_lives(path: Path) -> bool:
    """Whether the process that `path` is named after still runs. False for a name that is not ours."""
    found = _NAME.search(path.name)
    if found is None:
        return False
    host, pid, started = found.group(1), int(found.group(2)), int(found.group(3))
    if host != _host():
        try:
            return time.time() - path.stat().st_mtime < _OTHER_MACHINES_S
        except OSError:
            return False
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _CLOCKS_DIFFER_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]
