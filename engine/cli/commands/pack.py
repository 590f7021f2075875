"""`tunevlseg pack RUN --out NAME.tvprompt` and `tunevlseg import-pack NAME.tvprompt`: what was learned, as one file."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say
from engine.contract.jobs import ImportPack, Pack


def add(commands: Commands) -> None:
    parser = commands.add(
        "pack", "What a run learned as one small file, for the same base weights elsewhere.", make_pack, show_pack
    )
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--out", required=True, metavar="NAME.tvprompt")
    parser.add_argument("--overwrite", action="store_true", help="replace a pack that is there")
    parser.add_argument(
        "--as-is",
        action="store_true",
        help="do not calibrate the rule for not found on the run's images where no bundle of it has one",
    )
    parser = commands.add("import-pack", "A prompt pack as a run: score it, export it, go on from it.", make, show)
    parser.add_argument("path", metavar="NAME.tvprompt")
    parser.add_argument("--out", default="", metavar="DIR", help="the run folder (default: beside your other runs)")
    parser.add_argument(
        "--weights",
        default="",
        metavar="ID|FOLDER",
        help="its base weights (default: those installed that have the same sha256)",
    )


def make_pack(given: argparse.Namespace) -> Pack:
    return Pack(given.run, given.out, given.overwrite, not given.as_is)


def show_pack(result: dict[str, Any]) -> None:
    say(f"pack  {result['pack']}  ({result['kilobytes']:.1f} kB, {result['learned']:,} learned numbers)")
    say(result["presence"])


def make(given: argparse.Namespace) -> ImportPack:
    return ImportPack(given.path, given.out, given.weights)


def show(result: dict[str, Any]) -> None:
    say(f"run  {result['run']}  ({result['name']}, on {result['weights']})")
    say(f"\nNext: tunevlseg evaluate {result['run']} --data FOLDER, or")
    say(f"      tunevlseg export {result['run']} --out {result['run']}/model.vlseg")
