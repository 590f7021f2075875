"""All that can be done with runs, in the real window, by an X server's mouse and by its keyboard alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drives.hand import ROOT, missing
from tests.drives.made_runs import Made, make

pytestmark = [pytest.mark.xvfb, pytest.mark.slow]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs made by the command line, once for all drives."""
    if why := missing():
        pytest.skip(why)
    work = tmp_path_factory.mktemp("runs")
    made: Made = make(work)
    assert made.foreign.is_file()
    return work


@pytest.mark.parametrize(
    ("by", "theme", "scale"),
    [("mouse", "light", 1), ("keyboard", "dark", 1), ("mouse", "dark", 2), ("keyboard", "light", 2)],
)
def test_runs_are_compared_scored_explained_packed_and_repeated(
    by: str, theme: str, scale: int, ready: Path, tmp_path: Path
) -> None:
    words = ["--out", str(tmp_path / "pictures"), "--by", by, "--theme", theme, "--scale", str(scale)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.drives.runs_page", *words, "--made", str(ready), "--patience", "600"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "pictures").glob("[0-9][0-9]-*.png"))) >= 30
