"""`tunevlseg steer FOLDER`: tells a study something, whether or not a worker runs."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.cli.declare import Commands
from engine.cli.pairs import pair
from engine.cli.show import say
from engine.contract import wire
from engine.contract.commands import Ban, Command, Enqueue, Freeze, Narrow, Pause, Resume, StopTrial
from engine.contract.jobs import SteerStudy


def add(commands: Commands) -> None:
    parser = commands.add("steer", "Tell a study what to try, to leave out or to stop; it may be running.", make, show)
    parser.add_argument("folder", metavar="FOLDER", help="the study's folder")
    parser.add_argument("--storage", default="", metavar="URL", help="its database, where it has one with a password")
    parser.add_argument("--study", default="", metavar="NAME", help="its name in that database")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--enqueue", nargs="+", metavar="KEY=VALUE", help="try this point next: training.learning_rate=0.001"
    )
    what.add_argument("--freeze", metavar="KEY=VALUE", help="propose only this value from now on")
    what.add_argument("--narrow", metavar="KEY=[LOW,HIGH]", help="propose only these values from now on")
    what.add_argument("--free", metavar="KEY", help="any value again, where it was frozen")
    what.add_argument("--widen", metavar="KEY", help="any value again, where it was narrowed")
    what.add_argument("--ban", nargs="+", metavar="KEY=[LOW,HIGH]", help="propose nothing in this region")
    what.add_argument("--lift", nargs="+", metavar="KEY=[LOW,HIGH]", help="lift that ban")
    what.add_argument("--stop", type=int, metavar="N", help="end trial N, or take it back where it still waits")
    what.add_argument("--pause", action="store_true", help="begin no further trial")
    what.add_argument("--resume", action="store_true", help="go on")


def make(given: argparse.Namespace) -> SteerStudy:
    command = json.loads(wire.command_to_line(_command(given)))
    del command["job_id"]
    return SteerStudy(given.folder, command, given.storage, given.study)


def _command(given: argparse.Namespace) -> Command:
    if given.enqueue:
        return Enqueue(dict(pair(text, "--enqueue") for text in given.enqueue))
    if given.freeze:
        return Freeze(*pair(given.freeze, "--freeze"))
    if given.narrow:
        return Narrow(*pair(given.narrow, "--narrow"))
    if given.ban or given.lift:
        return Ban(dict(pair(text, "--ban") for text in given.ban or given.lift), lift=bool(given.lift))
    if given.stop is not None:
        return StopTrial(given.stop)
    if given.free:
        return Freeze(given.free)
    if given.widen:
        return Narrow(given.widen)
    return Pause() if given.pause else Resume()


def show(result: dict[str, Any]) -> None:
    say(result["said"])
