"""`tunevlseg export RUN|MODEL --out BUNDLE`: an ONNX bundle with its parity report."""

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
    parser.add_argument("--precision", default="fp32", choices=["fp32", "fp16", "int8"])
    parser.add_argument("--overwrite", action="store_true", help="replace a bundle that is there")


def make(given: argparse.Namespace) -> Export:
    return Export(given.source, given.out, given.precision, given.overwrite)


def show(result: dict[str, Any]) -> None:
    parity = result["parity"]
    verdict = "verified" if parity["verified"] else "NOT VERIFIED"
    say(f"bundle  {result['bundle']}  ({result['megabytes']:.1f} MB)")
    say(
        f"parity  {verdict}: Dice {parity['dice']:.5f} against torch on {parity['images']} images, "
        f"largest probability difference {parity['max_probability_difference']:.1e}, on {parity['provider']}"
    )
