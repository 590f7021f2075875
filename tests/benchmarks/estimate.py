"""What a run was estimated to take beside what it took: seconds of its epochs, and the most memory it held.

    python tests/benchmarks/estimate.py [--json] [--images 8 40 200] [--previews] [--epochs 4] [--strategies vpt coop]

The starter model on drawn (synthetic) images, each strategy in a process of its own. The peak is the process's largest
resident set since tuning began (Linux only). On a machine that does other things too, seconds say little: with
`--processor` both sides are of the processor's time, which leaves out waiting for the disk.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import yaml

from engine.contract.control import CancelToken
from engine.contract.jobs import Tune
from engine.jobs import tune
from engine.runs.writer import read_metrics
from engine.synthetic.sample_data import write_dataset


def peak_bytes() -> int | None:
    """Of the resident set, since it was last forgotten."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def one(strategy: str, images: int, epochs: int, *, previews: bool, processor: bool) -> dict[str, Any]:
    from engine.training.loop import Trainer

    if processor:
        from engine.training import loop, probe

        # Either side of the ratio reads the clock there alone; threads at work count, so one is as good as several.
        probe.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[assignment]
        loop.time = SimpleNamespace(monotonic=time.process_time)  # type: ignore[assignment]
    fit = Trainer.fit
    found: dict[str, Any] = {}

    def watched(trainer: Trainer, *given: Any) -> Any:
        forget_peak()
        result = fit(trainer, *given)
        found["peak"] = peak_bytes()
        return result

    Trainer.fit = watched  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["TUNEVLSEG_HOME"] = str(folder / "home")
        write_dataset("polyps", folder / "data", count=images)
        values = {
            "version": 1,
            "data": {"folder": str(folder / "data")},
            "model": {"weights": "starter"},
            "strategy": {"name": strategy},
            "training": {"epochs": epochs, "patience": 1000, "device": "cpu", "previews": previews},
        }
        (folder / "recipe.yaml").write_text(yaml.safe_dump(values))
        job = Tune(str(folder / "recipe.yaml"), str(folder / "run"))
        tune.run(job, lambda event: None, CancelToken(), "job")
        told = json.loads((folder / "run" / "environment.json").read_text())
        seconds = [row["seconds"] for row in read_metrics(folder / "run")]
    estimate = told["estimate"]
    return {
        "strategy": strategy,
        "images": images,
        "plan": {name: told["plan"][name] for name in ("precision", "attention", "compiled")},
        "estimated_seconds": round(estimate["total"], 2),
        "seconds": round(sum(seconds), 2),
        "time_ratio": round(estimate["total"] / sum(seconds), 2),
        "estimated_mb": round(estimate["memory"] / 1e6),
        "mb": None if found["peak"] is None else round(found["peak"] / 1e6),
        "memory_ratio": None if found["peak"] is None else round(estimate["memory"] / found["peak"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--images", type=int, nargs="+", default=[120])
    parser.add_argument("--previews", action="store_true")
    parser.add_argument("--processor", action="store_true", help="the processor's time instead of the clock's")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--strategies", nargs="+", default=["vpt", "coop"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this process
    args = parser.parse_args()
    if args.here:
        given = args.strategies[0], args.images[0], args.epochs
        sys.stdout.write(json.dumps(one(*given, previews=args.previews, processor=args.processor)) + "\n")
        return
    rows = []
    for strategy, images in itertools.product(args.strategies, args.images):
        command = [sys.executable, __file__, "--here", "--strategies", strategy]
        command += ["--images", str(images), "--epochs", str(args.epochs)]
        command += ["--previews"] * args.previews + ["--processor"] * args.processor
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    if args.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for row in rows:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()) + "\n")


if __name__ == "__main__":
    main()
