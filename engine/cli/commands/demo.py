"""`tunevlseg demo --out DIR`: the whole road on bundled, drawn data."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import Demo


def add(commands: Commands) -> None:
    parser = commands.add(
        "demo", "The whole road on drawn (synthetic) data: tune, evaluate, export, segment a volume.", make, show
    )
    parser.add_argument("--out", required=True, metavar="DIR")


def make(given: argparse.Namespace) -> Demo:
    return Demo(given.out)


def show(result: dict[str, Any]) -> None:
    rows = [
        ["zero-shot (before)", result["dice_zero_shot"]],
        ["upsampler only (control)", result["dice_upsampler_only"]],
        [f"tuned ({result['strategy']})", result["dice_tuned"]],
    ]
    say(f"Dice on the images that show the target, of {result['test_images']} held out")
    say(f"{result['dataset']} (synthetic: drawn, not measured)")
    say(table(["", "Dice"], rows))
    say(f"\nbundle  {result['bundle']}\nmask    {result['mask']}\n{result['seconds']:.0f} s")
