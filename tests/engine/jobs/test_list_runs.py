"""Runs are listed in parts, newest first; what is known and unchanged is not read again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled
from engine.contract.events import Event, RunsListed
from engine.contract.jobs import ListRuns
from engine.jobs import list_runs
from engine.runs.notes import Notes, write_notes
from tests.fakes.run_folders import write_run


def listed(root: Path, known: dict[str, int] | None = None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    heard: list[Event] = []
    result = list_runs.run(ListRuns(str(root), known or {}), heard.append, CancelToken(), "job")
    return result, [row for event in heard if isinstance(event, RunsListed) for row in event.rows]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for at, name in enumerate(("old", "middle", "new")):
        folder = write_run(tmp_path / name, "vpt", at, cases=2)
        os.utime(folder, (1e9 + at, 1e9 + at))
    (tmp_path / "no run").mkdir()
    (tmp_path / "a file").write_text("x")
    return tmp_path


def test_every_run_is_listed(root: Path) -> None:
    result, rows = listed(root)
    assert [Path(folder).name for folder in result["folders"]] == ["new", "middle", "old"]
    assert [Path(row["folder"]).name for row in rows] == ["new", "middle", "old"]
    assert (rows[0]["name"], rows[0]["state"], rows[0]["epochs"], rows[0]["model"]) == (
        "vpt-2",
        "finished",
        8,
        "starter",
    )
    assert len({row["same"] for row in rows}) == 1


def test_only_what_changed_is_read_again(root: Path) -> None:
    _, rows = listed(root)
    known = {row["folder"]: row["stamp"] for row in rows}
    assert listed(root, known)[1] == []
    write_notes(root / "old", Notes("look", star=True))
    result, again = listed(root, known)
    assert [(row["note"], row["star"]) for row in again] == [("look", True)]
    assert result["read"] == 1
    assert len(result["folders"]) == 3


def test_damaged_runs_cost_only_themselves(root: Path) -> None:
    (root / "new" / "recipe.yaml").write_text("{", encoding="utf-8")
    (root / "middle" / "metrics.csv").write_text("epoch\nx\n", encoding="utf-8")
    (root / "middle" / "result.json").write_text('{"test": [7]}', encoding="utf-8")
    (root / "old" / "model.vlseg").write_bytes(b"no bundle")
    rows = {Path(row["folder"]).name: row for row in listed(root)[1]}
    assert set(rows) == {"middle", "old"}
    assert (rows["middle"]["best"], rows["middle"]["test"]) == (None, None)
    assert rows["old"]["bundle"] == "damaged"


def test_nothing_is_listed_of_nothing(tmp_path: Path) -> None:
    assert listed(tmp_path / "gone") == ({"folders": [], "read": 0}, [])


def test_it_can_be_left(root: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list_runs.run(ListRuns(str(root)), lambda event: None, token, "job")
