"""Images per second out of the cache of slices, cold and warm, beside decoding each time with Pillow; and memory.

    python tests/benchmarks/data_cache.py [--images 2000] [--depth 200] [--size 352] [--rounds 3]
                                          [--small] [--folder DIR] [--json]

Draws pairs of 640 × 480 (as inspect_dataset.py does) and one volume. Then, in one process and in turns, so that all
see the same machine:
    cold      the dataset is built with an empty cache: every file decoded and resized, every row written
    build     the dataset of a second run is built: nothing is decoded
    warm      an epoch of a second run in shuffled batches of 32, the first one, which compares every row's checksum
    again     the next epoch
    pillow    the same batches, each image and mask opened, decoded and resized by Pillow in this very process (for
              the volume: read by SimpleITK each time a slice of it is needed, kept for the slices of one batch)
Files lie in the system's cache: the processor is measured, not the disk. Memory, on Linux: how much the process' own
pages (RssAnon) grew over the first build, and over the second build with both epochs; and how much the mapped ones
(RssFile), which the system takes back when it needs them, beside the bytes of all rows. For the memory of a large
dataset: `--images 10000 --small --rounds 1`; pictures of 160 × 120 are soon drawn, and their rows are as long as any.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import SimpleITK as sitk
from PIL import Image

from engine.contract.control import CancelToken
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.findings import DatasetReport
from engine.data.loader import Loader
from engine.data.report import inspect
from engine.volumes.preprocess import Preprocess
from engine.volumes.slicing import SliceStack
from tests.benchmarks.inspect_dataset import draw

BATCH = 32


def draw_small(folder: Path, count: int) -> None:
    """Pairs of 160 × 120."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        image, mask = folder / f"images/{number:06}.jpg", folder / f"masks/{number:06}.png"
        if image.exists() and mask.exists():
            continue
        rng = np.random.default_rng(number)
        coarse = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
        coarse.resize((160, 120), Image.Resampling.BILINEAR).save(image, quality=90)
        marked = np.zeros((120, 160), np.uint8)
        row, column = rng.integers(10, 80, 2)
        marked[row : row + 20, column : column + 30] = 255
        Image.fromarray(marked).save(mask)


def draw_volume(folder: Path, depth: int) -> None:
    """Two volumes [depth, 256, 256] of noise, each with a box marked in every slice."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(2):
        rng = np.random.default_rng(number)
        scan = rng.integers(-1000, 1000, (depth, 256, 256)).astype(np.int16)
        mask = np.zeros(scan.shape, np.uint8)
        mask[:, 40 : 90 + number, 60:120] = 1
        sitk.WriteImage(sitk.GetImageFromArray(scan), str(folder / f"images/v{number}.nii.gz"))
        sitk.WriteImage(sitk.GetImageFromArray(mask), str(folder / f"labels/v{number}.nii.gz"))


def built(report: DatasetReport, size: int, cache: Path) -> SliceDataset:
    preprocess = report.preprocess(Preprocess(size=size))
    return SliceDataset.build(report, "train", preprocess, lambda event: None, CancelToken(), cache=cache)


def epoch_of(dataset: SliceDataset, number: int) -> None:
    for positions in Loader(dataset, BATCH, 1, training=True).positions(number):
        images, masks = dataset.images[positions], dataset.masks[positions]
        assert len(images) == len(masks) == len(positions)


def decoded_by_pillow(dataset: SliceDataset, most: int) -> int:
    """Decodes up to `most` samples in batches; how many."""
    size, done = dataset.preprocess.size, 0
    for positions in Loader(dataset, BATCH, 1, training=True).positions(1):
        for position in positions:
            case = dataset.refs[int(position)].finding.case
            with Image.open(case.image) as stored:
                np.asarray(stored.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))
            with Image.open(case.masks[0].path) as stored:
                np.asarray(stored.resize((size, size), Image.Resampling.NEAREST)) > 127  # noqa: B015
        done += len(positions)
        if done >= most:
            break
    return done


def decoded_by_itk(dataset: SliceDataset, most: int) -> int:
    """The same for slices of volumes."""
    size, done = dataset.preprocess.size, 0
    for positions in Loader(dataset, BATCH, 1, training=True).positions(1):
        volumes: dict[str, Any] = {}
        for position in positions:
            ref = dataset.refs[int(position)]
            case = ref.finding.case
            if case.case_id not in volumes:
                pair = [sitk.GetArrayFromImage(sitk.ReadImage(str(path))) for path in (case.image, case.masks[0].path)]
                volumes[case.case_id] = [SliceStack(one, None, "axial").slices for one in pair]
            scan, mask = (one[ref.index] for one in volumes[case.case_id])
            grey = np.clip((scan.astype(np.float32) + 160) * (255 / 400), 0, 255).astype(np.uint8)
            np.asarray(Image.fromarray(np.stack([grey] * 3, -1)).resize((size, size), Image.Resampling.BICUBIC))
            np.asarray(Image.fromarray(mask).resize((size, size), Image.Resampling.NEAREST))
        done += len(positions)
        if done >= most:
            break
    return done


def measure(folder: Path, size: int, rounds: int, *, volumes: bool) -> dict[str, Any]:
    report = inspect(DataConfig(folder=str(folder)), 1, lambda event: None, CancelToken())
    each_time = decoded_by_itk if volumes else decoded_by_pillow
    seconds: dict[str, list[float]] = {name: [] for name in ("cold", "build", "warm", "again", "pillow")}
    cold: list[float] = []
    own: list[float] = []
    mapped: list[float] = []
    count = report.slice_count("train")
    sample = count
    with tempfile.TemporaryDirectory() as kept:
        for number in range(rounds):
            cache = Path(kept) / str(number)
            before = memory()
            dataset = timed(seconds["cold"], lambda cache=cache: built(report, size, cache))
            cold.append(memory()["RssAnon"] - before["RssAnon"])
            del dataset
            gc.collect()
            before = memory()
            dataset = timed(seconds["build"], lambda cache=cache: built(report, size, cache))
            timed(seconds["warm"], lambda dataset=dataset: epoch_of(dataset, 1))
            timed(seconds["again"], lambda dataset=dataset: epoch_of(dataset, 2))
            after = memory()
            own.append(after["RssAnon"] - before["RssAnon"])
            mapped.append(after["RssFile"] - before["RssFile"])
            sample = timed(seconds["pillow"], lambda dataset=dataset: each_time(dataset, 500 if not volumes else 96))
            stored = sum(path.stat().st_size for path in cache.rglob("*.pack"))
            del dataset
            for path in cache.rglob("*.pack"):
                path.unlink()
    rates = {name: (sample if name == "pillow" else count) / float(np.median(seconds[name])) for name in seconds}
    return {
        "slices": count,
        "size": size,
        **{f"{name}_per_s": round(rate, 1) for name, rate in rates.items()},
        "warm_over_pillow": round(rates["warm"] / rates["pillow"], 1),
        "again_over_pillow": round(rates["again"] / rates["pillow"], 1),
        "build_s": round(float(np.median(seconds["build"])), 2),
        "cache_mb": round(stored / 1e6),
        "kb_a_slice": round(stored / 1e3 / count),
        "own_memory_grew_cold_mb": round(max(cold), 1),
        "own_memory_grew_mb": round(max(own), 1),
        "mapped_memory_grew_mb": round(max(mapped), 1),
    }


def memory() -> dict[str, float]:
    """Megabytes of the process: RssAnon and RssFile; 0 where the system does not tell."""
    found = {"RssAnon": 0.0, "RssFile": 0.0}
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = float(rest.split()[0]) * 1024 / 1e6
    return found


def timed(seconds: list[float], work: Any) -> Any:
    began = time.perf_counter()
    found = work()
    seconds.append(time.perf_counter() - began)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--depth", type=int, default=200)
    parser.add_argument("--size", type=int, default=352)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="pictures of 160 × 120")
    parser.add_argument("--folder", type=Path, help="where drawn files are kept and used again")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows: dict[str, Any] = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        if given.small:
            draw_small(folder / "pictures", given.images)
        else:
            draw(folder / "pictures", given.images, ".jpg")
        draw_volume(folder / "volumes", given.depth)
        rows["pictures"] = measure(folder / "pictures", given.size, given.rounds, volumes=False)
        rows["volumes"] = measure(folder / "volumes", given.size, given.rounds, volumes=True)
    if given.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    for kind in ("pictures", "volumes"):
        sys.stdout.write(f"{kind}\n")
        for name, value in rows[kind].items():
            sys.stdout.write(f"  {name:24}{value}\n")


if __name__ == "__main__":
    main()
