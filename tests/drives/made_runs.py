"""Runs on drawn (synthetic) pictures, made by the command line, for a drive of the Runs page to look at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.synthetic.sample_data import write_dataset
from tests.drives.hand import ROOT

RUNS = (
    # name, dataset, seed, strategy
    ("polyps vpt", "polyps", 1, "vpt"),
    ("polyps vpt again", "polyps", 2, "vpt"),
    ("polyps vpt third", "polyps", 3, "vpt"),
    ("polyps coop", "polyps", 1, "coop"),
    ("organs vpt", "organs", 1, "vpt"),
    ("organs coop", "organs", 1, "coop"),
)
DATA = {"polyps": ("polyps", 40, 0), "organs": ("abdomen-ct", 40, 0), "polyps-elsewhere": ("polyps", 14, 5)}
"""Folder → what is drawn, how many, by which seed."""


@dataclass(frozen=True)
class Made:
    """`runs`: the user's folder of runs. `foreign`: a pack that belongs to weights which nobody has here."""

    home: Path
    runs: Path
    elsewhere: Path
    foreign: Path

    def run(self, name: str) -> Path:
        return self.runs / name.replace(" ", "-")


def made_at(work: Path) -> Made:
    home = work / "home"
    return Made(home, home / "data" / "runs", work / "polyps-elsewhere", work / "foreign.tvprompt")


def copied(work: Path, ready: Path) -> Made:
    """What `make` left in `ready`, with a copy of the user's folders in `work`; data and packs stay where they are."""
    shutil.copytree(ready / "home", work / "home")
    mine, theirs = made_at(work), made_at(ready)
    return Made(mine.home, mine.runs, theirs.elsewhere, theirs.foreign)


def make(work: Path) -> Made:
    """Draws, tunes and packs below `work`; raises CalledProcessError where a command fails."""
    from tests.fakes.tiny_clipseg import write_tiny_clipseg  # torch: those who only look for tests need none

    made = made_at(work)
    made.runs.mkdir(parents=True)
    for folder, (kind, count, seed) in DATA.items():
        write_dataset(kind, work / folder, count, seed)
    for name, data, seed, strategy in RUNS:
        recipe = _recipe(work, name, data, seed, {"name": strategy}, "starter", epochs=4)
        command(made.home, "tune", str(recipe), "--out", str(made.run(name)))
    weights = write_tiny_clipseg(work / "weights-of-elsewhere")
    recipe = _recipe(work, "foreign", "polyps", 1, {"name": "coop", "prompt_depth": 1}, str(weights), epochs=1)
    command(made.home, "tune", str(recipe), "--out", str(work / "foreign"))
    command(made.home, "pack", str(work / "foreign"), "--out", str(made.foreign), "--as-is")
    return made


def _recipe(work: Path, name: str, data: str, seed: int, strategy: dict[str, Any], weights: str, epochs: int) -> Path:
    values = {
        "version": 1,
        "name": name,
        "seed": seed,
        "data": {"folder": str(work / data), "split": {"train": 0.5, "val": 0.2, "test": 0.3}},
        "model": {"name": "clipseg", "weights": weights},
        "strategy": strategy,
        "training": {"epochs": epochs, "batch_size": 8, "device": "cpu", "threads": 1},
    }
    path = work / f"{name.replace(' ', '-')}.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path


def command(home: Path, *words: str) -> list[dict[str, Any]]:
    """`tunevlseg` with these words; the events that it told. Raises CalledProcessError."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", *words, "--json"],
        cwd=ROOT,
        env={**os.environ, "TUNEVLSEG_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
