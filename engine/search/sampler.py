"""Proposes a trial's values: Optuna's TPE or chance, reseeded by (study seed, trial), within the rules of the moment.

Optuna does not store a sampler's state; a worker that was killed and started again would propose other trials. Here
the random numbers of a trial come from the study's seed and from which trial it is, and nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from engine.contract.errors import RecipeError
from engine.search.space import Parameter, Value
from engine.search.steering import Rules

TRIES = 32
"""Proposals that are drawn before chance looks for one within the rules."""
RANDOM_TRIES = 2000
REPEATS = "repeats"
"""User attribute of a trial that does a lost one's work again: the lost one's number."""


def first_of(trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> int:
    """The number under which a trial was begun first: its own, or that of the lost one whose work it does again."""
    number, lost = trial.number, trial.user_attrs.get(REPEATS)
    of = {other.number: other.user_attrs.get(REPEATS) for other in trials}
    while isinstance(lost, int) and lost < number:
        number, lost = lost, of.get(lost)
    return number


def distribution(parameter: Parameter) -> BaseDistribution:
    """The parameter as Optuna knows it; it is the same for the whole life of a study."""
    if parameter.kind == "choice":
        return CategoricalDistribution(parameter.choices)
    if parameter.kind == "int":
        return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log)
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log)


class SteeredSampler(BaseSampler):
    """`parameters` in the study's order; `kind` tpe | random."""

    def __init__(self, parameters: tuple[Parameter, ...], seed: int, kind: str, startup_trials: int) -> None:
        self._parameters = {parameter.path: parameter for parameter in parameters}
        self._seed = seed
        self._kind = kind
        self._startup = startup_trials

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        del study, trial
        return {path: distribution(parameter) for path, parameter in self._parameters.items()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Raises RecipeError where the rules leave nothing."""
        if "fixed_params" in trial.system_attrs and search_space.keys() <= trial.system_attrs["fixed_params"].keys():
            return {}  # a point that somebody asked for, or a lost trial's
        rules = Rules.of(study.user_attrs)
        nth = self.place(study, trial)
        free = {path: found for path, found in search_space.items() if path not in rules.frozen}
        for attempt in range(TRIES):
            proposed = self._drawn(study, trial, free, self._generator(nth, attempt))
            params = {**proposed, **{path: rules.frozen[path] for path in search_space if path in rules.frozen}}
            if rules.allow(params, self._parameters):
                return params
        return self._by_chance(rules, nth)

    def place(self, study: Study, trial: FrozenTrial) -> int:
        """Which trial this is when those that were done again count once."""
        trials = study.get_trials(deepcopy=False)
        first = first_of(trial, trials)
        return sum(1 for other in trials if other.number < first and REPEATS not in other.user_attrs)

    def _generator(self, nth: int, attempt: int) -> int:
        return int(np.random.SeedSequence([self._seed, nth, attempt]).generate_state(1)[0])

    def _drawn(self, study: Study, trial: FrozenTrial, space: dict[str, BaseDistribution], seed: int) -> dict[str, Any]:
        if not space:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            chance: BaseSampler = RandomSampler(seed=seed)
            if self._kind == "tpe":
                chance = TPESampler(n_startup_trials=self._startup, seed=seed, multivariate=True, constant_liar=True)
        found = dict(chance.sample_relative(study, trial, space)) if self._kind == "tpe" else {}
        for path, kind in space.items():
            if path not in found:
                found[path] = chance.sample_independent(study, trial, path, kind)
        return found

    def _by_chance(self, rules: Rules, nth: int) -> dict[str, Any]:
        """A point within the rules, evenly drawn from the narrowed ranges."""
        generator = np.random.default_rng([self._seed, nth, TRIES])
        for _ in range(RANDOM_TRIES):
            params = {path: _even(found, rules, generator) for path, found in self._parameters.items()}
            if rules.allow(params, self._parameters):
                return params
        raise RecipeError(
            "The rules of this study leave nothing to try.",
            hint="Lift a ban, widen a narrowed range or free a frozen setting.",
        )

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """For what a point that was asked for leaves open."""
        rules = Rules.of(study.user_attrs)
        if param_name in rules.frozen:
            return rules.frozen[param_name]
        chance = RandomSampler(seed=self._generator(self.place(study, trial), TRIES))
        return chance.sample_independent(study, trial, param_name, param_distribution)

    def reseed_rng(self) -> None:
        """Nothing to do: the seed of each trial follows from its place."""

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        """Nothing is remembered between trials."""


def _even(parameter: Parameter, rules: Rules, generator: np.random.Generator) -> Value:
    if parameter.path in rules.frozen:
        return rules.frozen[parameter.path]
    limits = rules.narrowed.get(parameter.path)
    if parameter.kind == "choice":
        options = list(limits or parameter.choices)
        return options[int(generator.integers(len(options)))]  # type: ignore[no-any-return]
    low, high = (parameter.low, parameter.high) if limits is None else limits
    low, high = max(low, parameter.low), min(high, parameter.high)
    if parameter.kind == "int":
        return int(generator.integers(int(np.ceil(low)), int(np.floor(high)) + 1))
    if parameter.log:
        return float(np.exp(generator.uniform(np.log(low), np.log(high))))
    return float(generator.uniform(low, high))


def space_by_path(parameters: tuple[Parameter, ...]) -> Mapping[str, Parameter]:
    """The parameters by their paths."""
    return {parameter.path: parameter for parameter in parameters}
