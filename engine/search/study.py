"""A study: a recipe, what is varied of it, and an Optuna study in which its trials lie."""

from __future__ import annotations

import json
import uuid
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from engine.config.yaml_io import build, dump_yaml
from engine.contract.errors import InputError, RecipeError
from engine.contract.whole_file import write_text
from engine.runs.studies import STUDY_FILE, TRIALS, StudyFolder, is_study, slug
from engine.search.config import SearchConfig
from engine.search.sampler import REPEATS, SteeredSampler
from engine.search.space import Parameter, space_of
from engine.search.steering import Rules
from engine.search.storage import open_storage, without_password
from engine.search.waiting import WaitingStorage

if TYPE_CHECKING:
    from engine.recipe import Recipe

VERSION: Final = 1

# User attributes of a study.
RECIPE, SETTINGS, SPACE, FORMAT, DATA = "recipe", "search", "space", "tunevlseg", "data_sha256"
NEWS = "news"  # another text after each command to a trial: who has read it need not read the trial
# User attributes of a trial.
RUN, FAILURE, SURPLUS, STOPPED = "run", "failure", "surplus", "stopped"


@dataclass
class OpenStudy:
    """A study with its storage open. `folder` holds the run folders of the trials that this machine tuned."""

    study: Study
    storage: BaseStorage
    folder: Path
    recipe: dict[str, Any]
    config: SearchConfig
    space: tuple[Parameter, ...]
    _ids: dict[int, int] = field(default_factory=dict)
    """The storage's ids of trials, which never change."""

    @property
    def by_path(self) -> Mapping[str, Parameter]:
        return {parameter.path: parameter for parameter in self.space}

    @property
    def rules(self) -> Rules:
        return Rules.of(self.study.user_attrs)

    def id_of(self, number: int) -> int:
        """The storage's own id of a trial."""
        if number not in self._ids:
            study = self.storage.get_study_id_from_name(self.study.study_name)
            self._ids[number] = self.storage.get_trial_id_from_study_id_trial_number(study, number)
        return self._ids[number]

    def trial(self, number: int) -> FrozenTrial:
        """A trial as the storage holds it now."""
        return self.storage.get_trial(self.id_of(number))

    def mark(self, number: int, key: str, value: Any) -> None:
        """A user attribute of a trial that has not ended, whoever works on it."""
        self.storage.set_trial_user_attr(self.id_of(number), key, value)

    def wants(self, number: int, key: str, value: Any) -> None:
        """Tells whoever works on a trial something: a user attribute, which he reads when NEWS has changed."""
        self.mark(number, key, value)
        self.study.set_user_attr(NEWS, uuid.uuid4().hex)

    def close(self) -> None:
        """Ends connections to a database: only forgotten, they would stay open for a while, and it has few."""
        if isinstance(self.storage, WaitingStorage):
            self.storage.close()

    @property
    def is_shared(self) -> bool:
        """Whether it lies in a database, where each look of each worker costs all of them."""
        return isinstance(self.storage, WaitingStorage)

    def trials(self) -> list[FrozenTrial]:
        """All trials but those that were one too many, by number."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if SURPLUS not in trial.user_attrs]

    def run_folder(self, trial: FrozenTrial) -> Path:
        """Where the trial's run lies, or will lie."""
        return self.folder / TRIALS / str(trial.user_attrs.get(RUN) or f"{trial.number:04d}")

    def complete_recipe(self) -> Recipe:
        """Raises RecipeError and WeightsMissing where this machine has other weights or none."""
        from engine.recipe import make_recipe  # brings torch, which reading a study does without

        return make_recipe(self.recipe)

    def ask_for(self, trials: int) -> None:
        """Another number of trials; everything else of a study stays. Raises OutOfRange."""
        self.config = build(SearchConfig, {**self.config.model_dump(), "trials": trials}, path="search")
        self.study.set_user_attr(SETTINGS, self.config.model_dump(mode="json"))

    def best(self, trials: Sequence[FrozenTrial] | None = None) -> FrozenTrial | None:
        """The best finished trial of a study with one objective; None before there is one, or with several.

        `trials`: those of the study, where they were just read.
        """
        if len(self.config.objectives) > 1:
            return None
        known = self.trials() if trials is None else trials
        done = [trial for trial in known if trial.state is TrialState.COMPLETE and trial.values]
        if not done:
            return None
        sign = 1 if self.config.directions[0] == "maximize" else -1
        return max(done, key=lambda trial: (sign * trial.values[0], -trial.number))


def begin_study(recipe: Recipe, config: SearchConfig, folder: Path, *, storage: str = "", name: str = "") -> OpenStudy:
    """A new study, or the one of that name in the storage, which must be of the same recipe.

    More or fewer trials may be asked for than before; everything else of a study stays as it was begun. Raises
    RecipeError for another recipe or other settings, and what `open_storage` raises.
    """
    called = name or slug(recipe.name)
    kept = open_storage(storage, folder)
    values = recipe.to_values()
    study = _begun(called, kept, config)
    if FORMAT in study.user_attrs:
        found = _loaded(called, kept, folder)
        _require_same(found, values, config)
        found.ask_for(config.trials)
        found.recipe = {**found.recipe, "data": {**found.recipe["data"], "folder": values["data"]["folder"]}}
        return _fitted_out(found)
    space = space_of(recipe, config.space)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(list(config.objectives))  # dashboards show them beside the values
    study.set_user_attr(SPACE, [parameter.to_values() for parameter in space])
    study.set_user_attr(SETTINGS, config.model_dump(mode="json"))
    study.set_user_attr(RECIPE, values)
    study.set_user_attr(FORMAT, VERSION)
    found = OpenStudy(study, kept, folder, values, config, space)
    _describe(found, storage)
    return _fitted_out(found)


def _begun(name: str, storage: BaseStorage, config: SearchConfig) -> Study:
    """A new study, or the one of that name: whole, or one whose beginning was cut short before its first trial.

    Raises InputError for a study of another program.
    """
    with suppress(optuna.exceptions.DuplicatedStudyError):
        return optuna.create_study(study_name=name, storage=storage, directions=config.directions)
    study = optuna.load_study(study_name=name, storage=storage)
    alike = [direction.name.lower() for direction in study.directions] == config.directions
    if FORMAT not in study.user_attrs and (study.get_trials(deepcopy=False) or not alike):
        raise InputError(
            f"The study {name!r} was not made by this program.",
            hint="Choose another name: --study NAME.",
            field="study",
        )
    return study


def open_study(folder: Path, *, storage: str = "", name: str = "", reading: bool = False) -> OpenStudy:
    """The study of a folder, or the one called `name` in a storage; its runs go into `folder`. `reading`: its trials as
    they are now, which nothing is done with but looking.

    Raises InputError where there is none.
    """
    described = StudyFolder.open(folder) if is_study(folder) else None
    called = name or (described.name if described else "")
    where = storage or (described.storage if described else "")
    if not called:
        raise InputError(
            f"{folder} holds no study.",
            hint="Give a study's folder, or --study NAME with --storage URL.",
            field="study",
        )
    kept = open_storage(where, folder, reading=reading)
    known = optuna.get_all_study_names(kept)
    if called not in known:
        raise InputError(
            f"The storage holds no study called {called!r}.",
            hint=f"Known: {', '.join(known[:10]) or 'none'}. Begin it with tunevlseg search RECIPE.yaml.",
            field="study",
        )
    found = _loaded(called, kept, folder)
    if described is None:
        _describe(found, where)
    return _fitted_out(found)


def _loaded(name: str, storage: BaseStorage, folder: Path) -> OpenStudy:
    study = optuna.load_study(study_name=name, storage=storage)
    attributes = study.user_attrs
    version = attributes.get(FORMAT)
    if not isinstance(version, int):
        raise InputError(
            f"The study {name!r} was not made by this program, or its beginning was cut short.",
            hint="Choose another name: --study NAME.",
            field="study",
        )
    if version > VERSION:
        raise InputError(
            f"The study {name!r} was made by a newer version of this program.", hint="Update it.", field="study"
        )
    config = build(SearchConfig, attributes[SETTINGS], path="search")
    space = tuple(Parameter.from_values(values) for values in attributes[SPACE])
    return OpenStudy(study, storage, folder, attributes[RECIPE], config, space)


def _fitted_out(found: OpenStudy) -> OpenStudy:
    config = found.config
    found.study.sampler = SteeredSampler(found.space, config.seed, config.sampler, config.startup_trials)
    found.study.pruner = _pruner(config, int(found.recipe["training"]["epochs"]))
    return found


def _pruner(config: SearchConfig, epochs: int) -> BasePruner:
    match config.pruner:
        case "median":
            return MedianPruner(n_startup_trials=max(4, config.startup_trials // 2), n_warmup_steps=2)
        case "hyperband":
            return HyperbandPruner(min_resource=1, max_resource=epochs)
        case _:
            return NopPruner()


def _require_same(found: OpenStudy, recipe: Mapping[str, Any], config: SearchConfig) -> None:
    different = _differing(found.recipe, recipe)
    if different:
        raise RecipeError(
            f"The study {found.study.study_name!r} is of another recipe: {', '.join(different[:5])} differ.",
            hint="Choose another name with --study, or go on with the recipe that it began with.",
            field=different[0],
        )
    for key in type(config).model_fields:
        if key != "trials" and getattr(config, key) != getattr(found.config, key):
            raise RecipeError(
                f"search.{key}: the study was begun with {getattr(found.config, key)}, which never changes.",
                hint="Choose another name with --study for a new study.",
                field=f"search.{key}",
            )


def _differing(one: Any, other: Any, path: str = "") -> list[str]:
    """Paths at which two recipes differ; name and folder of the data may: another machine keeps them elsewhere."""
    if path in ("name", "data.folder"):
        return []
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys: Sequence[str] = sorted({*one, *other})
        return [
            found
            for key in keys
            for found in _differing(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
        ]
    return [] if _plain(one) == _plain(other) else [path]


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _describe(found: OpenStudy, storage: str) -> None:
    """study.yaml: what the folder is, for people and for the window, which does not open storages."""
    values = {
        "version": VERSION,
        "name": found.study.study_name,
        "storage": without_password(storage),
        "search": found.config.model_dump(mode="json"),
        "space": [parameter.to_values() for parameter in found.space],
        "recipe": found.recipe,
    }
    write_text(found.folder / STUDY_FILE, dump_yaml(values))


def repeated_by(trials: Sequence[FrozenTrial]) -> dict[int, int]:
    """Lost trial → the trial that does its work again (the first one, where two workers thought of it at once)."""
    found: dict[int, int] = {}
    for trial in trials:
        lost = trial.user_attrs.get(REPEATS)
        if isinstance(lost, int):
            found.setdefault(lost, trial.number)
    return found
