"""A journal that is only read: what Optuna makes of it, but for heartbeats; and what is new since."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from engine.contract.errors import InputError
from engine.search import journal_reading
from engine.search.journal_reading import MOST_KEPT, read_journal
from engine.search.lease import LEASE
from engine.search.storage import JOURNAL, open_storage


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    journal_reading._kept.clear()


def begin(folder: Path) -> optuna.Study:
    folder.mkdir(exist_ok=True)
    return optuna.create_study(study_name="one", storage=open_storage("", folder))


def work(study: optuna.Study, trials: int, state: TrialState = TrialState.COMPLETE) -> None:
    """Trials as workers make them, with heartbeats."""
    for _ in range(trials):
        trial = study.ask()
        trial.set_user_attr(LEASE, {"worker": "a", "beat": 0})
        value = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
        trial.suggest_categorical("norm", [True, False])
        for step in range(3):
            trial.report(value + step, step)
            trial.set_user_attr(LEASE, {"worker": "a", "beat": step + 1})
        study.tell(trial, value if state is TrialState.COMPLETE else None, state)


def read(folder: Path) -> list[FrozenTrial]:
    return optuna.load_study(study_name="one", storage=open_storage("", folder, reading=True)).get_trials()


def told(trials: list[FrozenTrial]) -> list[dict[str, Any]]:
    rows = [{**vars(trial)} for trial in trials]
    for row in rows:
        row["_user_attrs"] = {key: value for key, value in row["_user_attrs"].items() if key != LEASE}
    return rows


def test_it_is_what_optuna_gives_now_and_later(tmp_path: Path) -> None:
    study = begin(tmp_path)
    work(study, 3)
    work(study, 1, TrialState.FAIL)
    study.enqueue_trial({"rate": 1e-2}, user_attrs={"repeats": 1})
    assert told(read(tmp_path)) == told(study.get_trials())
    assert all(LEASE in trial.user_attrs for trial in study.get_trials()[:4])
    assert not any(LEASE in trial.user_attrs for trial in read(tmp_path))
    kept = read_journal((tmp_path / JOURNAL).resolve())
    work(study, 2)
    study.set_user_attr("paused", True)
    assert told(read(tmp_path)) == told(study.get_trials())
    assert read_journal((tmp_path / JOURNAL).resolve()) is kept
    again = optuna.load_study(study_name="one", storage=open_storage("", tmp_path, reading=True))
    assert again.user_attrs == {"paused": True}


def test_what_is_half_written_comes_when_it_is_whole(tmp_path: Path) -> None:
    study = begin(tmp_path)
    work(study, 1)
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    work(study, 1)
    path.write_bytes(whole + path.read_bytes()[len(whole) : len(whole) + 40])
    assert len(read(tmp_path)) == 1
    assert path.stat().st_size == len(whole) + 40  # whoever only reads mends nothing


def test_a_journal_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    work(begin(tmp_path), 3)
    assert len(read(tmp_path)) == 3
    (tmp_path / "other").mkdir()
    work(begin(tmp_path / "other"), 1)
    os.replace(tmp_path / "other" / JOURNAL, tmp_path / JOURNAL)
    assert len(read(tmp_path)) == 1


def test_another_journal_in_the_same_file_is_read_anew(tmp_path: Path) -> None:
    """A backup that is copied over it, or a new study that gets the number of a deleted file, may be the longer one."""
    work(begin(tmp_path), 1)
    assert len(read(tmp_path)) == 1
    work(begin(tmp_path / "other"), 5)
    place = (tmp_path / JOURNAL).stat().st_ino
    (tmp_path / JOURNAL).write_bytes((tmp_path / "other" / JOURNAL).read_bytes())
    assert (tmp_path / JOURNAL).stat().st_ino == place
    assert len(read(tmp_path)) == 5


def test_a_damaged_line_is_told_each_time(tmp_path: Path) -> None:
    work(begin(tmp_path), 1)
    assert len(read(tmp_path)) == 1
    with (tmp_path / JOURNAL).open("a") as lines:
        lines.write('{"op_code": 8, \n' + json.dumps({"op_code": 11}) + "\n")
    for _ in range(2):
        with pytest.raises(InputError, match="damaged"):
            read(tmp_path)


def test_few_journals_are_kept(tmp_path: Path) -> None:
    for at in range(MOST_KEPT + 2):
        work(begin(tmp_path / str(at)), 1)
        read(tmp_path / str(at))
    assert len(journal_reading._kept) == MOST_KEPT
