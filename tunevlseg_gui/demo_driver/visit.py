"""One visit: the application, the window, the road, the report; says what happened and returns the exit code."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal

from engine.contract.errors import EngineError
from engine.contract.whole_file import told
from tunevlseg_gui.app import make_application
from tunevlseg_gui.demo_driver.hand import Hand, StepFailed
from tunevlseg_gui.demo_driver.report import leave
from tunevlseg_gui.demo_driver.road import drive
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.theme.look import look

DONE, FAILED, MENDABLE = 0, 1, 2
MASK = "liver-mask.nii.gz"
README_PICTURES = {"mask": "segment.png", "live-curves": "tuning.png"}


def visit(
    out: Path, size: tuple[int, int], theme: Literal["light", "dark"], patience: float, epochs: int | None
) -> int:
    try:
        _clear(out)
    except EngineError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return MENDABLE
    app = make_application(["tunevlseg-gui"])
    look().use(theme)
    window = MainWindow()
    window.resize(*size)
    window.show()
    hand = Hand(window, out, patience)
    try:
        window.begin([])
        driven = drive(window, hand, out / MASK, epochs)
        found = leave(driven, hand, out)
    except StepFailed as failure:
        sys.stderr.write(f"\nThe demo stopped. {failure.message}\n{failure.hint}\n")
        hand.picture("stopped")
        return FAILED
    except EngineError as error:
        sys.stderr.write(f"\nThe demo stopped. {error.message}\n{error.hint}\n")
        return FAILED
    finally:
        window.close()
        app.processEvents()
    dice = found["dice"]
    hand.say(
        f"Done. Dice {dice['validation_best']:.3f} on validation images, {dice['volume']} on the volume; "
        f"bundle {'verified' if found['parity_verified'] else 'NOT verified'}; {len(hand.taken)} pictures."
    )
    return DONE if found["parity_verified"] else FAILED


def keep_pictures(out: Path, folder: Path) -> None:
    """Copies the pictures that the README shows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, kept in README_PICTURES.items():
        (taken,) = out.glob(f"[0-9][0-9]-{name}.png")
        shutil.copyfile(taken, folder / kept)


def _clear(out: Path) -> None:
    """What an earlier visit left goes; samples and runs in its home stay. Raises InputError, DiskFull."""
    with told(out):
        out.mkdir(parents=True, exist_ok=True)
        for pattern in ("[0-9][0-9]-*.png", "demo.vlseg", "metrics.csv", "results.json", MASK):
            for old in out.glob(pattern):
                old.unlink()
