"""Our folders must not hide installed packages: with an __init__.py, packaging/ would hide the one torch imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("folder", ["packaging", "resources", "tests"])
def test_folder_is_no_package(folder: str) -> None:
    # The parts of the bootstrap and everything below are plain folders too.
    assert [str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("__init__.py")] == []


def test_the_installed_packaging_wins_from_the_repository_root() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import packaging.version as v; print(v.__file__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ROOT / "packaging" not in Path(done.stdout.strip()).parents
