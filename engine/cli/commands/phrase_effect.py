"""`tunevlseg phrase-effect RUN`: does the phrase matter to a tuned model, and which word of it?"""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import PhraseEffect


def add(commands: Commands) -> None:
    parser = commands.add(
        "phrase-effect",
        "Does the phrase matter? A run's masks for control phrases, word by word, and what its learned words lie near.",
        make,
        show,
    )
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--split", default="val", choices=["train", "val", "test"])
    parser.add_argument("--data", default="", metavar="FOLDER", help="other data than the run's own")
    parser.add_argument("--phrase", default="", metavar="TEXT", help="look at this phrase word by word, for each label")
    parser.add_argument("--images", type=int, default=48, metavar="N", help="images of the split at most")


def make(given: argparse.Namespace) -> PhraseEffect:
    return PhraseEffect(given.run, given.split, given.data, given.phrase, given.images)


def show(result: dict[str, Any]) -> None:
    say(f"Does the phrase matter?  {result['verdict']}")
    say(result["words"])
    say(f"({result['images']} images of {result['cases']} cases, split {result['split']}. {result['rule']})")
    for note in result["notes"]:
        say(note)
    columns = ["dice", "dice_other", "share", "agreement", "pairs"]
    heads = ["own Dice", "other Dice", "share lost", "masks agree", "pairs"]
    say()
    say(table(["said instead", *heads], [[row["kind"], *(row[name] for name in columns)] for row in result["kinds"]]))
    if len(result["labels"]) > 1:
        rows = [[row["label"], row["verdict"], *(row[name] for name in columns)] for row in result["labels"]]
        say()
        say(table(["label", "verdict", *heads], rows))
    for entry in result["word_effects"]:
        names = ["word", "mask_dropped", "dice_dropped", "mask_replaced", "dice_replaced"]
        say(f"\n{entry['label']}, on {entry['images']} images: what changes without a word, and with nonsense instead")
        rows = [[word[name] for name in names] for word in entry["words"]]
        say(table(["word", "mask without", "Dice", "mask with nonsense", "Dice"], rows))
    say(f"\n{result['nearest']['note']}")
    rows = [
        [
            vector["label"] or "all",
            vector["depth"],
            vector["position"],
            ", ".join(near[0] for near in vector["by_distance"][:3]),
            vector["by_distance"][0][2],
            vector["random_distance"],
            vector["by_cosine"][0][0],
            vector["by_cosine"][0][1],
            vector["random_cosine"],
        ]
        for vector in result["nearest"]["vectors"]
    ]
    if rows:
        heads = ["label", "layer", "vector", "nearest words", "distance", "random", "by cosine", "cosine", "random"]
        say(table(heads, rows))
    say(f"\nKept in {result['path']}")
