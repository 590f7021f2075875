"""A study as plain values, for tables and plots."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from engine.runs.correlation import spearman
from engine.search.sampler import REPEATS
from engine.search.study import FAILURE, RUN, STOPPED, OpenStudy
from engine.search.worker import state_name

LEAST_TRIALS = 4
"""Finished trials below which nothing is said of importance."""
SHOWN = ("seconds", "epochs", "best_epoch", "val_dice", "val_loss", "learned")


def trial_rows(found: OpenStudy) -> list[dict[str, Any]]:
    """A row for each trial, by number; times are seconds since the epoch, None where there is none."""
    return [_row(found, trial) for trial in found.trials()]


def _row(found: OpenStudy, trial: FrozenTrial) -> dict[str, Any]:
    attributes = trial.user_attrs
    return {
        "number": trial.number,
        "state": state_name(trial),
        "params": {**trial.system_attrs.get("fixed_params", {}), **trial.params},
        "values": [value if math.isfinite(value) else None for value in trial.values or ()],
        "started": _stamp(trial.datetime_start),
        "ended": _stamp(trial.datetime_complete),
        "run": str(found.run_folder(trial)) if RUN in attributes else "",
        "reported": {str(step): value for step, value in sorted(trial.intermediate_values.items())},
        "why": attributes.get(FAILURE) or attributes.get("why") or "",
        "stopped": bool(attributes.get(STOPPED)),
        "repeats": attributes.get(REPEATS),
        **{name: attributes[name] for name in SHOWN if name in attributes},
    }


def _stamp(when: datetime | None) -> float | None:
    return None if when is None else when.timestamp()


def finished(found: OpenStudy) -> list[FrozenTrial]:
    """Complete trials with finite values."""
    return [
        trial
        for trial in found.trials()
        if trial.state is TrialState.COMPLETE and all(math.isfinite(value) for value in trial.values)
    ]


def importances(found: OpenStudy, objective: int = 0) -> dict[str, float]:
    """How much each setting explains of what good trials have in common, shares of 1 (PED-ANOVA, Watanabe et al.,
    IJCAI 2023); empty with too few trials or where all values are alike."""
    done = finished(found)
    varied = [path for path in found.by_path if len({trial.params.get(path) for trial in done}) > 1]
    if len(done) < LEAST_TRIALS or not varied or len({trial.values[objective] for trial in done}) < 2:
        return {}
    several = len(found.config.objectives) > 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            shares = optuna.importance.get_param_importances(
                found.study,
                params=varied,
                target=(lambda trial: trial.values[objective]) if several else None,
            )
        except (ValueError, RuntimeError, ZeroDivisionError):
            return {}
    return {path: float(share) for path, share in shares.items() if math.isfinite(share)}


def correlations(found: OpenStudy, objective: int = 0) -> list[dict[str, Any]]:
    """Each searched number against the objective, over finished trials: Spearman's `rho` with its interval, and what
    is `shown` (positive | negative | none | too few); None for what cannot be said."""
    done = finished(found)
    told = []
    for path, parameter in found.by_path.items():
        pairs = [
            (float(trial.params[path]), trial.values[objective])
            for trial in done
            if parameter.kind != "choice" and path in trial.params
        ]
        if not pairs:
            continue
        known = spearman([first for first, _ in pairs], [second for _, second in pairs])
        numbers = {"rho": known.rho, "low": known.low, "high": known.high}
        told.append(
            {
                "path": path,
                **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
                "n": known.n,
                "shown": known.shown,
            }
        )
    return told


def best_so_far(found: OpenStudy, rows: Sequence[dict[str, Any]]) -> list[float | None]:
    """For a study with one objective: the best value up to and with each row, None before there is one."""
    up = found.config.directions[0] == "maximize"
    best: float | None = None
    series: list[float | None] = []
    for row in rows:
        value = row["values"][0] if row["state"] == "complete" and row["values"] else None
        if value is not None and (best is None or (value > best if up else value < best)):
            best = value
        series.append(best)
    return series
