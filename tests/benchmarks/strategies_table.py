"""Every strategy and baseline on every shipped model, on drawn (synthetic) sample sets: the table of the README.

    python tests/benchmarks/strategies_table.py --out DIR [--only vpt,starter-cris/coop] [--seeds 1001,1002]

A cell is a run as a user makes it (`tunevlseg tune` with the model card's settings for the strategy and nothing else):
best epoch by validation Dice, then scores of the test images at their own size. Each seed draws its own images.
DIR keeps one JSON file a cell; cells measured before with the same weights and settings are kept, so that the table can
be made in parts and goes on after an interruption. `--table` prints what is there and measures nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from starter_strategies import ROWS, split_into  # noqa: E402

from engine.assemble import make_network  # noqa: E402
from engine.config.yaml_io import dump_yaml  # noqa: E402
from engine.contract.control import CancelToken  # noqa: E402
from engine.contract.errors import EngineError, IncompatiblePair, WeightsMissing  # noqa: E402
from engine.contract.jobs import Tune  # noqa: E402
from engine.contract.whole_file import write_text  # noqa: E402
from engine.jobs import tune  # noqa: E402
from engine.models.weights import Weights, find_weights  # noqa: E402
from engine.recipe import Recipe, make_recipe  # noqa: E402
from engine.runs import layout  # noqa: E402
from engine.runs.statistics import mean_interval  # noqa: E402
from engine.strategies import STRATEGIES  # noqa: E402
from engine.synthetic.sample_data import SAMPLE_SETS, write_dataset  # noqa: E402

SETS = ("polyps", "breast-ultrasound", "abdomen-ct")
TITLES = {name: row.title for name, row in ROWS.items()} | {"zero_shot": "zero-shot", "full_finetune": "everything"}
METRICS = {
    "dice": "Dice (an empty answer to an empty truth counts as 1)",
    "dice_positive": "Dice where the label is present",
    "iou": "IoU (an empty answer to an empty truth counts as 1)",
    "hd95": "HD95 in pixels (undefined where one of the masks is empty)",
    "nsd": "Surface Dice within 2 pixels",
}
Cell = dict[str, Any]


def recipe_values(
    weights: Weights, strategy: str, kind: str, folder: Path, seed: int, given: argparse.Namespace
) -> Any:
    """The recipe of a cell: names and data alone; everything else is the model card's and the defaults."""
    entry = SAMPLE_SETS[kind]
    labels = [
        {"value": 1 if len(entry.labels) == 1 else item.value, "name": item.name, "phrase": item.phrase}
        for item in entry.labels
    ]
    training: dict[str, Any] = {"device": given.device, "threads": given.threads, "previews": False}
    if given.epochs:
        training |= {"epochs": given.epochs, "min_epochs": given.epochs}
    return {
        "version": 1,
        "name": f"{kind}-{strategy}",
        "seed": seed,
        "data": {"folder": str(folder), "labels": labels},
        "model": {"name": weights.model, "weights": weights.id},
        "strategy": {"name": strategy},
        "training": training,
    }


def sameness(weights: Weights, recipe: Recipe, given: argparse.Namespace) -> dict[str, Any]:
    """What a cell's numbers depend on."""
    values = recipe.to_values()
    values["data"].pop("folder")
    for group, name in (("training", "threads"), ("training", "previews"), ("model", "weights")):
        values[group].pop(name, None)
    sizes = {split: getattr(given, split) for split in ("train", "val", "test")}
    return {"sha256": weights.sha256, "images": sizes, "recipe": values}


def drawn(kind: str, seed: int, given: argparse.Namespace) -> Path:
    """The images of a seed, drawn once for all strategies."""
    sizes = f"{given.train}-{given.val}-{given.test}"
    folder: Path = given.out.resolve() / "data" / f"{kind}-{seed}-{sizes}" / kind
    if not folder.exists():
        making = folder.parent.with_name(folder.parent.name + ".part") / kind
        write_dataset(kind, making, count=given.train + given.val + given.test, seed=seed)
        split_into(making, given)
        making.parent.rename(folder.parent)
    return folder


def measure(recipe: Recipe) -> Cell:
    """One run from its recipe to its scores; the run itself is not kept."""
    with tempfile.TemporaryDirectory() as place:
        path, run = Path(place) / "asked.yaml", Path(place) / "run"
        write_text(path, dump_yaml(recipe.to_values()))
        began = time.monotonic()
        result = tune.run(Tune(str(path), str(run)), lambda event: None, CancelToken(), "table")
        seconds = time.monotonic() - began
        learned = make_network(recipe).tuned.learned()
        with (run / layout.SCORES).open(newline="", encoding="utf-8") as lines:
            scores = list(csv.DictReader(lines))
        return {
            "parameters": sum(parameter.numel() for parameter in learned.values()),
            "seconds": round(seconds, 1),
            "bytes": (run / layout.BEST).stat().st_size if learned else 0,
            "validation": result["val_dice"],
            "best_epoch": result["best_epoch"],
            "epochs": result["epochs"],
            "test": result["test"],
            "each": scores,
        }


def cells_of(given: argparse.Namespace) -> Iterator[tuple[str, Weights, str, str, int]]:
    """(key, weights, strategy, set, seed) of every cell that was asked for."""
    for id in given.weights.split(","):
        try:
            weights = find_weights(id)
        except WeightsMissing as error:
            sys.stderr.write(f"{id}: {error}\n")
            continue
        for kind in given.sets.split(","):
            for seed in (int(text) for text in given.seeds.split(",")):
                for strategy in STRATEGIES.names():
                    key = f"{id}/{strategy}/{kind}"
                    if wanted(key, given.only):
                        yield f"{key}/{seed}", weights, strategy, kind, seed


def wanted(key: str, only: str) -> bool:
    """Whether WEIGHTS/STRATEGY/SET is asked for: a pattern is the whole key, the start of it, or one of its parts."""
    patterns = [pattern for pattern in only.split(",") if pattern]
    parts = key.split("/")
    return not patterns or any(
        fnmatch(key, pattern)
        or fnmatch(key, f"{pattern}/*")
        or fnmatch(key, f"*/{pattern}")
        or any(fnmatch(part, pattern) for part in parts)
        for pattern in patterns
    )


def collect(given: argparse.Namespace) -> tuple[dict[str, Cell], dict[str, str]]:
    """Measures what is missing (unless `--table`): the cells by their key, and why pairs were refused."""
    found: dict[str, Cell] = {}
    refused: dict[str, str] = {}
    for key, weights, strategy, kind, seed in cells_of(given):
        folder = given.out.resolve() if given.table else drawn(kind, seed, given)
        try:
            recipe = make_recipe(recipe_values(weights, strategy, kind, folder, seed, given))
        except IncompatiblePair as error:
            refused[f"{weights.id}/{strategy}"] = error.message
            continue
        path: Path = given.out / "cells" / f"{key.replace('/', '--')}.json"
        same = sameness(weights, recipe, given)
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        if kept is not None and (given.table or kept["same"] == same):
            found[key] = kept["cell"]
            continue
        if given.table:
            continue
        try:
            cell = measure(recipe)
        except EngineError as error:
            sys.stderr.write(f"{key}: {error}\n")
            continue
        write_text(path, json.dumps({"same": same, "cell": cell}, indent=1))
        found[key] = cell
        dice = cell["test"][-1]["dice"]
        sys.stderr.write(f"{key}: test Dice {dice:.3f}, validation {cell['validation']:.3f}, {cell['seconds']} s\n")
    return found, refused


def interval(cells: list[Cell], metric: str) -> str:
    """Mean and 95 % bootstrap interval over the test images of all seeds, an image's labels taken together."""
    name, _, kind = metric.partition("_")
    values = []
    for cell in cells:
        by_case: dict[str, list[float]] = {}
        for row in cell["each"]:
            if row[name] and (kind != "positive" or int(row["truth_pixels"])):
                by_case.setdefault(row["case"], []).append(float(row[name]))
        values += [float(np.mean(one)) for one in by_case.values()]
    if not values:
        return "–"
    found = mean_interval(values, method="percentile")
    digits = 1 if name == "hd95" else 2
    return f"{np.mean(values):.{digits}f} ({found.low:.{digits}f}–{found.high:.{digits}f})"


def table(found: dict[str, Cell], refused: dict[str, str], given: argparse.Namespace) -> str:
    """Markdown: a row a pair, a column a set."""
    sets = [kind for kind in given.sets.split(",") if any(key.split("/")[2] == kind for key in found)]
    lines = [
        f"| weights | strategy | learned numbers | {' | '.join(sets)} | seconds | file |",
        f"|---|---|--:|{'---|' * len(sets)}--:|--:|",
    ]
    order = [*TITLES, *STRATEGIES.names()]
    pairs = sorted(
        {tuple(key.split("/")[:2]) for key in found},
        key=lambda pair: (given.weights.split(",").index(pair[0]), pair[1] != "zero_shot", order.index(pair[1])),
    )
    for id, strategy in pairs:
        columns, mine = [], []
        for kind in sets:
            cells = [cell for key, cell in found.items() if key.startswith(f"{id}/{strategy}/{kind}/")]
            mine += cells
            columns.append(interval(cells, given.metric))
        counts = sorted({cell["parameters"] for cell in mine})
        size = max(cell["bytes"] for cell in mine)
        cost = [f"{np.mean([cell['seconds'] for cell in mine]):.0f}", _size(size)]
        learned = "–".join(f"{count:,}" for count in ([counts[0], counts[-1]] if len(counts) > 1 else counts))
        lines.append(f"| {' | '.join([id, TITLES.get(strategy, strategy), learned, *columns, *cost])} |")
    for pair, reason in refused.items():
        id, strategy = pair.split("/")
        lines.append(f"| {id} | {TITLES.get(strategy, strategy)} | {reason} |{' |' * (len(sets) + 2)}")
    seeds = len({key.split("/")[3] for key in found})
    sizes = f"{given.train} training, {given.val} validation and {given.test} test images"
    lines += [
        "",
        f"Drawn (synthetic) images. {METRICS[given.metric]} of the test images at their own size, threshold 0.5: mean "
        f"and 95 % bootstrap interval over the test images of {seeds} seed{'s' if seeds > 1 else ''} "
        f"({sizes} each). Seconds of a whole run on {given.threads} core, scoring included, mean over sets and seeds; "
        "file: what the run keeps of the tuned model."
        + (f" Stopped after {given.epochs} epochs: no result." if given.epochs else ""),
        "",
        "```",
        f"python {shlex.join(given.command)}",
        "```",
    ]
    return "\n".join(lines)


def _size(count: int) -> str:
    if not count:
        return "–"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", default="starter,starter-cris")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--only", default="", help="patterns of WEIGHTS, STRATEGY, SET or WEIGHTS/STRATEGY/SET")
    parser.add_argument("--seeds", default="1001,1002,1003")
    parser.add_argument("--epochs", type=int, default=0, help="0: as recommended")
    parser.add_argument("--train", type=int, default=80)
    parser.add_argument("--val", type=int, default=20)
    parser.add_argument("--test", type=int, default=60)
    parser.add_argument("--metric", default="dice", choices=list(METRICS))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print what is there; measure nothing")
    given = parser.parse_args()
    given.command = ["tests/benchmarks/strategies_table.py", *sys.argv[1:]]
    found, refused = collect(given)
    if not found:
        sys.stderr.write("Nothing was measured.\n")
        sys.exit(2)
    sys.stdout.write(table(found, refused, given) + "\n")


if __name__ == "__main__":
    main()
