"""Folders that are named after what a person typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runs.folders import run_folder_for
from engine.runs.names import MOST_BYTES, folder_name
from engine.runs.studies import slug


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Polyps, VPT (2nd)", "polyps-vpt-2nd"),
        ("Größe", "größe"),
        ("息肉 分割", "息肉-分割"),
        ("Полипы", "полипы"),
        ("سليلة", "سليلة"),
        ("हिन्दी", "हिन्दी"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d*e?f", "a-b-c-d-e-f"),
        ("", "study"),
    ],
)
def test_letters_of_every_script_stay(name: str, wanted: str, tmp_path: Path) -> None:
    assert slug(name) == wanted
    (tmp_path / slug(name)).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [wanted]


def test_names_without_a_letter_share_no_folder() -> None:
    found = [slug(name) for name in ("🙂", "🙃", "?!")]
    assert len(set(found)) == 3
    assert all(name.startswith("study-") for name in found)
    assert slug("🙂") == found[0]
    assert slug("\udce9").startswith("study-")  # a byte of a command line that is no UTF-8


def test_a_long_name_fits_into_a_file_name() -> None:
    assert folder_name("a" * 500, "run") == "a" * 60
    long = folder_name("息" * 500, "run")
    assert len(long.encode()) <= MOST_BYTES
    assert set(long) == {"息"}


def test_runs_are_named_by_the_same_rule() -> None:
    assert run_folder_for("Полипы").name.startswith("полипы-")
    assert run_folder_for("").name.startswith("run-")
