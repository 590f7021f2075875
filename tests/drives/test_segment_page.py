"""The whole way of a scan through the real window, by mouse and keyboard of an X server; see `segment_page.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drives.hand import missing
from tests.drives.program import run_drive

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
    given = ["--scan", scan, "--theme", theme, "--scale", str(scale)]
    run_drive("segment_page", tmp_path / "pictures", *given, pictures=15, seconds=900)
