"""`tunevlseg models list | import PATH`: base weights."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.jobs import ImportModel, ListModels


def add(commands: Commands) -> None:
    group = commands.group("models", "Base weights: list them, or import a folder or file.")
    group.add("list", "Installed base weights.", lambda given: ListModels(), show_list)
    parser = group.add("import", "Copy base weights into your model folder.", make_import, show_import)
    parser.add_argument("path", metavar="PATH", help="a checkpoint folder, or a CRIS checkpoint (.pth, .safetensors)")
    parser.add_argument("--name", default="", help="the id to give it (default: the folder's name)")
    parser.add_argument("--tokenizer", default="", metavar="FOLDER", help="take CLIP's tokenizer from this folder")


def make_import(given: argparse.Namespace) -> ImportModel:
    return ImportModel(given.path, given.name, given.tokenizer)


def show_list(result: dict[str, Any]) -> None:
    rows = [[row["id"], row["model"], row["licence"], row["sha256"][:12], row["notice"]] for row in result["models"]]
    say(table(["id", "model", "licence", "sha256", "note"], rows))


def show_import(result: dict[str, Any]) -> None:
    name, model = result["id"], result["model"]
    say(f"imported {name} ({model}); use it with  model: {{name: {model}, weights: {name}}}")
