"""A run from its fork to its end through the real window, by mouse and by keys of an X server; see `live_page.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drives.hand import ROOT, missing

pytestmark = [pytest.mark.xvfb, pytest.mark.slow]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("by", "theme", "scale", "pictures"),
    [("mouse", "light", 1, 20), ("mouse", "dark", 2, 20), ("keys", "dark", 1, 4), ("keys", "light", 2, 4)],
)
def test_a_run_is_watched_changed_forked_queued_killed_and_found(
    by: str, theme: str, scale: int, pictures: int, tmp_path: Path
) -> None:
    if why := missing():
        pytest.skip(why)
    words = ["--out", str(tmp_path / "pictures"), "--by", by, "--theme", theme, "--scale", str(scale)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.drives.live_page", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=880,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "pictures").glob("[0-9][0-9]-*.png"))) >= pictures
