"""All that can be done with runs, in the real window, by an X server's mouse and by its keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drives.hand import missing
from tests.drives.made_runs import Made, make
from tests.drives.program import run_drive

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
    given = ["--by", by, "--theme", theme, "--scale", str(scale), "--made", str(ready), "--patience", "600"]
    run_drive("runs_page", tmp_path / "pictures", *given, pictures=30, seconds=3600)
