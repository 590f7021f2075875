"""What a bundle costs and how well it agrees with the tuned model: every pair on the starters, every precision.

    python tests/benchmarks/export.py [--json] [--pairs starter/vpt,…] [--precisions fp32,fp16,int8] [--calibrate]
    python tests/benchmarks/export.py --published [--json]      # CLIPSeg ViT-B/16, 352 px, random weights

Each pair is tuned for a few epochs on drawn (synthetic) pictures, as the model card recommends, then exported; Dice and
differences are those of the parity report on its validation pictures and on drawn scenes, seconds those of one export
of all precisions. `--published` needs no tuning: it measures seconds, sizes and peak memory on the published shapes.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.assemble import (  # noqa: E402
    Listener,
    export_parts,
    inspect_for,
    make_network,
    make_split,
    make_trainer,
)
from engine.bundle.manifest import Precision  # noqa: E402
from engine.bundle.reader import Bundle  # noqa: E402
from engine.bundle.verdict import reports_of, weakest  # noqa: E402
from engine.contract.control import CancelToken  # noqa: E402
from engine.contract.events import Event, Progress  # noqa: E402
from engine.export import EXPORTERS  # noqa: E402
from engine.export.base_model import export_base  # noqa: E402
from engine.models.weights import find_weights  # noqa: E402
from engine.recipe import make_recipe  # noqa: E402
from engine.synthetic.sample_data import SAMPLE_SETS, write_dataset  # noqa: E402

KIND = "abdomen-ct"
BASELINES = ("zero_shot", "upsampler_only", "last_layer_only", "decoder_finetune", "full_finetune")
PAIRS = {
    **{f"starter/{name}": {"name": name} for name in ("coop", "cocoop", "vpt", "maple")},
    "starter/shared_attention": {"name": "shared_attention"},
    "starter/shared_separate": {"name": "shared_separate"},
    "starter/coop per label": {"name": "coop", "per_label": True},
    "starter/cocoop per label": {"name": "cocoop", "per_label": True},
    "starter/maple per label": {"name": "maple", "per_label": True},
    **{f"starter/{name}": {"name": name} for name in BASELINES},
    **{f"starter-cris/{name}": {"name": name} for name in ("coop", "cocoop")},
    **{f"starter-cris/{name}": {"name": name} for name in BASELINES},
}


def measure(pair: str, precisions: list[Precision], *, epochs: int, calibrate: bool) -> list[dict[str, Any]]:
    """One row for each precision."""
    weights = find_weights(pair.partition("/")[0])
    entry = SAMPLE_SETS[KIND]
    hear = Listener(lambda event: None, CancelToken(), "benchmark")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / KIND
        write_dataset(KIND, folder, count=24, seed=77)
        labels = [{"value": label.value, "name": label.name, "phrase": label.phrase} for label in entry.labels]
        values = {
            "name": "export",
            "seed": 7,
            "data": {"folder": str(folder), "labels": labels, "split": {"train": 0.6, "val": 0.4, "test": 0.0}},
            "model": {"name": weights.model, "weights": weights.id},
            "strategy": PAIRS[pair],
            "training": {"device": "cpu", "threads": 1, "previews": False, "epochs": epochs},
        }
        recipe = make_recipe(values)
        report = inspect_for(recipe, hear)
        network = make_network(recipe, [label.name for label in report.labels])
        if network.tuned.learned():
            make_trainer(network, report, _NoFolder(), hear).fit()
        val = make_split(network, report, "val", hear).images[:64].copy()
        ranges = make_split(network, report, "train", hear).images[:24].copy() if calibrate else None
        parts = export_parts(network, report.labels, report.intensity, val, {}, synthetic=True, calibration=ranges)
        clock = _Clock()
        outs = {precision: Path(place) / f"{precision}.vlseg" for precision in precisions}
        EXPORTERS.get("onnx")().write(network.tuned, parts, outs, clock, CancelToken(), "benchmark")
        return [_row(pair, precision, out, clock) for precision, out in outs.items()]


def published(precisions: list[Precision]) -> list[dict[str, Any]]:
    """CLIPSeg in its published size with random weights, as a base model."""
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    starter = find_weights("starter").path
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "clipseg-rd64"
        folder.mkdir()
        config = CLIPSegConfig(reduce_dim=64, use_complex_transposed_convolution=True)
        config.vision_config.image_size = 352
        config.text_config.eos_token_id = json.loads((starter / "config.json").read_text())["text_config"][
            "eos_token_id"
        ]
        CLIPSegForImageSegmentation(config).save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            (folder / name).write_bytes((starter / name).read_bytes())
        size = {"size": {"height": 352, "width": 352}}
        (folder / "preprocessor_config.json").write_text(json.dumps(size))
        clock = _Clock()
        outs = {precision: Path(place) / f"{precision}.vlseg" for precision in precisions}
        export_base(find_weights(str(folder)), outs, clock, CancelToken())
        return [_row("published CLIPSeg", precision, out, clock) for precision, out in outs.items()]


class _NoFolder:
    """No run folder: the last epoch's learner is taken."""

    def row(self, metrics: dict[str, float]) -> None:
        del metrics

    def epoch(self, epoch: int, write: Any, *, best: bool, keep: int) -> None:
        del epoch, write, best, keep

    def preview(self, epoch: int, picture: Any) -> Path:
        raise AssertionError((epoch, picture))


class _Clock:
    """Seconds of each stage, from the events of an export."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "", time.monotonic()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and event.unit == "steps" and event.stage != self._stage:
            now = time.monotonic()
            self.seconds[self._stage] = now - self._since
            self._stage, self._since = event.stage, now

    def of(self, word: str) -> float:
        return sum(seconds for stage, seconds in self.seconds.items() if word in stage)


def _row(pair: str, precision: Precision, out: Path, clock: _Clock) -> dict[str, Any]:
    bundle = Bundle.open(out)
    reports = reports_of(bundle.manifest)
    worst = weakest(reports)
    return {
        "pair": pair,
        "precision": precision,
        "verified": bundle.manifest.parity.verified,
        "dice": worst.dice,
        "probability": max(report.max_probability_difference or 0.0 for report in reports),
        "logit": max(report.max_logit_difference or 0.0 for report in reports),
        "answers": sum(report.answers or 0 for report in reports),
        "non_empty": sum(report.non_empty or 0 for report in reports),
        "megabytes": {name: len(bundle.read(name)) / 1e6 for name in bundle.manifest.files if name.endswith(".onnx")},
        "packed": out.stat().st_size / 1e6,
        "tracing": clock.of("Tracing"),
        "seconds": clock.of(precision),
        "note": bundle.manifest.precision_note,
        "provider": worst.provider,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", default=",".join(PAIRS))
    parser.add_argument("--precisions", default="fp32,fp16,int8")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--published", action="store_true")
    given = parser.parse_args()
    precisions: list[Any] = given.precisions.split(",")
    rows: list[dict[str, Any]] = []
    for pair in ["published"] if given.published else given.pairs.split(","):
        made = (
            published(precisions)
            if given.published
            else measure(pair, precisions, epochs=given.epochs, calibrate=given.calibrate)
        )
        for row in made:
            if not given.json:
                sys.stdout.write(_line(row) + "\n")
                sys.stdout.flush()
        rows += made
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    if given.json:
        sys.stdout.write(json.dumps({"rows": rows, "peak_gigabytes": peak}, indent=1) + "\n")
    else:
        sys.stdout.write(f"peak memory {peak:.2f} GB\n")


def _line(row: dict[str, Any]) -> str:
    graphs = sum(size for name, size in row["megabytes"].items() if name != "fixed.onnx")
    verdict = "verified" if row["verified"] else "NOT verified"
    agrees = f"{verdict:12} Dice {row['dice']:.5f}  probability {row['probability']:.1e}"
    return (
        f"{row['pair']:28} {row['precision']}  {agrees}  non-empty {row['non_empty']}/{row['answers']}  "
        f"{graphs:6.1f} MB  traced {row['tracing']:.0f} s + {row['seconds']:.1f} s  {row['note']}"
    )


if __name__ == "__main__":
    main()
