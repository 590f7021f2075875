"""Ten words on one slice, from its kept encoding: processor seconds of asking, beside those of encoding the slice.

    python -m tests.benchmarks.word_influence [--model starter|clipseg]

`clipseg`: CLIPSeg's own shape (ViT-B/16, 352 px) with random weights.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

PHRASE = "a small red polyp on the upper left wall inside"


def weights(model: str, folder: Path) -> str:
    """The id of installed weights, or a folder of random ones."""
    if model == "starter":
        return "starter"
    from tests.benchmarks.real_shapes import write_clipseg

    return str(write_clipseg(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["starter", "clipseg"], default="starter")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()

    from engine.assemble import make_network
    from engine.contract.control import CancelToken
    from engine.insight.kept_images import KeptImages
    from engine.insight.word_influence import word_influence
    from engine.recipe import make_recipe

    with tempfile.TemporaryDirectory() as folder:
        values = {
            "model": {"weights": weights(given.model, Path(folder) / "weights")},
            "strategy": {"name": "coop"},
            "training": {"device": "cpu", "threads": 1},
        }
        network = make_network(make_recipe(values), ["polyp"])
        side = network.tuned.vlsm.sites.image_size
        pixels = np.random.default_rng(0).normal(size=(1, 3, side, side)).astype(np.float32)
        encoding, asking = [], []
        for _ in range(given.rounds + 1):
            start = time.process_time()
            kept = KeptImages(network, pixels, CancelToken())
            middle = time.process_time()
            found = word_influence(kept.ask, PHRASE, 0)
            encoding.append(middle - start)
            asking.append(time.process_time() - middle)
    assert len(found) == 10
    told = {"encoding": encoding[1:], "10 words": asking[1:]}
    for name, seconds in told.items():
        sys.stdout.write(f"{given.model} {name}: {statistics.median(seconds):.3f} s (max {max(seconds):.3f})\n")


if __name__ == "__main__":
    main()
