"""What a study varies: the settings that declare a search range, capped by what the base weights can take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from engine.config.yaml_io import apply_overrides, dump_yaml
from engine.contract.errors import EngineError, InputError, OutOfRange, RecipeError

if TYPE_CHECKING:
    from engine.recipe import Recipe

Kind = Literal["float", "int", "choice"]
Value = float | int | str | bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """One searched setting; `path` is its place in the recipe, a range includes both its ends."""

    path: str
    kind: Kind
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Value, ...] = ()

    def allows(self, value: Any) -> bool:
        """Whether the value lies in the declared space."""
        return self.taken(value) is not None

    def taken(self, value: Any) -> Value | None:
        """The value as the space has it, None where it lies outside.

        What comes from JSON may be 3.0 for 3, and Python takes True for 1: a recipe would refuse either.
        """
        if self.kind == "choice":
            alike = (choice for choice in self.choices if isinstance(choice, bool) == isinstance(value, bool))
            return next((choice for choice in alike if choice == value), None)
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            return None
        if self.kind == "float":
            return float(value)
        return int(value) if float(value).is_integer() else None

    def told(self) -> str:
        """For a person: `1 to 11`."""
        if self.kind == "choice":
            return ", ".join(str(choice) for choice in self.choices)
        return f"{self.low:g} to {self.high:g}{', logarithmic' if self.log else ''}"

    def to_values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"path": self.path, "kind": self.kind}
        if self.kind == "choice":
            return {**values, "choices": list(self.choices)}
        return {**values, "low": self.low, "high": self.high, "log": self.log}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Parameter:
        """Raises InputError for values that describe no parameter."""
        try:
            return cls(**{**values, "choices": tuple(values.get("choices", ()))})
        except TypeError as error:
            raise InputError(f"The study's space cannot be read: {error}.") from None


def space_of(recipe: Recipe, which: str = "auto") -> tuple[Parameter, ...]:
    """The searched settings of the recipe's strategy and training.

    `which`: `published` takes the ranges that the settings declare, `card` those of the weights' card, `auto` the
    card's where it has some. Ranges and choices are cut to what the weights can take (a depth to the network's layers).
    Raises OutOfRange where nothing of a range is left, RecipeError where nothing learns or the card has no ranges.
    """
    card = recipe.weights().card.searched_for(recipe.strategy_name)
    if which == "card" and not card:
        raise RecipeError(
            f"The card of {recipe.model.weights} names no search ranges.",
            hint="Choose the published ones (space: published).",
            field="search.space",
        )
    if recipe.strategy_name == "zero_shot":
        raise RecipeError(
            "Nothing learns in zero-shot, so that there is nothing to search.",
            hint="Choose another strategy.",
            field="strategy.name",
        )
    own = {} if which == "published" else card
    return tuple(_fitting(recipe, parameter) for parameter in _declared(recipe, own))


def _declared(recipe: Recipe, card: Mapping[str, Mapping[str, Any]]) -> Iterator[Parameter]:
    for group, config in (("strategy", recipe.strategy), ("training", recipe.training)):
        for name, info in type(config).model_fields.items():
            extra = info.json_schema_extra
            declared = extra.get("search") if isinstance(extra, dict) else None
            search = card.get(group, {}).get(name, declared)
            if not isinstance(search, dict):
                continue
            path = f"{group}.{name}"
            if choices := search.get("choices"):
                yield Parameter(path, "choice", choices=tuple(choices))
            else:
                low, high = search["range"]
                whole = info.annotation is int
                yield Parameter(path, "int" if whole else "float", low, high, bool(search.get("log")))


def _fitting(recipe: Recipe, parameter: Parameter) -> Parameter:
    """The parameter without the values that the settings or the base weights refuse."""
    if parameter.kind == "choice":
        kept = tuple(choice for choice in parameter.choices if _taken(recipe, parameter.path, choice))
        if kept:
            return Parameter(parameter.path, "choice", choices=kept)
    elif parameter.kind == "int":
        fits = [n for n in range(int(parameter.low), int(parameter.high) + 1) if _taken(recipe, parameter.path, n)]
        if fits:
            return Parameter(parameter.path, "int", min(fits), max(fits), parameter.log)
    elif _taken(recipe, parameter.path, parameter.low) and _taken(recipe, parameter.path, parameter.high):
        return parameter
    raise OutOfRange(
        f"{parameter.path}: of the search range ({parameter.told()}) these base weights can take nothing.",
        hint="Choose other weights or another strategy, or mend the range in the model card.",
        field=parameter.path,
    )


def _taken(recipe: Recipe, path: str, value: Value) -> bool:
    from engine.recipe import prompt_sites  # brings torch, which reading a study does without

    group, name = path.split(".")
    config = recipe.strategy if group == "strategy" else recipe.training
    try:
        changed = type(config).model_validate({**config.model_dump(), name: value})
        if group == "strategy":
            recipe.strategy.__class__.check(changed, prompt_sites(recipe.weights()))  # type: ignore[arg-type]
    except (EngineError, ValidationError):
        return False
    return True


def varied(recipe: Recipe, params: Mapping[str, Value], name: str) -> str:
    """The YAML text of a trial's recipe: `recipe` with the proposed values, under a name of its own."""
    overrides = [f"{path}={_yaml(value)}" for path, value in params.items()]
    return dump_yaml({**apply_overrides(recipe.to_values(), overrides), "name": name})


def _yaml(value: Value) -> str:
    return repr(value).lower() if isinstance(value, bool) else str(value)
