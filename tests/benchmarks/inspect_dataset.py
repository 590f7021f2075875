"""Seconds that `data inspect` takes for many pictures: every file opened, every check made; and the search for leaks.

    python tests/benchmarks/inspect_dataset.py [--images 10000] [--folder DIR] [--suffix .jpg] [--json]

Draws pairs of 640 × 480 (smooth colours with noise as JPEG, discs as PNG masks; in DIR, where they are kept and used
again), with ten re-saved copies hidden among them, and inspects the folder in a process of its own; then again, which
opens only what changed meanwhile. The folder's files are in the system's cache, so that the processor is measured and
not the disk. The leak check by itself is timed too: digests and fingerprints of pictures that are decoded already, and
all pairs compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PIL import Image

from engine.contract.control import CancelToken
from engine.data.config import DataConfig
from engine.data.fingerprint import fingerprint, near_duplicates
from engine.data.report import inspect

COPIES = 10


def draw(folder: Path, count: int, suffix: str) -> None:
    """Pairs that are not there yet; the last COPIES images are the first ones, saved again smaller and coarser."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows, columns = np.ogrid[:480, :640]
    for number in range(count):
        image, mask = folder / f"images/{number:06}{suffix}", folder / f"masks/{number:06}.png"
        if image.exists() and mask.exists():
            continue
        rng = np.random.default_rng(number)
        coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((640, 480), Image.Resampling.BICUBIC)).astype(np.int16)
        drawn = np.clip(smooth + rng.integers(-6, 6, (480, 640, 1)), 0, 255).astype(np.uint8)
        Image.fromarray(drawn).save(image, quality=85)
        row, column = rng.integers(100, 380, 2)
        inside = (rows - row) ** 2 + (columns - column) ** 2 < 3600
        Image.fromarray((inside * 255).astype(np.uint8)).save(mask)
    for number in range(COPIES):
        first = Image.open(folder / f"images/{number:06}{suffix}")
        first.resize((480, 360)).resize((640, 480)).save(folder / f"images/{count - 1 - number:06}{suffix}", quality=60)


def _cpu() -> float:
    """Seconds of processor time of this process and of its readers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(folder: Path, count: int, suffix: str) -> dict[str, Any]:
    draw(folder, count, suffix)
    before = _cpu()
    began = time.perf_counter()
    report = inspect(DataConfig(folder=str(folder)), 1, lambda event: None, CancelToken())
    spent, used = time.perf_counter() - began, _cpu() - before
    began = time.perf_counter()
    inspect(DataConfig(folder=str(folder)), 1, lambda event: None, CancelToken())
    again = time.perf_counter() - began
    found = sum(problem.count for problem in report.problems if problem.kind == "near_duplicate")
    decoded = [np.asarray(Image.open(path)) for path in sorted((folder / "images").iterdir())[:200]]
    began = time.perf_counter()
    prints = [fingerprint(picture) for picture in decoded]
    each = (time.perf_counter() - began) / len(decoded)
    rng = np.random.default_rng(0)
    many = [prints[int(at)] for at in rng.integers(0, len(prints), 50)]
    others = [fingerprint(rng.integers(0, 255, (32, 32), dtype=np.uint8)) for _ in range(count - 50)]
    began = time.perf_counter()
    near_duplicates([*others, *many])
    compare = time.perf_counter() - began
    return {
        "images": count,
        "cases": len(report.cases),
        "inspect_s": round(spent, 1),
        "inspect_cpu_s": round(used, 1),
        "inspect_again_s": round(again, 1),
        "images_per_s": round(count / spent, 1),
        "near_duplicates_found": found,
        "fingerprint_ms_each": round(1000 * each, 2),
        "compare_all_s": round(compare, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--suffix", default=".jpg", choices=(".jpg", ".png"))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home  # nothing is remembered of an earlier time
        row = measure(given.folder or Path(made), given.images, given.suffix)
    if given.json:
        sys.stdout.write(json.dumps(row) + "\n")
        return
    for name, value in row.items():
        sys.stdout.write(f"{name:24}{value}\n")


if __name__ == "__main__":
    main()
