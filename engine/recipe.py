"""A recipe: everything that decides a run's numbers, as settings; YAML both ways.

What a recipe leaves out comes from the model card of its base weights (`recommended:`, per strategy), then from the
defaults of the settings. The recipe that a run keeps is complete: it names every value and the weights' sha256.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import SerializeAsAny

from engine.config.fields import Settings, setting
from engine.config.yaml_io import apply_overrides, build, dump_yaml, load_yaml
from engine.contract.errors import OutOfRange, UnknownName
from engine.data.config import DataConfig
from engine.data.sides import check_sides
from engine.models import MODELS
from engine.models.sites import PromptSites
from engine.models.weights import Weights, find_weights, is_installed
from engine.strategies.base import STRATEGIES, StrategyConfig
from engine.training.config import TrainingConfig

VERSION = 1
LARGEST = "largest"
"""In place of a batch size: as many images as go together on this machine. Whoever begins a run finds the number and
writes it into the run's recipe; until then it is read as `auto`."""
GROUPS = ("data", "model", "strategy", "training")


class ModelChoice(Settings):
    """Which network, and which base weights."""

    name: str = setting("clipseg", "The network.")
    weights: str = setting("starter", "Base weights: an installed id (`starter`), a folder, or a file.", min_length=1)
    sha256: str = setting(
        "",
        "Of the weights' file; written by the program, checked when a run goes on.",
        title="SHA-256 of the weights",
        expert=True,
    )


class _Frame(Settings):
    """The top level, before its groups are looked into."""

    version: Literal[1] = setting(1, "Version of the recipe format.")
    name: str = setting("run", "Name of the run.", min_length=1, max_length=80)
    seed: int = setting(12345, "Seed of the splits, the order of samples and every random number.", ge=0, lt=2**31)
    data: dict[str, Any] = setting({}, "")
    model: dict[str, Any] = setting({}, "")
    strategy: dict[str, Any] = setting({}, "")
    training: dict[str, Any] = setting({}, "")


class Recipe(Settings):
    """Data, model, strategy and training of one run."""

    version: Literal[1] = 1
    name: str = "run"
    seed: int = 12345
    data: DataConfig
    model: ModelChoice
    strategy_name: str
    strategy: SerializeAsAny[StrategyConfig]
    training: TrainingConfig

    def to_values(self) -> dict[str, Any]:
        """Plain values in the order of the contract."""
        return {
            "version": self.version,
            "name": self.name,
            "seed": self.seed,
            "data": self.data.model_dump(mode="json"),
            "model": self.model.model_dump(mode="json"),
            "strategy": {"name": self.strategy_name, **self.strategy.model_dump(mode="json")},
            "training": self.training.model_dump(mode="json"),
        }

    def to_yaml(self) -> str:
        return dump_yaml(self.to_values())

    def weights(self) -> Weights:
        """The base weights; raises WeightsMissing where they are gone or are not those the recipe names."""
        return find_weights(self.model.weights, sha256=self.model.sha256 or None)


def read_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """The recipe in a YAML file with "a.b=value" overrides; relative paths are read from the recipe's folder.

    Raises InputError for an unreadable file and RecipeError with the field's path for anything wrong in it.
    """
    values = apply_overrides(load_yaml(path), overrides or [])
    return make_recipe(values, folder=path.resolve().parent)


def make_recipe(values: dict[str, Any], *, folder: Path | None = None) -> Recipe:
    """A complete recipe from plain values; `folder` is where relative paths start.

    Raises RecipeError (with `field`) and WeightsMissing.
    """
    frame = build(_Frame, values)
    model = build(ModelChoice, _based(frame.model, "weights", folder), path="model")
    weights = find_weights(model.weights, sha256=model.sha256 or None)
    if weights.model != model.name:
        raise OutOfRange(
            f"model.name: {model.weights} holds weights of {weights.model}, not of {model.name}.",
            hint=f"Write model.name: {weights.model}.",
            field="model.name",
        )
    given = dict(frame.strategy)
    name = given.pop("name", None)
    if name is None:
        raise UnknownName(
            "strategy.name: no strategy is named.",
            hint=f"Choose one: {', '.join(STRATEGIES.names())}.",
            field="strategy.name",
        )
    config = STRATEGIES.get(str(name), field="strategy.name")
    data = build(DataConfig, _based(frame.data, "folder", folder), path="data")
    check_sides(data, data.labels)
    advice = weights.card.recommended_for(str(name))
    strategy = build(config, {**advice.get("strategy", {}), **given}, path="strategy")
    strategy.check(prompt_sites(weights))
    training = dict(frame.training)
    if training.get("batch_size") in ("auto", LARGEST):
        del training["batch_size"]
    return Recipe(
        name=frame.name,
        seed=frame.seed,
        data=data,
        model=model.model_copy(update={"sha256": weights.sha256}),
        strategy_name=str(name),
        strategy=strategy,
        training=build(TrainingConfig, {**advice.get("training", {}), **training}, path="training"),
    )


def prompt_sites(weights: Weights) -> PromptSites:
    """The sites that the weights' configuration promises, before they are loaded; a width of 0 is not known."""
    limits = weights.limits()
    return PromptSites(
        text_width=limits.get("text_width", 0),
        text_layers=limits["text_layers"],
        text_positions=limits["text_positions"],
        image_width=limits.get("image_width", 0) if limits.get("image_layers") else None,
        image_layers=limits.get("image_layers", 0),
        joint_width=1,
        map_width=1,
        patch_size=limits.get("patch_size", 1),
        image_size=limits["image_size"],
        model=MODELS.get(weights.model).title,
    )


def _based(values: dict[str, Any], key: str, folder: Path | None) -> dict[str, Any]:
    """`values` with a relative path at `key` made absolute where it exists below the recipe's folder."""
    given = values.get(key)
    if folder is None or not isinstance(given, str) or not given or Path(given).is_absolute():
        return values
    beside = folder / given
    here = Path(given)
    found = beside if beside.exists() else here if here.exists() else None
    if found is None or (key == "weights" and is_installed(given)):
        return values  # an installed id is no folder, even where one of that name lies about
    return {**values, key: str(found.resolve())}
