"""`tunevlseg models list | import PATH | fetch ID`: base weights."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import FetchModel, ImportModel, ListModels


def add(commands: Commands) -> None:
    group = commands.group("models", "Base weights: list them, import a folder, file or zip, or fetch known ones.")
    group.add("list", "Installed base weights.", lambda given: ListModels(), show_list)
    parser = group.add("import", "Copy base weights into your model folder.", make_import, show_import)
    parser.add_argument(
        "path", metavar="PATH", help="a checkpoint folder, zipped or not, or a CRIS checkpoint (.pth, .safetensors)"
    )
    parser.add_argument("--name", default="", help="the id to give it (default: the folder's name)")
    parser.add_argument("--tokenizer", default="", metavar="FOLDER", help="take CLIP's tokenizer from this folder")
    parser = group.add("fetch", "Get known base weights from the hub, over the network.", make_fetch, show_import)
    parser.add_argument("id", metavar="ID", help="as `models list` shows it: CIDAS/clipseg-rd64-refined")
    parser.add_argument("--proxy", default="", metavar="URL", help="http://host:port, or none (default: the system's)")
    parser.add_argument("--ca", default="", metavar="FILE", help="PEM file with your network's own authority")
    parser.add_argument("--mirror", default="", metavar="URL", help="another hub than the public one")
    parser.add_argument("--discard", action="store_true", help="throw away what an earlier call fetched")


def make_fetch(given: argparse.Namespace) -> FetchModel:
    return FetchModel(given.id, given.proxy, given.ca, given.mirror, given.discard)


def make_import(given: argparse.Namespace) -> ImportModel:
    return ImportModel(given.path, given.name, given.tokenizer)


def show_list(result: dict[str, Any]) -> None:
    rows = [[row["id"], row["model"], row["licence"], row["sha256"][:12], row["notice"]] for row in result["models"]]
    say(table(["id", "model", "licence", "sha256", "note"], rows))
    others = [
        [row["id"], row["licence"], _size(row), "fetch" if row["fetch"] else row["page"]]
        for row in result.get("known") or []
        if not row["installed"]
    ]
    if others:
        say()
        say(table(["not installed", "licence", "MB", "how to get it"], others))


def _size(row: dict[str, Any]) -> str:
    here = row.get("megabytes_here") or 0
    size = f"{row['megabytes']:.0f}" if row.get("megabytes") else "-"
    return f"{size} ({here:g} are here)" if here else size


def show_import(result: dict[str, Any]) -> None:
    name, model = result["id"], result["model"]
    if not model:
        say(f"what was fetched of {name} is gone")
        return
    say(f"installed {name} ({model}); use it with  model: {{name: {model}, weights: {name}}}")
