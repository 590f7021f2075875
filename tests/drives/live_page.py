"""A run watched, changed, forked, queued, killed and found again, by mouse and keys of an X server.

    xvfb-run -a -s "-screen 0 2800x1800x24" python -m tests.drives.live_page --out FOLDER
        [--theme light|dark] [--scale 2] [--by mouse|keys]

Short runs of a drawn (synthetic) set with two labels are tuned first. Then the window goes on from one of them by a
fork, and everything that a run on show offers is done with it: by the mouse (`live_mouse.py`), and by the keyboard
alone (`live_keys.py`). FOLDER receives pictures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.drives.hand import Hand
from tests.drives.live_keys import drive_by_keys
from tests.drives.live_mouse import drive_by_mouse
from tests.drives.live_steps import stop_all
from tests.drives.live_work import prepare
from tests.drives.program import exit_code, fresh_folders, options


def visit(out: Path, by: str, theme: str, scale: float, patience: float) -> list[Path]:
    """The pictures that were taken, in `out`, whose old ones go. Raises StepFailed."""
    home, folder = fresh_folders(out)
    hand = Hand(home, out, scale, patience)
    ways: dict[str, Callable[..., Any]] = {"mouse": drive_by_mouse, "keys": drive_by_keys}
    try:
        ways[by](hand, prepare(folder), theme, folder)
    finally:
        hand.close()
        stop_all()
    return hand.taken


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--by", choices=["mouse", "keys"], default="mouse")
    given = parser.parse_args()
    out: Path = given.out.absolute()
    return exit_code(out, lambda: visit(out, given.by, given.theme, given.scale, given.patience))


if __name__ == "__main__":
    sys.exit(main())
