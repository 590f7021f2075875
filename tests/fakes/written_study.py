"""A study for tests and benchmarks: finished trials, written straight into its journal."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState, create_trial

from engine.recipe import make_recipe
from engine.search.config import SearchConfig
from engine.search.sampler import distribution
from engine.search.space import Parameter
from engine.search.study import OpenStudy, begin_study

BEGAN = datetime(2026, 1, 1, 12)


def write_study(
    folder: Path, weights: str, trials: int, *, objectives: tuple[str, ...] = ("val_dice",), strategy: str = "cocoop"
) -> OpenStudy:
    """Random points; Dice is highest near a rate of 1e-3 and knows nothing of the others."""
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
    found = begin_study(recipe, config, folder)
    random = np.random.default_rng(0)
    kinds = {parameter.path: distribution(parameter) for parameter in found.space}
    for at in range(trials):
        params = {parameter.path: _drawn(parameter, random) for parameter in found.space}
        dice = 0.8 - 0.05 * abs(math.log10(params["training.learning_rate"]) + 3) + random.normal(0, 0.02)
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
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        found.study.add_trial(trial)
    return found


def _drawn(parameter: Parameter, random: np.random.Generator) -> Any:
    if parameter.kind == "choice":
        return parameter.choices[int(random.integers(len(parameter.choices)))]
    if parameter.kind == "int":
        return int(random.integers(int(parameter.low), int(parameter.high) + 1))
    if parameter.log:
        return float(np.exp(random.uniform(np.log(parameter.low), np.log(parameter.high))))
    return float(random.uniform(parameter.low, parameter.high))
