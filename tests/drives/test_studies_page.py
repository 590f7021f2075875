"""Searches, tournaments and label plans through the real window of an X server; see `studies_page.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drives.hand import ROOT, missing

pytestmark = [pytest.mark.xvfb, pytest.mark.slow, pytest.mark.timeout(2400)]


@pytest.mark.parametrize(("theme", "scale"), [("light", 1), ("dark", 2)])
@pytest.mark.parametrize(("parts", "pictures"), [("search", 11), ("plots", 18), ("tournament,labels", 18)])
def test_the_studies_page_by_mouse_and_keyboard(
    parts: str, pictures: int, theme: str, scale: int, tmp_path: Path
) -> None:
    if why := missing():
        pytest.skip(why)
    words = ["--out", str(tmp_path / "pictures"), "--theme", theme, "--scale", str(scale), "--only", parts]
    done = subprocess.run(
        # What is told is done within a second on a machine with nothing else to do, which a test machine need not be.
        [sys.executable, "-m", "tests.drives.studies_page", *words, "--slack", "10", "--patience", "300"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=2300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "pictures").glob("[0-9][0-9]-*.png"))) >= pictures
