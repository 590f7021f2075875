"""A study for tests and benchmarks: finished trials, written straight into its journal or its database."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import sqlalchemy as sa
from optuna.distributions import distribution_to_json
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState, create_trial

from engine.recipe import make_recipe
from engine.search.config import SearchConfig
from engine.search.lease import LEASE
from engine.search.sampler import distribution
from engine.search.space import Parameter
from engine.search.storage import JOURNAL
from engine.search.study import OpenStudy, begin_study, open_study

BEGAN = datetime(2026, 1, 1, 12)


def write_study(
    folder: Path,
    weights: str,
    trials: int,
    *,
    objectives: tuple[str, ...] = ("val_dice",),
    strategy: str = "cocoop",
    storage: str = "",
    beats: int = 0,
) -> OpenStudy:
    """Random points; Dice is highest near a rate of 1e-3 and knows nothing of the others. `beats`: heartbeats of each
    trial in the journal."""
    recipe = make_recipe(
        {
            "version": 1,
            "name": folder.name,
            "data": {"folder": str(folder)},
            "model": {"weights": weights},
            "strategy": {"name": strategy, "prompt_depth": 1},
        }
    )
    config = SearchConfig(trials=trials + 5, space="published", objectives=objectives)  # type: ignore[arg-type]
    found = begin_study(recipe, config, folder, storage=storage)
    random = np.random.default_rng(0)
    kinds = {parameter.path: distribution(parameter) for parameter in found.space}
    made = []
    for at in range(trials):
        params = {parameter.path: _drawn(parameter, random) for parameter in found.space}
        dice = 0.8 - 0.05 * abs(math.log10(params["training.learning_rate"]) + 3) + random.normal(0, 0.02)
        if "seconds" in objectives:
            dice += 0.02 * (at % 7)  # who takes longer is better: there is a front
        known = {"val_dice": dice, "seconds": 10.0 + at % 7, "last_val_loss": 1 - dice, "learned": 1000.0}
        trial = create_trial(
            state=TrialState.COMPLETE,
            params=params,
            distributions=kinds,
            values=[known[name] for name in objectives],
            intermediate_values={epoch: dice - 0.1 / (epoch + 1) for epoch in range(8)},
            user_attrs={"run": f"{at:04d}", "seconds": 10.0, "epochs": 8, "val_dice": dice},
        )
        trial.datetime_start = BEGAN + timedelta(seconds=10 * at)
        trial.datetime_complete = BEGAN + timedelta(seconds=10 * at + 9)
        made.append(trial)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if storage:
        _into_database(storage, made)
    else:
        _into_journal(folder / JOURNAL, made, beats)
    return open_study(folder)


def _into_journal(path: Path, trials: Sequence[FrozenTrial], beats: int) -> None:
    """The lines of a worker that took one after the other."""
    lines: list[dict[str, Any]] = []

    def line(code: int, **more: Any) -> None:
        lines.append({"op_code": code, "worker_id": "w", **more})

    for number, trial in enumerate(trials):
        line(4, study_id=0, datetime_start=_utc(trial.datetime_start).isoformat())
        for name, value in trial.params.items():
            kind = trial.distributions[name]
            internal = kind.to_internal_repr(value)
            line(5, trial_id=number, param_name=name, param_value_internal=internal, distribution=_as_json(kind))
        for beat in range(beats):
            lease = {"worker": "0" * 12, "machine": "0" * 12, "pid": 4321, "started": 1.7e9, "beat": beat}
            line(8, trial_id=number, user_attr={LEASE: lease})
        for step, value in trial.intermediate_values.items():
            line(7, trial_id=number, step=step, intermediate_value=value)
        for key, value in trial.user_attrs.items():
            line(8, trial_id=number, user_attr={key: value})
        ended = _utc(trial.datetime_complete).isoformat()
        line(6, trial_id=number, state=1, values=trial.values, datetime_complete=ended)
    JournalFileBackend(str(path)).append_logs(lines)


def _into_database(address: str, trials: Sequence[FrozenTrial]) -> None:
    """Optuna's own way takes three minutes for two thousand. The study is the only one in the database."""
    ids = range(1, len(trials) + 1)
    own = list(zip(ids, trials, strict=True))
    rows: dict[str, list[dict[str, Any]]] = {
        "trials": [
            {"trial_id": at, "number": at - 1, "study_id": 1, "state": "COMPLETE",
             "datetime_start": _utc(trial.datetime_start).replace(tzinfo=None),
             "datetime_complete": _utc(trial.datetime_complete).replace(tzinfo=None)}
            for at, trial in own
        ],
        "trial_params": [
            {"trial_id": at, "param_name": name, "distribution_json": _as_json(trial.distributions[name]),
             "param_value": trial.distributions[name].to_internal_repr(value)}
            for at, trial in own for name, value in trial.params.items()
        ],
        "trial_values": [
            {"trial_id": at, "objective": goal, "value": value, "value_type": "FINITE"}
            for at, trial in own for goal, value in enumerate(trial.values)
        ],
        "trial_user_attributes": [
            {"trial_id": at, "key": key, "value_json": json.dumps(value)}
            for at, trial in own for key, value in trial.user_attrs.items()
        ],
        "trial_intermediate_values": [
            {"trial_id": at, "step": step, "intermediate_value": value, "intermediate_value_type": "FINITE"}
            for at, trial in own for step, value in trial.intermediate_values.items()
        ],
    }  # fmt: skip
    known = sa.MetaData()
    engine = sa.create_engine(address)
    known.reflect(engine)
    with engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(known.tables[table].insert(), values)
    engine.dispose()


def _as_json(kind: Any) -> str:
    found: str = distribution_to_json(kind)
    return found


def _utc(when: datetime | None) -> datetime:
    assert when is not None
    return when.astimezone(UTC)


def _drawn(parameter: Parameter, random: np.random.Generator) -> Any:
    if parameter.kind == "choice":
        return parameter.choices[int(random.integers(len(parameter.choices)))]
    if parameter.kind == "int":
        return int(random.integers(int(parameter.low), int(parameter.high) + 1))
    if parameter.log:
        return float(np.exp(random.uniform(np.log(parameter.low), np.log(parameter.high))))
    return float(random.uniform(parameter.low, parameter.high))
