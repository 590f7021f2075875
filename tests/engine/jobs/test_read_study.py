"""A study as the window reads it: rows, what settings do, and what was told to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from engine.contract.control import CancelToken
from engine.contract.errors import InputError
from engine.contract.jobs import ReadStudy, SteerStudy
from engine.jobs import read_study, steer_study
from engine.recipe import read_recipe
from engine.search.config import SearchConfig
from engine.search.sampler import distribution
from engine.search.study import OpenStudy, begin_study


@pytest.fixture
def study(tiny_weights: Path, tmp_path: Path) -> OpenStudy:
    path = tmp_path / "recipe.yaml"
    values = {
        "version": 1,
        "name": "polyps",
        "data": {"folder": str(tmp_path)},
        "model": {"weights": str(tiny_weights)},
        "strategy": {"name": "vpt", "prompt_depth": 2},
    }
    path.write_text(yaml.safe_dump(values))
    return begin_study(read_recipe(path), SearchConfig(trials=30, space="published"), tmp_path / "study")


def add(found: OpenStudy, rate: float, dice: float) -> None:
    params = {"training.learning_rate": rate, "training.weight_decay": 1e-4, "strategy.prompt_depth": 1}
    kinds = {path: distribution(found.by_path[path]) for path in params}
    found.study.add_trial(optuna.create_trial(params=params, distributions=kinds, value=dice))


def read(found: OpenStudy, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    told = read_study.run(ReadStudy(str(found.folder), str(tmp_path / "out")), lambda _: None, CancelToken(), "job")
    return told, json.loads(Path(told["path"]).read_text())


def steer(found: OpenStudy, **command: Any) -> str:
    job = SteerStudy(str(found.folder), command)
    return str(steer_study.run(job, lambda _: None, CancelToken(), "job")["said"])


def test_rows_come_with_the_best_so_far_and_what_settings_do(study: OpenStudy, tmp_path: Path) -> None:
    for at in range(20):
        add(study, 1e-5 * 1.3**at, 0.5 + at / 100 if at != 10 else 0.9)
    told, values = read(study, tmp_path)
    assert told["trials"] == 20
    assert told["best"] == 10
    assert values["best_so_far"][-1] == pytest.approx(0.9)
    known = {row["path"]: row for row in values["correlations"]}
    assert known["training.learning_rate"]["shown"] == "positive"
    assert 0 < known["training.learning_rate"]["low"] < known["training.learning_rate"]["rho"] <= 1
    assert known["strategy.prompt_depth"]["rho"] is None  # it never varied
    assert values["importances"]["training.learning_rate"] == pytest.approx(1.0)


def test_what_was_told_is_seen_and_can_be_taken_back(study: OpenStudy, tmp_path: Path) -> None:
    rate = "training.learning_rate"
    assert "Put in line" in steer(study, command="enqueue", params={rate: 1e-3})
    steer(study, command="freeze", key="strategy.prompt_depth", value=1)
    steer(study, command="ban", region={rate: [1e-3, 2e-3]})
    steer(study, command="pause")
    told, values = read(study, tmp_path)
    rules = told["rules"]
    assert (rules["frozen"], rules["paused"]) == ({"strategy.prompt_depth": 1}, True)
    assert rules["banned"] == [{rate: [1e-3, 2e-3]}]
    assert [(row["state"], row["params"]) for row in values["trials"]] == [("waiting", {rate: 1e-3})]

    assert steer(study, command="stop_trial", number=0) == "Trial 0 is taken back."
    steer(study, command="freeze", key="strategy.prompt_depth", value=None)
    steer(study, command="ban", region={rate: [1e-3, 2e-3]}, lift=True)
    steer(study, command="resume")
    told, values = read(study, tmp_path)
    assert told["rules"] == {"frozen": {}, "narrowed": {}, "banned": [], "paused": False}
    assert values["trials"] == []
    with pytest.raises(InputError, match="Trial 0 does not run"):
        steer(study, command="stop_trial", number=0)


def test_reading_a_study_needs_no_torch(study: OpenStudy) -> None:
    """It is read whenever it is shown; torch would take longer to load than everything else."""
    import subprocess
    import sys

    words = (
        "import sys; from engine.jobs.read_study import run; from engine.contract.jobs import ReadStudy;"
        "from engine.contract.control import CancelToken;"
        f"run(ReadStudy({str(study.folder)!r}, {str(study.folder)!r}), print, CancelToken(), 'j');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
