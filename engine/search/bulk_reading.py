"""All trials of a study in a database at once: six plain statements over Optuna's tables, for who only reads.

Optuna makes an object of its own for each parameter, attribute and reported value, which takes two seconds for two
thousand trials; here a row stays a row until its trial is put together. The tables are Optuna's, not ours: in any
version of them but those that are known, `can_read` says no, and Optuna answers itself.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import optuna
import sqlalchemy as sa
from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from engine.search.waiting import WaitingStorage

KNOWN: Final = {("5", "v3.2.0.a")}
"""Optuna's major version (which says in which zone times are written) and the version of its tables."""
_SPECIAL: Final = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}

_trials = sa.table(
    "trials",
    sa.column("trial_id"),
    sa.column("study_id"),
    sa.column("number"),
    sa.column("state", sa.String),
    sa.column("datetime_start", sa.DateTime),
    sa.column("datetime_complete", sa.DateTime),
)


def can_read(database: RDBStorage) -> bool:
    """Whether its tables are those that `read_trials` knows."""
    return (optuna.__version__.partition(".")[0], database.get_current_version()) in KNOWN


class ReadingStorage(WaitingStorage):
    """A database whose trials are read once, in bulk, and stay as they were then; everything else is as it is."""

    def __init__(self, database: RDBStorage, shown: str) -> None:
        super().__init__(database, shown, database.engine.dispose)
        self._database = database
        self._read: dict[int, list[FrozenTrial]] = {}

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The same objects each time, whatever `deepcopy`: nobody who only reads changes them."""
        if study_id not in self._read:
            self._read[study_id] = self._ask(read_trials, self._database, study_id)
        return [trial for trial in self._read[study_id] if states is None or trial.state in states]


def read_trials(database: RDBStorage, study_id: int) -> list[FrozenTrial]:
    """What `get_all_trials` of the database gives, trials in the order of their numbers.

    Raises SQLAlchemy's errors where the database does not answer. Trials are read before what belongs to them: Optuna
    writes an ending last, so that an ended trial has all of its values.
    """
    with database.engine.connect() as connection:

        def rows(table: str, order: str, *columns: str) -> Iterator[Any]:
            """The columns of a table for this study's trials, their ids first."""
            named = sa.table(table, *map(sa.column, ("trial_id", order, *columns)))
            asked = sa.select(named.c.trial_id, *(named.c[one] for one in columns))
            joined = asked.join(_trials, _trials.c.trial_id == named.c.trial_id)
            yield from connection.execute(joined.where(_trials.c.study_id == study_id).order_by(named.c[order]))

        asked = sa.select(
            _trials.c.trial_id, _trials.c.number, _trials.c.state, _trials.c.datetime_start, _trials.c.datetime_complete
        )
        begun = connection.execute(asked.where(_trials.c.study_id == study_id).order_by(_trials.c.trial_id)).all()
        parts: defaultdict[int, _Parts] = defaultdict(_Parts)
        kinds = _Distributions()
        for trial, name, value, kind in rows(
            "trial_params", "param_id", "param_name", "param_value", "distribution_json"
        ):
            parts[trial].params[name] = kinds[kind].to_external_repr(value)
            parts[trial].distributions[name] = kinds[kind]
        for trial, objective, value, special in rows(
            "trial_values", "trial_value_id", "objective", "value", "value_type"
        ):
            parts[trial].values[objective] = _SPECIAL.get(special, value)
        for which, table in (("user", "trial_user_attributes"), ("system", "trial_system_attributes")):
            for trial, key, text in rows(table, f"trial_{which}_attribute_id", "key", "value_json"):
                parts[trial].attributes[which][key] = json.loads(text)
        reported = ("step", "intermediate_value", "intermediate_value_type")
        for trial, step, value, special in rows("trial_intermediate_values", "trial_intermediate_value_id", *reported):
            parts[trial].reported[step] = _SPECIAL.get(special, value)
    return [_trial(parts[row[0]], *row) for row in begun]


class _Distributions(dict[str, BaseDistribution]):
    """By their text: a study has few, though each parameter of each trial carries one."""

    def __missing__(self, text: str) -> BaseDistribution:
        self[text] = json_to_distribution(text)
        return self[text]


class _Parts:
    """What belongs to one trial."""

    __slots__ = ("attributes", "distributions", "params", "reported", "values")

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.distributions: dict[str, BaseDistribution] = {}
        self.values: dict[int, float] = {}
        self.attributes: dict[str, dict[str, Any]] = {"user": {}, "system": {}}
        self.reported: dict[int, float] = {}


def _trial(
    parts: _Parts, trial_id: int, number: int, state: str, started: datetime | None, ended: datetime | None
) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        state=TrialState[state],
        value=None,
        values=[parts.values[at] for at in sorted(parts.values)] or None,
        datetime_start=_local(started),
        datetime_complete=_local(ended),
        params=parts.params,
        distributions=parts.distributions,
        user_attrs=parts.attributes["user"],
        system_attrs=parts.attributes["system"],
        intermediate_values=parts.reported,
        trial_id=trial_id,
    )


def _local(when: datetime | None) -> datetime | None:
    """Optuna keeps the database's times in UTC and gives local ones, without a zone both."""
    return None if when is None else when.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
