"""How much each strategy gains with the starter model on drawn (synthetic) medical-like sets, beside its controls.

    python tests/benchmarks/starter_strategies.py --out table.json [--weights starter-cris] [--sets polyps,…]
        [--rows vpt,…] [--seeds 1,2,3]

Each seed draws its own training, validation and test images; settings are those of the model card (chosen on
validation images of another seed); the epoch is chosen by validation Dice; Dice is that of the test images at model
size. Cells that the output file holds already are kept, so that the table can be made in parts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.assemble import Listener, Network, inspect_for, make_network, make_split, make_trainer  # noqa: E402
from engine.contract.control import CancelToken  # noqa: E402
from engine.contract.whole_file import write_text  # noqa: E402
from engine.models.cris.model import CrisNetwork  # noqa: E402
from engine.models.weights import Weights, find_weights  # noqa: E402
from engine.recipe import Recipe, make_recipe  # noqa: E402
from engine.runs.statistics import mean_interval  # noqa: E402
from engine.synthetic.cris_network import build_cris  # noqa: E402
from engine.synthetic.network import build_network  # noqa: E402
from engine.synthetic.sample_data import SAMPLE_SETS, write_dataset  # noqa: E402
from engine.training.metrics import dice_of  # noqa: E402

SETS = ("polyps", "breast-ultrasound", "skin-lesions", "chest-xray", "abdomen-ct")
DESCRIBED = {
    "polyps": ["red blob"],
    "breast-ultrasound": ["dark blob"],
    "skin-lesions": ["dark blob"],
    "chest-xray": ["large dark oval"],
    "abdomen-ct": ["gray blob on the left", "gray oval on the right", "white oval at the bottom"],
}
"""A person's description in words that the starter knows, one for each label."""
UNSEEN = ["polyp", "tumour", "mole", "lungs", "liver"]
"""Words that the starter never learned; zero-shot by name is the mean over them, since each alone is arbitrary."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a strategy with what differs from the card's recommendation."""

    title: str
    strategy: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    phrases: str = "name"  # name | described | unseen
    pretrained: bool = True


ROWS = {
    "zero_shot_name": Row("zero-shot, by name", {"name": "zero_shot"}, phrases="unseen"),
    "zero_shot_described": Row("zero-shot, described", {"name": "zero_shot"}, phrases="described"),
    "coop": Row("CoOp", {"name": "coop"}),
    "cocoop": Row("CoCoOp", {"name": "cocoop"}),
    "vpt": Row("VPT", {"name": "vpt"}),
    "maple": Row("MaPLe", {"name": "maple"}),
    "shared_attention": Row("Shared Attention", {"name": "shared_attention"}),
    "shared_separate": Row("Shared Separate", {"name": "shared_separate"}),
    "upsampler_only": Row("upsampler alone (control)", {"name": "upsampler_only"}),
    "last_layer_only": Row("last layer alone (control)", {"name": "last_layer_only"}),
    "decoder_finetune": Row("decoder", {"name": "decoder_finetune"}),
    "coop_last_layer": Row("CoOp + last layer", {"name": "coop", "train_last_layer": True}),
    "vpt_last_layer": Row("VPT + last layer", {"name": "vpt", "train_last_layer": True}),
    "full_finetune": Row("everything", {"name": "full_finetune"}),
    "never_pretrained": Row(
        "never pretrained, VPT + last layer (control)", {"name": "vpt", "train_last_layer": True}, pretrained=False
    ),
    "never_pretrained_decoder": Row(
        "never pretrained, decoder (control)", {"name": "decoder_finetune"}, pretrained=False
    ),
}


NEED_IMAGE_SITES = ("vpt", "maple", "shared_attention", "shared_separate")


class Quiet:
    """No run folder: the best learner stays in memory."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.best: dict[str, torch.Tensor] = {}
        self.rows: list[dict[str, float]] = []

    def row(self, metrics: dict[str, float]) -> None:
        self.rows.append(metrics)

    def epoch(self, epoch: int, write: Callable[[Path], None], *, best: bool, keep: int) -> None:
        del epoch, write, keep
        if best:
            self.best = self._network.tuned.learner_state()

    def preview(self, epoch: int, picture: Any) -> Path:
        raise AssertionError((epoch, picture))


def recipe_for(
    row: Row, weights: Weights, folder: Path, seed: int, phrases: list[str], labels: list[dict[str, Any]]
) -> Recipe:
    shown = [{**label, "phrase": phrase} for label, phrase in zip(labels, phrases, strict=True)]
    values = {
        "name": "table",
        "seed": seed,
        "data": {"folder": str(folder), "labels": shown, "augment": "none"},
        "model": {"name": weights.model, "weights": weights.id},
        "strategy": row.strategy,
        "training": {"device": "cpu", "threads": 1, "previews": False, **row.training},
    }
    return make_recipe(values)


def measure(
    row: Row, weights: Weights, folder: Path, seed: int, phrases: list[str], labels: list[dict[str, Any]]
) -> dict[str, Any]:
    """Test Dice per (image, label) pair, at model size."""
    hear = Listener(lambda event: None, CancelToken(), "table")
    recipe = recipe_for(row, weights, folder, seed, phrases, labels)
    network = make_network(recipe)
    if not row.pretrained:
        forget(network, seed)
    report = inspect_for(recipe, hear)
    sink = Quiet(network)
    began = time.monotonic()
    trainer = make_trainer(network, report, sink, hear)
    if network.tuned.learned():
        trainer.fit()
        network.tuned.load_learner_state(sink.best)
    seconds = time.monotonic() - began
    test = make_split(network, report, "test", hear)
    answer = network.answer(report, test)
    found = np.concatenate([answer(test.images[at : at + 16]) for at in range(0, len(test), 16)]) >= 0.5
    truth = test.masks[:] > 0
    counts = np.stack([(found & truth).sum((2, 3)), truth.sum((2, 3)), found.sum((2, 3))])
    dice = dice_of(torch.from_numpy(counts)).numpy()
    validation = max((entry["val_dice"] for entry in sink.rows), default=float("nan"))
    parameters = sum(parameter.numel() for parameter in network.tuned.learned().values())
    return {
        "dice": float(dice.mean()),
        "per_label": [float(value) for value in dice.mean(axis=0)],
        "each": [round(float(value), 4) for value in dice.mean(axis=1)],
        "validation": validation,
        "parameters": parameters,
        "seconds": round(seconds, 1),
    }


def forget(network: Network, seed: int) -> None:
    """The same network with fresh weights, as pretraining began with them."""
    model: Any = network.tuned.vlsm.network
    if isinstance(model, CrisNetwork):
        model.load_state_dict(build_cris(model.config.vocab_size, seed).network.state_dict())
    else:
        model.load_state_dict(build_network(model.config.text_config.vocab_size, seed).state_dict())


def cell(name: str, weights: Weights, kind: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    row = ROWS[name]
    if arguments.training:
        row = Row(row.title, {**row.strategy, **arguments.strategy}, arguments.training, row.phrases, row.pretrained)
    entry = SAMPLE_SETS[kind]
    total = arguments.train + arguments.val + arguments.test
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / kind
        write_dataset(kind, folder, count=total, seed=seed)
        split_into(folder, arguments)
        labels = [{"value": 1 if len(entry.labels) == 1 else item.value, "name": item.name} for item in entry.labels]
        names = [item.phrase for item in entry.labels]
        if row.phrases == "described":
            return measure(row, weights, folder, seed, DESCRIBED[kind], labels)
        if row.phrases == "unseen":
            words = UNSEEN if len(names) == 1 else [None]
            cells = [measure(row, weights, folder, seed, [word] if word else names, labels) for word in words]
            return {**cells[0], "dice": float(np.mean([one["dice"] for one in cells])),
                    "each": np.mean([one["each"] for one in cells], axis=0).round(4).tolist()}  # fmt: skip
        return measure(row, weights, folder, seed, names, labels)


def split_into(folder: Path, arguments: argparse.Namespace) -> None:
    """Moves the drawn pictures into train/, val/ and test/, whole patients together where names tell them."""
    order = [("train", arguments.train), ("val", arguments.val), ("test", arguments.test)]
    names = sorted(path.name for path in (folder / "images").iterdir())
    for split, count in order:
        here, names = names[:count], names[count:]
        for part in ("images", "masks"):
            (folder / part / split).mkdir()
            for name in here:
                (folder / part / name).rename(folder / part / split / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", default="starter", help="id of the base weights")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--seeds", default="1001,1002,1003")
    parser.add_argument("--train", type=int, default=80)
    parser.add_argument("--val", type=int, default=20)
    parser.add_argument("--test", type=int, default=60)
    parser.add_argument("--training", type=json.loads, default={}, help="JSON: other training settings, to choose them")
    parser.add_argument("--strategy", type=json.loads, default={}, help="JSON: other strategy settings")
    arguments = parser.parse_args()
    cells: dict[str, Any] = json.loads(arguments.out.read_text())["cells"] if arguments.out.exists() else {}
    weights = find_weights(arguments.weights)
    for kind in arguments.sets.split(","):
        for name in arguments.rows.split(","):
            if weights.model == "cris" and ROWS[name].strategy["name"] in NEED_IMAGE_SITES:
                continue
            for seed in (int(text) for text in arguments.seeds.split(",")):
                key = f"{kind}/{name}/{seed}"
                if key in cells:
                    continue
                cells[key] = cell(name, weights, kind, seed, arguments)
                found = cells[key]
                sys.stdout.write(f"{key}: {found['dice']:.3f} (val {found['validation']:.3f}), {found['seconds']} s\n")
                sys.stdout.flush()
                write_text(arguments.out, json.dumps(table(cells, weights.sha256, arguments), indent=1))


def table(cells: dict[str, Any], sha256: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything measured, with the mean and its 95 % bootstrap interval over the test images of all seeds."""
    summary = {}
    for key in dict.fromkeys(key.rpartition("/")[0] for key in cells):
        each = np.array(
            [value for name, found in cells.items() if name.startswith(f"{key}/") for value in found["each"]]
        )
        found = mean_interval(each, method="percentile")
        summary[key] = {"mean": float(each.mean()), "low": found.low, "high": found.high, "images": len(each)}
    sizes = {"train": arguments.train, "val": arguments.val, "test": arguments.test}
    titles = {name: row.title for name, row in ROWS.items()}
    return {"weights": sha256, "rows": titles, **sizes, "summary": summary, "cells": cells}


if __name__ == "__main__":
    main()
