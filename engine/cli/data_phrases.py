"""`tunevlseg data phrases`: wordings compared; `tunevlseg data look`: masks of the untuned model. Nothing is tuned."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.config.yaml_io import apply_overrides
from engine.contract.errors import InputError
from engine.contract.jobs import ComparePhrases, QuickLook

_SET_HELP = "a setting of data, as in a recipe: split.folds=5, plane=coronal (may be repeated)"


def add(group: Commands) -> None:
    compares = group.add("phrases", "Compares wordings on the validation images; nothing is tuned.", compare, compared)
    _common(compares)
    compares.add_argument(
        "--phrase",
        action="append",
        default=[],
        metavar="[LABEL=]TEXT",
        help="a wording to compare with the label's own (may be repeated); LABEL= where there are several labels",
    )
    compares.add_argument("--suggest", action="store_true", help="compare plain variants of each phrase too")
    looks = group.add("look", "Masks of the untuned model on a few validation images.", look, looked)
    _common(looks)
    looks.add_argument("--out", required=True, metavar="FOLDER", help="receives the pictures")
    looks.add_argument("--images", type=int, default=6, metavar="N")


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="PATH")
    parser.add_argument("--model", default="starter", metavar="WEIGHTS", help="installed id, folder or file")
    parser.add_argument("--seed", type=int, default=12345, help="of the splits")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=_SET_HELP)


def compare(given: argparse.Namespace) -> ComparePhrases:
    wordings: dict[str, list[str]] = {}
    for text in given.phrase:
        label, mark, said = text.partition("=")
        wordings.setdefault(label if mark else "", []).append(said if mark else text)
    if "" in wordings and len(wordings) > 1:
        raise InputError(
            "Some phrases name their label and some do not.", hint="Write LABEL=TEXT for each.", field="wordings"
        )
    return ComparePhrases(_data(given), given.model, wordings, given.suggest or not given.phrase, given.seed)


def look(given: argparse.Namespace) -> QuickLook:
    return QuickLook(_data(given), given.out, given.model, given.images, given.seed)


def _data(given: argparse.Namespace) -> dict[str, Any]:
    return {"folder": given.folder, **apply_overrides({}, given.set)}


def compared(result: dict[str, Any]) -> int:
    say(
        f"{result['images']} validation images, patients: {result['patients']}; intervals of 95 %, "
        "those of differences all together"
    )
    for label in result["labels"]:
        rows = [
            [row["text"], row["dice"], _span(row, "dice"), row["difference"], _span(row, "difference"), row["verdict"]]
            for row in label["wordings"]
        ]
        say(f"\n{label['label']}")
        say(table(["wording", "Dice", "interval", "to the first", "interval", "verdict"], rows))
        say(label["words"])
    say(f"\n{result['words']}")
    return 0


def looked(result: dict[str, Any]) -> int:
    names = list(result["dice"])
    rows = [[row["case"], row["slice"], *(row["dice"][name] for name in names), row["path"]] for row in result["rows"]]
    say(table(["case", "slice", *names, "picture"], rows))
    mean = "unknown" if result["mean"] is None else f"{result['mean']:.2f}"
    say(f"\nDice of these {len(rows)} images, before tuning: {mean}. The truth is outlined at the left.")
    return 0


def _span(row: dict[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if low is None else f"{low:.2f} to {high:.2f}"
