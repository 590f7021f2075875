"""`tunevlseg export RUN|MODEL --out BUNDLE`: ONNX bundles with their parity reports."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say
from engine.contract.jobs import Export


def add(commands: Commands) -> None:
    parser = commands.add("export", "Export a run or base model as an ONNX bundle, with its parity report.", make, show)
    parser.add_argument("source", metavar="RUN|MODEL")
    parser.add_argument("--out", required=True, metavar="BUNDLE", help="a folder, or NAME.vlseg")
    parser.add_argument(
        "--precision",
        default="fp32",
        metavar="fp32|fp16|int8",
        help="number format: fp32 runs everywhere; fp16 is half as large, for graphics cards (slow on a processor); "
        "int8 is smaller still and fast on processors, and runs there only. Several with commas: BUNDLE then gets the "
        "precision added to its name",
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="int8: measure ranges on the run's training images and round convolutions too (text stays as it is)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a bundle that is there")


def make(given: argparse.Namespace) -> Export:
    return Export(given.source, given.out, given.precision, given.overwrite, given.calibrate)


def show(result: dict[str, Any]) -> None:
    for bundle in result["bundles"]:
        say(f"bundle  {bundle['bundle']}  ({bundle['megabytes']:.1f} MB)")
        note = f" ({bundle['precision_note']})" if bundle["precision_note"] else ""
        say(f"format  {bundle['precision']}{note}")
        say(f"parity  {bundle['verdict']}")
        for report in bundle["parity_reports"]:
            compared = f"{report['images']} {report['source']} images, {report['provider']}"
            found = f"the tuned model finds something in {report['non_empty']} of {report['answers']} answers"
            say(
                f"        {compared}: Dice {report['dice']:.5f}, {found}; largest difference of a probability "
                f"{report['max_probability_difference']:.1e}, of a logit {report['max_logit_difference']:.1e}"
            )
