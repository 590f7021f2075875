"""The whole wizard through the real window, by mouse and by the keyboard alone; see `tune_page.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drives.hand import missing
from tests.drives.program import run_drive

pytestmark = [pytest.mark.xvfb, pytest.mark.slow]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("by", "theme", "scale", "words"),
    [
        ("mouse", "light", 1, ""),
        ("mouse", "dark", 2, ""),
        ("keyboard", "dark", 1, ""),
        ("keyboard", "light", 2, ""),
        ("looking", "light", 1, "long"),
        ("looking", "dark", 1, "rtl"),
    ],
)
def test_from_the_data_to_a_run_that_ends(by: str, theme: str, scale: int, words: str, tmp_path: Path) -> None:
    if why := missing():
        pytest.skip(why)
    given = ["--by", by, "--theme", theme, "--scale", str(scale), "--words", words, "--patience", "300"]
    run_drive("tune_page", tmp_path / "pictures", *given, pictures=15, seconds=1700)
