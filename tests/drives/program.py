"""What the drives have in common as programs: fresh folders, options, how they end, and how a test runs one."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.drives.hand import ROOT, StepFailed, missing


def fresh_folders(out: Path) -> tuple[Path, Path]:
    """The home of the program and a place to work in, both empty, in `out`, whose old pictures go."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("[0-9][0-9]*-*.png"):
        old.unlink()
    home, work = out / "home", out / "work"
    for folder in (home, work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    os.environ["TUNEVLSEG_HOME"] = str(home)
    return home, work


def options(about: str | None) -> argparse.ArgumentParser:
    """A parser with what every drive can be told."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="receives the pictures")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--scale", type=float, default=1.0, help="of the screen: 2 for 200 %%")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds that one step may take")
    return parser


def exit_code(out: Path, visit: Callable[[], list[Path]]) -> int:
    """Of a drive: 0 done, 1 a step failed, 2 something that it needs is missing."""
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    try:
        taken = visit()
    except (StepFailed, FileNotFoundError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{len(taken)} pictures in {out}\n")
    return 0


def run_drive(name: str, out: Path, *words: str, pictures: int, seconds: float) -> None:
    """For a test: the drive ends well within `seconds`, and has taken at least so many pictures."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.drives.{name}", "--out", str(out), *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(out.glob("[0-9][0-9]*-*.png"))) >= pictures
