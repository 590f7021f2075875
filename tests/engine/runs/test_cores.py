"""How many threads work may take, and that libraries hear of it before they are loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.runs import cores
from engine.runs.cores import usable_cores, work_threads


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_counts(repo_root: Path) -> None:
    """A process that may use one core of several sees one; it keeps that one for its work."""
    code = (
        "import os\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from engine.runs.cores import usable_cores, work_threads\n"
        "assert (usable_cores(), work_threads()) == (1, 1)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=repo_root)


@pytest.mark.parametrize(
    ("quota", "expected"), [("max 100000", 8), ("300000 100000", 3), ("50000 100000", 1), ("strange", 8)]
)
def test_a_containers_quota_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(cores, "_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert usable_cores() == expected
    assert work_threads() == max(1, expected - 1)


def test_every_pool_of_a_worker_is_the_same(repo_root: Path) -> None:
    """torch, OpenMP and what children inherit; and what the user has set stays."""
    code = (
        "import os\n"
        "from engine.runs.cores import share_cores, work_threads\n"
        "share_cores()\n"
        "import torch\n"
        "assert torch.get_num_threads() == work_threads(), torch.get_num_threads()\n"
        "assert os.environ['ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS'] == str(work_threads())\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '3'\n"
        "from engine.training.device import set_threads\n"
        "assert set_threads(0) == work_threads()\n"
        "assert torch.get_num_interop_threads() == 1\n"
    )
    free = {name: value for name, value in os.environ.items() if name not in cores._POOLS}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=repo_root, env={**free, "OPENBLAS_NUM_THREADS": "3"})
