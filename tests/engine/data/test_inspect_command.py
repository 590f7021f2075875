"""`tunevlseg data inspect`: 0 when something is usable, 2 when nothing is, and what the user reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main


def test_something_usable(tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make.pairs(tmp_path / "polyps", 5)
    (tmp_path / "polyps/images/c1.png").write_bytes(b"")
    assert main(["data", "inspect", str(tmp_path / "polyps")]) == 0
    told = "".join(capsys.readouterr())
    assert "4 cases" in told
    assert "images/c1.png: The file is empty" in told
    assert "polyps" in told


def test_nothing_usable(tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make.pairs(tmp_path, 2, value=0)
    assert main(["data", "inspect", str(tmp_path)]) == 2
    told = "".join(capsys.readouterr())
    assert "masks are empty" in told
    assert "Traceback" not in told


def test_as_json(tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make.pairs(tmp_path, 4)
    assert main(["data", "inspect", str(tmp_path), "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "job_finished"
    assert last["result"]["layout"] == "folder_pairs"
    assert len(last["result"]["cases"]) == 4


def test_of_many_alike_the_first_few_are_listed(tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make.pairs(tmp_path / "set", 4)
    for number in range(40):
        make.save(tmp_path / f"set/images/lone{number:02}.png", make.picture(seed=100 + number))
    assert main(["data", "inspect", str(tmp_path / "set")]) == 0
    told = capsys.readouterr().out
    assert told.count("No mask belongs to this image") == 5
    assert "35 more of this kind" in told
    assert "41 problems" in told
