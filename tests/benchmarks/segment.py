"""A volume segmented by phrase: from the file to the masks' files, beside a plain transformers loop, in one run.

    python tests/benchmarks/segment.py [--json] [--model starter|vit-b16] [--slices 200] [--phrases 1 5]
        [--precisions fp32 int8] [--rounds 3] [--plain-slices 4] [--work FOLDER] [--processor]

Both sides read the scan's file, show every axial slice to the network and write one NIfTI mask a phrase; both are given
the same threads, and networks that are loaded already. *Plain* runs CLIPSegForImageSegmentation in fp32, one pass a
phrase and slice, on `--plain-slices` slices of the volume, and is scaled to all of them (its reading and writing is
not scaled). Rounds alternate the two; seconds are those of the clock, or with `--processor` of the processor, for cores
that others use too. The volume is drawn: a noisy ball in air. With `vit-b16` the weights are random
(shapes of CLIPSeg rd64-refined): its speed is real, its masks mean nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import psutil
import SimpleITK as sitk
import torch
from PIL import Image
from transformers import CLIPSegForImageSegmentation

from engine.contract.control import CancelToken
from engine.contract.errors import EngineError
from engine.contract.jobs import Export, Segment
from engine.inference.cache import EncodingStore, SegmentCache
from engine.inference.runtime import default_threads
from engine.jobs import export as export_job
from engine.jobs import segment as segment_job
from engine.jobs.base_bundle import bundle_for
from engine.models.weights import find_weights
from engine.text.tokenizer import PhraseTokenizer
from tests.benchmarks.real_shapes import write_clipseg

Clock = Callable[[], float]
PHRASES = ("ball", "liver", "left lung", "gray oval", "white blob at the bottom")


def drawn_volume(path: Path, slices: int, side: int) -> Path:
    """A noisy ball in air, int16, uncompressed."""
    z, y, x = np.ogrid[-1 : 1 : slices * 1j, -1 : 1 : side * 1j, -1 : 1 : side * 1j]
    far = np.sqrt(z * z + y * y + x * x)
    noise = np.random.default_rng(0).integers(-30, 30, far.shape, dtype=np.int16)
    image = sitk.GetImageFromArray(np.where(far < 0.9, np.int16(40), np.int16(-1000)) + noise)
    image.SetSpacing((0.8, 0.8, 2.5))
    sitk.WriteImage(image, str(path))
    return path


class Plain:
    """What a person writes with transformers in an afternoon."""

    def __init__(self, weights: Path, size: int, clock: Clock) -> None:
        self.network = CLIPSegForImageSegmentation.from_pretrained(weights).eval()
        self.tokenizer = PhraseTokenizer.from_folder(weights)
        self.size = size
        self.clock = clock

    def segment(self, scan: Path, phrases: Sequence[str], out: Path, slices: int) -> float:
        """Seconds for the whole volume, from those of `slices` slices."""
        began = self.clock()
        image = sitk.ReadImage(str(scan))
        voxels = sitk.GetArrayFromImage(image)
        fixed = self.clock() - began
        asked = np.linspace(0, len(voxels) - 1, slices).astype(int)
        seconds = 0.0
        for phrase in phrases:
            mask = np.zeros(voxels.shape, np.uint8)
            began = self.clock()
            for index in asked:
                mask[index] = self._ask(voxels[index], phrase)
            seconds += (self.clock() - began) * len(voxels) / len(asked)
            began = self.clock()
            made = sitk.GetImageFromArray(mask)
            made.CopyInformation(image)
            sitk.WriteImage(made, str(out / f"plain-{phrase}.nii"))
            fixed += self.clock() - began
        return seconds + fixed

    @torch.inference_mode()
    def _ask(self, slice2d: np.ndarray, phrase: str) -> np.ndarray:
        grey = np.clip((slice2d.astype(np.float32) + 160) * (255 / 400), 0, 255).astype(np.uint8)
        picture = Image.fromarray(grey).convert("RGB").resize((self.size, self.size), Image.Resampling.BICUBIC)
        pixels = (np.asarray(picture, np.float32) / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
        ids, attention = (torch.from_numpy(array) for array in self.tokenizer.encode([phrase]))
        inputs = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None]
        logits = self.network(pixel_values=inputs, input_ids=ids, attention_mask=attention).logits
        probability = Image.fromarray(logits.sigmoid().squeeze().numpy())
        height, width = slice2d.shape
        return np.asarray(probability.resize((width, height), Image.Resampling.BICUBIC)) >= 0.5


@dataclass
class Ours:
    bundle: Path
    cache: SegmentCache
    clock: Clock

    def segment(self, scan: Path, phrases: Sequence[str], out: Path) -> float:
        began = self.clock()
        job = Segment([str(scan)], str(self.bundle), list(phrases), str(out), overwrite=True)
        segment_job.run(job, lambda _: None, CancelToken(), "benchmark", self.cache)
        return self.clock() - began

    def forget(self) -> None:
        """As a fresh question: the graphs stay loaded, the scan and its encodings go."""
        self.cache.encodings = EncodingStore()
        self.cache._scan = None


class PeakMemory:
    """The highest resident memory of this process while it is watched, in MB above the start."""

    def __enter__(self) -> PeakMemory:
        gc.collect()
        self._process, self._stop = psutil.Process(), threading.Event()
        self._first = self._highest = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self._highest = max(self._highest, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.megabytes = (self._highest - self._first) / 1e6


def exported(weights: str, precision: str, out: Path) -> tuple[Path, float]:
    """A bundle, and the seconds of its export; 0 where it was there, or ships with the program."""
    if precision == "fp32" and weights == "starter":
        return bundle_for("starter", lambda _: None, CancelToken(), "benchmark").path, 0.0
    if out.exists():
        return out, 0.0
    began = time.perf_counter()
    export_job.run(Export(weights, str(out), precision), lambda _: None, CancelToken(), "benchmark")
    return out, time.perf_counter() - began


def measure(given: argparse.Namespace, work: Path) -> dict[str, Any]:
    torch.set_num_threads(default_threads())
    clock = time.process_time if given.processor else time.perf_counter
    weights = "starter" if given.model == "starter" else str(write_clipseg(work / "vit-b16"))
    scan = drawn_volume(work / f"scan-{given.slices}.nii", given.slices, given.side)
    size = json.loads((find_weights(weights).path / "preprocessor_config.json").read_text())["size"]
    plain = Plain(find_weights(weights).path, size["height"] if isinstance(size, dict) else size, clock)
    rows, bundles = [], {}
    for precision in given.precisions:
        try:
            bundles[precision] = exported(weights, precision, work / f"{given.model}-{precision}.vlseg")
        except EngineError as refused:
            sys.stderr.write(f"{precision}: {refused.message}\n")
    masks = work / "masks"
    masks.mkdir(exist_ok=True)
    for precision, (bundle, seconds) in bundles.items():
        ours = Ours(bundle, SegmentCache(), clock)
        ours.segment(scan, PHRASES[:1], masks)  # loads the graphs
        for count in given.phrases:
            rows.append(_compare(plain, ours, scan, PHRASES[:count], masks, given) | {"precision": precision})
        rows[-len(given.phrases) :] = [
            row | {"export_seconds": round(seconds, 1), "bundle_mb": round(_size(bundle) / 1e6, 1)}
            for row in rows[-len(given.phrases) :]
        ]
    return {
        "model": given.model,
        "slices": given.slices,
        "side": given.side,
        "threads": default_threads(),
        "clock": "processor time" if given.processor else "wall time",
        "load": [round(value, 1) for value in os.getloadavg()],
        "peak_process_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "rows": rows,
    }


def _compare(
    plain: Plain, ours: Ours, scan: Path, phrases: Sequence[str], masks: Path, given: argparse.Namespace
) -> dict[str, Any]:
    slow, fast, further, memory = [], [], [], []
    for _ in range(given.rounds):
        slow.append(plain.segment(scan, phrases, masks, min(given.plain_slices, given.slices)))
        ours.forget()
        with PeakMemory() as peak:
            fast.append(ours.segment(scan, phrases, masks))
        memory.append(peak.megabytes)
        further.append(ours.segment(scan, ["some other thing"], masks))
    ratios = [one / other for one, other in zip(slow, fast, strict=True)]
    # A further phrase is compared with what the first one costs alone.
    again = [one / other for one, other in zip(fast, further, strict=True)]
    row = {
        "phrases": len(phrases),
        "plain_seconds": round(statistics.median(slow), 2),
        "our_seconds": round(statistics.median(fast), 2),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
        "further_phrase_seconds": round(statistics.median(further), 3),
        "memory_mb": round(max(memory)),
    }
    if len(phrases) == 1:
        row["first_to_further"] = round(statistics.median(again), 1)
    return row


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--model", choices=["starter", "vit-b16"], default="starter")
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--phrases", type=int, nargs="+", default=[1, 5], choices=range(1, len(PHRASES) + 1))
    parser.add_argument("--precisions", nargs="+", default=["fp32", "int8"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain-slices", type=int, default=4)
    parser.add_argument("--processor", action="store_true", help="measure processor time")
    parser.add_argument("--work", type=Path, default=None, help="folder that keeps weights and bundles between runs")
    given = parser.parse_args()
    show: Callable[[str], object] = print
    if given.work:
        given.work.mkdir(parents=True, exist_ok=True)
        result = measure(given, given.work)
    else:
        with tempfile.TemporaryDirectory() as folder:
            result = measure(given, Path(folder))
    if given.json:
        show(json.dumps(result))
        return
    title = f"{result['model']}, {result['slices']} slices of {result['side']}², {result['threads']} thread(s)"
    show(f"{title}, {result['clock']}, load {result['load']}")
    for row in result["rows"]:
        show("  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
