"""A run watched, changed, forked, queued, killed and found again, by mouse and keys of an X server.

    xvfb-run -a -s "-screen 0 2800x1800x24" python -m tests.drives.live_page --out FOLDER
        [--theme light|dark] [--scale 2] [--by mouse|keys]

Short runs of a drawn (synthetic) set with two labels are tuned first. Then the window goes on from one of them by a
fork, and everything that a run on show offers is done with it: by the mouse (`live_mouse.py`), and by the keyboard
alone (`live_keys.py`). FOLDER receives pictures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.drives.hand import Hand, StepFailed, missing
from tests.drives.live_keys import drive_by_keys
from tests.drives.live_mouse import drive_by_mouse
from tests.drives.live_steps import stop_all
from tests.drives.live_work import prepare


def visit(out: Path, by: str, theme: str, scale: float, patience: float) -> list[Path]:
    """The pictures that were taken, in `out`, whose old ones go. Raises StepFailed."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("[0-9][0-9]-*.png"):
        old.unlink()
    home, folder = out / "home", out / "work"
    for place in (home, folder):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    os.environ["TUNEVLSEG_HOME"] = str(home)
    hand = Hand(home, out, scale, patience)
    ways: dict[str, Callable[..., Any]] = {"mouse": drive_by_mouse, "keys": drive_by_keys}
    try:
        ways[by](hand, prepare(folder), theme, folder)
    finally:
        hand.close()
        stop_all()
    return hand.taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="receives the pictures")
    parser.add_argument("--by", choices=["mouse", "keys"], default="mouse")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--scale", type=float, default=1.0, help="of the screen: 2 for 200 %%")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds that one step may take")
    given = parser.parse_args()
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    try:
        taken = visit(given.out.absolute(), given.by, given.theme, given.scale, given.patience)
    except StepFailed as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{len(taken)} pictures in {given.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
