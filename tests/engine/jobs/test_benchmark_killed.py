"""A tournament by a real process that is killed twice ends with the table of one that was not."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from engine.contract.events import CellEnded, EpochEnded
from engine.synthetic.sample_data import write_dataset
from tests.fakes.processes import Command, heard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="") as lines:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(lines)]


def test_killed_twice_or_never_it_ends_with_the_same_table(tiny_weights: Path, tmp_path: Path) -> None:
    write_dataset("polyps", tmp_path / "polyps", count=14)
    values = {
        "version": 1,
        "name": "small",
        "models": [str(tiny_weights)],
        "strategies": ["zero_shot", {"name": "vpt", "settings": {"prompt_depth": 2}}, "coop"],
        "datasets": {"polyps": {"folder": str(tmp_path / "polyps")}},
        "search": {"trials": 3, "startup_trials": 2},
        "training": {
            "epochs": 2, "min_epochs": 2, "batch_size": 4, "device": "cpu", "threads": 1, "previews": False,
        },
    }  # fmt: skip
    (tmp_path / "matrix.yaml").write_text(yaml.safe_dump(values))
    with ExitStack() as running:

        def play(name: str, run: int = 0) -> Command:
            asked = ["benchmark", str(tmp_path / "matrix.yaml"), "--out", str(tmp_path / name)]
            found = Command(tmp_path / f"{name}-{run}", *asked)
            running.callback(found.kill)
            return found

        play("whole").ended()
        first = play("broken", 0)
        first.until(heard(first, CellEnded, 1))
        first.until(heard(first, EpochEnded, 3))  # within the second cell's search
        first.kill()
        second = play("broken", 1)
        second.until(heard(second, CellEnded, 1))
        second.until(heard(second, EpochEnded, 5))
        second.kill()
        play("broken", 2).ended()
    assert rows(tmp_path / "broken") == rows(tmp_path / "whole")
    assert len(rows(tmp_path / "whole")) == 3
