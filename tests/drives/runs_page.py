"""The Runs page driven by an X server's mouse, or by its keyboard alone: runs compared, scored, explained, packed.

    xvfb-run -a -s "-screen 0 2800x1800x24" python -m tests.drives.runs_page --out FOLDER
        [--by mouse|keyboard] [--theme light|dark] [--scale 2] [--made FOLDER]

Runs are made by the command line first (`made_runs.py`). FOLDER receives pictures. `--made`: runs that are there
already, as `made_runs.make` left them; they are copied.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.drives import made_runs
from tests.drives.hand import Hand, StepFailed, missing
from tests.drives.runs_drive import Drive
from tests.drives.runs_pack_steps import packs
from tests.drives.runs_proof_steps import export, gain, phrase, the_same_by_its_command
from tests.drives.runs_score_steps import compare, compare_labels, evaluate, report
from tests.drives.runs_table_steps import notes_star_tags, order_filter_columns
from tests.drives.ways import WAYS

SIZE = (1280, 820)
SMALLEST = (900, 600)


def drive(here: Drive, theme: str, steps: Sequence[str]) -> None:
    """The whole road, or some of STEPS. Raises StepFailed at the first step that does not come to its end."""
    hand = here.hand
    hand.start()
    hand.resize(*SIZE)
    hand.choose_theme(theme)
    here.to_runs()
    here.until("The runs are listed", lambda: len(here.table()["rows"]) == len(made_runs.RUNS))
    hand.picture("runs")
    for name in steps:
        STEPS[name](here)
    hand.close()


def small_window(here: Drive) -> None:
    """Everything once more in the smallest window: nothing that cannot be read or reached."""
    hand, way = here.hand, here.way
    hand.resize(*SMALLEST)
    hand.picture("small-runs")
    _uncut(here, "runsPage")
    here.open("polyps coop")
    hand.picture("small-curves")
    for title in hand.ask("tabs", name="runTabs")["titles"]:
        way.tab("runTabs", title)
        hand.rest()
        hand.picture(f"small-{title.lower().replace(' ', '-')}")
        _uncut(here, "runDetail", title)
    here.back()
    way.rows("runTable", sorted([here.at("organs vpt"), here.at("organs coop")]))
    way.press("compareRuns")
    way.tab("compareTabs", "Curves and settings")
    here.until("Settings that differ are told", lambda: bool(here.table("compareSettings")["rows"]))
    hand.picture("small-compared")
    _uncut(here, "compareView")
    way.tab("compareTabs", "Cases")
    here.until("A verdict is given", lambda: here.shown("verdictNumbers") and bool(here.text("verdictNumbers")))
    hand.picture("small-cases")
    _uncut(here, "compareView")
    here.back("compareBack")
    hand.resize(*SIZE)


def _uncut(here: Drive, under: str, where: str = "") -> None:
    if cut := here.hand.ask("cut", under=under):
        raise StepFailed(f"{where or under}: texts are cut off: {cut}")


STEPS: dict[str, Callable[[Drive], None]] = {
    step.__name__: step
    for step in (
        order_filter_columns,
        notes_star_tags,
        compare,
        compare_labels,
        evaluate,
        report,
        phrase,
        gain,
        packs,
        export,
        the_same_by_its_command,
        small_window,
    )
}


def visit(
    out: Path,
    by: str,
    theme: str,
    scale: float,
    patience: float,
    ready: Path | None = None,
    steps: Sequence[str] = tuple(STEPS),
) -> list[Path]:
    """The pictures that were taken, in `out`, whose old ones go. Raises StepFailed and CalledProcessError."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("[0-9][0-9]-*.png"):
        old.unlink()
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    made = made_runs.make(work) if ready is None else made_runs.copied(work, ready)
    hand = Hand(made.home, out, scale, patience)
    try:
        drive(Drive(hand, WAYS[by](hand), made, work), theme, steps)
    finally:
        hand.close()
    return hand.taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="receives the pictures")
    parser.add_argument("--by", choices=list(WAYS), default="mouse")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--scale", type=float, default=1.0, help="of the screen: 2 for 200 %%")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds that one step may take")
    parser.add_argument("--made", type=Path, help="runs that are there already")
    parser.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS), metavar="STEP")
    given = parser.parse_args()
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    try:
        taken = visit(given.out.absolute(), given.by, given.theme, given.scale, given.patience, given.made, given.steps)
    except StepFailed as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except subprocess.CalledProcessError as problem:
        sys.stderr.write(f"{problem}\n{problem.stderr}\n")
        return 1
    sys.stdout.write(f"{len(taken)} pictures in {given.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
