"""The whole way of a scan through the real window, by mouse and keyboard of an X server; see `segment_page.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drives.hand import ROOT, missing

pytestmark = [pytest.mark.xvfb, pytest.mark.slow]


@pytest.mark.parametrize(
    ("scan", "theme", "scale"),
    [("sample", "light", 1), ("nifti", "dark", 2), ("dicom", "light", 2), ("dicom-seg", "dark", 1)],
)
def test_a_scan_from_the_file_to_a_mask_and_past_a_kill(
    scan: str, theme: str, scale: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if why := missing():
        pytest.skip(why)
    if scan != "sample":
        request.getfixturevalue("shared_data")
    words = ["--out", str(tmp_path / "pictures"), "--scan", scan, "--theme", theme, "--scale", str(scale)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.drives.segment_page", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((tmp_path / "pictures").glob("[0-9][0-9]-*.png"))) >= 15
