"""The Studies page driven by mouse and keyboard of an X server: a search, its plots, a tournament, a label plan.

    xvfb-run -a -s "-screen 0 2800x1800x24" python -m tests.drives.studies_page --out FOLDER
        [--theme light|dark] [--scale 2] [--slack 1] [--only search,plots,tournament,labels] [--matrix FILE]

A search is begun and steered by the mouse and by the keyboard alone, each thing done within `--slack` seconds; a study
of 2,000 made-up trials is opened, brushed, moved and saved; a tournament is killed twice on the way, window and worker,
and ends with the table of one that was not; a label plan comes to its advice. FOLDER receives pictures. Networks are
tiny and images drawn (synthetic); `--matrix` plays another matrix, such as the preset `small.yaml`, compared with its
tables in `--against`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from engine.runs.layout import LOCK
from engine.runs.lock import holder
from engine.synthetic.sample_data import write_dataset
from tests.drives import study_plots, study_steps, tournament_steps
from tests.drives.hand import Hand, StepFailed, missing
from tests.fakes.processes import Command
from tests.fakes.tiny_clipseg import write_tiny_clipseg
from tests.fakes.written_study import write_study
from tunevlseg_gui.frame.page_list import PAGES

PARTS = ("search", "plots", "tournament", "labels")
TRIALS = 2000
BUDGET = {"min_epochs": 1, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False}


@dataclass
class Stage:
    """What a drive needs, in `work`; and what was measured."""

    work: Path
    home: Path
    theme: str
    slack: float
    parts: tuple[str, ...]
    matrix: Path | None = None
    against: Path | None = None
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> Path:
        return self.work / "tiny"

    @property
    def data(self) -> Path:
        return self.work / "polyps"

    def recipe(self, name: str, epochs: int) -> Path:
        path = self.work / f"{name}.yaml"
        values = {
            "version": 1,
            "name": name,
            "data": {"folder": str(self.data)},
            "model": {"weights": str(self.weights)},
            "strategy": {"name": "vpt", "prompt_depth": 2},
            "training": {**BUDGET, "epochs": epochs, "min_epochs": epochs},
        }
        path.write_text(yaml.safe_dump(values))
        return path

    def six_cells(self) -> Path:
        path = self.work / "six-cells.yaml"
        values = {
            "version": 1,
            "name": path.stem,
            "models": [str(self.weights)],
            "strategies": ["zero_shot", "coop", {"name": "vpt", "settings": {"prompt_depth": 2}}],
            "datasets": {"polyps": {"folder": str(self.data)}, "others": {"folder": str(self.work / "others")}},
            "training": {**BUDGET, "epochs": 8, "min_epochs": 8},
        }
        path.write_text(yaml.safe_dump(values))
        return path


def prepare(stage: Stage) -> None:
    write_tiny_clipseg(stage.weights)
    write_dataset("polyps", stage.data, count=24)
    write_dataset("breast-ultrasound", stage.work / "others", count=24)
    if "plots" in stage.parts:
        studies = stage.home / "data" / "studies"
        write_study(studies / "large", str(stage.weights), TRIALS, beats=30)
        write_study(studies / "front", str(stage.weights), 60, objectives=("val_dice", "seconds"))


def come(hand: Hand) -> None:
    """To the Studies page."""
    hand.keys(f"ctrl+{[name for name, *_ in PAGES].index('experiments')}")
    hand.wait("The Studies page comes", lambda: bool((hand.ask("study") or {}).get("page")))


def drive(hand: Hand, stage: Stage) -> None:
    """The whole road. Raises StepFailed at the first step that does not come to its end."""
    hand.start()
    hand.choose_theme(stage.theme)
    come(hand)
    hand.picture("studies")
    if "search" in stage.parts:
        study_steps.begin(hand, stage.recipe("polyps", 60), 40)
        ledger = study_steps.Ledger(hand, stage.slack)
        study_steps.steer_by_mouse(hand, ledger)
        study_steps.steer_by_keyboard(hand, ledger)
        stage.measured["heard_s"] = [round(one, 2) for one in ledger.seconds]
        study_steps.end(hand)
    if "plots" in stage.parts:
        stage.measured["opened_s"] = study_plots.open_study(hand, "large", TRIALS)
        study_plots.look_at_all(hand, "large")
        study_plots.brush(hand, stage.work)
        stage.measured["moved_ms"] = study_plots.pan(hand)
        study_plots.open_study(hand, "front", 60)
        study_plots.front(hand)
        study_plots.open_study(hand, "large", TRIALS)
        study_plots.small_window(hand)
        hand.resize(1280, 860)
    if "tournament" in stage.parts:
        _tournament(hand, stage)
    if "labels" in stage.parts:
        tournament_steps.plan_labels(hand, stage.recipe("budget", 6), "1, 2, 4")
    hand.close()


def _tournament(hand: Hand, stage: Stage) -> None:
    matrix = stage.matrix or stage.six_cells()
    whole = stage.against or stage.work / "whole"
    if stage.against is None:
        Command(stage.work / "command", "benchmark", str(matrix), "--out", str(whole)).ended()
    folder = tournament_steps.begin(hand, matrix)
    for done in (1, 3):
        tournament_steps.kill_both(hand, folder, done)
    tournament_steps.finish(hand)
    tournament_steps.compare(folder, whole)


def visit(out: Path, stage: Stage, scale: float, patience: float) -> list[Path]:
    """The pictures that were taken, in `out`, whose old ones go. Raises StepFailed."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("[0-9][0-9]-*.png"):
        old.unlink()
    for folder in (stage.home, stage.work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    os.environ["TUNEVLSEG_HOME"] = str(stage.home)
    prepare(stage)
    hand = Hand(stage.home, out, scale, patience)
    try:
        drive(hand, stage)
    finally:
        hand.close()
        end_workers(stage.home)
    return hand.taken


def end_workers(home: Path) -> None:
    """They outlive their window, and would write into the folders of the next drive."""
    for lock in (home / "data").rglob(LOCK):
        there = holder(lock.parent)
        if there is not None and there.alive:
            os.kill(there.pid, signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="receives the pictures")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--scale", type=float, default=1.0, help="of the screen: 2 for 200 %%")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds that one step may take")
    parser.add_argument("--slack", type=float, default=1.0, help="how many seconds steering may take: busy machines")
    parser.add_argument("--only", default=",".join(PARTS), help="parts of the way, by commas")
    parser.add_argument("--matrix", type=Path, help="another matrix than six tiny cells")
    parser.add_argument("--against", type=Path, help="the folder of the same matrix, played without a break")
    given = parser.parse_args()
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    out, parts = given.out.absolute(), tuple(given.only.split(","))
    stage = Stage(out / "work", out / "home", given.theme, given.slack, parts, given.matrix, given.against)
    try:
        taken = visit(out, stage, given.scale, given.patience)
    except StepFailed as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{len(taken)} pictures in {out}\n{stage.measured}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
