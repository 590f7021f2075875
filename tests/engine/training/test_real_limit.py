"""A process that may really not have more memory: its run ends well, in smaller parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine.synthetic.sample_data import write_dataset

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="a limit on the address space is what Linux has"),
]

# The limit comes once everything is loaded, a little above what is taken by then.
CODE = """
import resource, sys
import psutil
from pathlib import Path
from engine.contract.control import CancelToken
from engine.contract.jobs import Tune
from engine.jobs import tune
from engine.training import loop

room = int(sys.argv[3])
prepare = loop.Trainer.fit
def limited(trainer, *rest):
    held = psutil.Process().memory_info().vms
    resource.setrlimit(resource.RLIMIT_AS, (held + room, resource.RLIM_INFINITY))
    try:
        return prepare(trainer, *rest)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
loop.Trainer.fit = limited
tune.run(Tune(sys.argv[1], sys.argv[2]), lambda event: None, CancelToken(), "job")
"""


def test_a_real_limit(repo_root: Path, tmp_path: Path) -> None:
    """The limit is set after the fit was measured, as if another program took the memory: only the ladder helps."""
    write_dataset("polyps", tmp_path / "data", count=60)
    values = {
        "version": 1,
        "data": {"folder": str(tmp_path / "data")},
        "model": {"weights": "starter"},
        "strategy": {"name": "vpt"},
        "training": {"epochs": 1, "batch_size": 32, "device": "cpu", "threads": 1, "previews": False},
    }
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(values))
    environment = {**os.environ, "TUNEVLSEG_HOME": str(tmp_path / "home"), "PYTHONPATH": str(repo_root)}
    # Or the C library keeps what earlier steps gave back, and there is room that the limit does not see.
    environment["MALLOC_MMAP_THRESHOLD_"] = "65536"
    run = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(recipe), str(run), str(70_000_000)],
        cwd=repo_root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    changes = [json.loads(line) for line in (run / "changes.jsonl").read_text().splitlines()]
    assert changes
    assert all(change["change"] == "adapted" for change in changes)
    assert json.loads((run / "environment.json").read_text())["plan"]["images_at_once"] < 32
    assert (run / "best.safetensors").exists()
