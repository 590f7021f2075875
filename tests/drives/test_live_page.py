"""A run from its fork to its end through the real window, by mouse and by keys of an X server; see `live_page.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drives.hand import missing
from tests.drives.program import run_drive

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
    given = ["--by", by, "--theme", theme, "--scale", str(scale)]
    run_drive("live_page", tmp_path / "pictures", *given, pictures=pictures, seconds=880)
