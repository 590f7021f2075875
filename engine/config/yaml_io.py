"""YAML ↔ settings; every error names the field by its path and says what is allowed."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from engine.contract.errors import InputError, OutOfRange, RecipeError, UnknownName

S = TypeVar("S", bound=BaseModel)

_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)
"""What PyYAML raises; the latter two for dates like 2024-13-45 and for a thousand brackets."""


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; raises InputError where it cannot be read, RecipeError where it is no mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}.", hint="Check the path and that it is a text file."
        ) from error
    try:
        found = yaml.safe_load(text)
    except _NOT_YAML as error:
        raise RecipeError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(found, dict):
        raise RecipeError(f"{path} holds no settings.", hint="A recipe is a mapping; see the preset recipe.full.yaml.")
    return found


def dump_yaml(values: dict[str, Any]) -> str:
    """YAML text in the order given."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)


def build(cls: type[S], values: Any, *, path: str = "") -> S:
    """`cls` from plain values; raises UnknownName or OutOfRange with the dotted path of the first wrong field."""
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise _first_problem(cls, error, path) from None


def _first_problem(cls: type[BaseModel], error: ValidationError, path: str) -> RecipeError:
    problem = error.errors(include_url=False)[0]
    field = ".".join([*([path] if path else []), *(str(part) for part in problem["loc"])])
    if problem["type"] == "extra_forbidden":
        key = str(problem["loc"][-1])
        known = list(_owner(cls, problem["loc"]).model_fields)
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        return UnknownName(f"{field}: there is no such setting.", hint=f"{hint}Known: {', '.join(known)}.", field=field)
    given = problem.get("input")
    shown = f" (got {given!r})" if isinstance(given, str | int | float | bool) else ""
    return OutOfRange(f"{field}: {problem['msg'].removeprefix('Value error, ')}{shown}.", field=field)


def _owner(cls: type[BaseModel], loc: tuple[Any, ...]) -> type[BaseModel]:
    """The settings class that was given the unknown key."""
    owner = cls
    for part in loc[:-1]:
        info = owner.model_fields.get(str(part))
        inner = info.annotation if info else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            owner = inner
    return owner


def apply_overrides(values: dict[str, Any], overrides: list[str]) -> dict[str, Any]:
    """`values` with "a.b=text" applied, the text read as YAML; the original is left alone.

    Raises RecipeError for an override without "=" or one that goes through a plain value.
    """
    result: dict[str, Any] = _copied(values)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            raise RecipeError(f"--set {override!r} has no value.", hint="Write --set strategy.prompt_depth=3.")
        *path, last = key.strip().split(".")
        here = result
        for part in path:
            inner = here.setdefault(part, {})
            if not isinstance(inner, dict):
                raise RecipeError(f"--set {override!r}: {part} is a value, not a group of settings.", field=key)
            here = inner
        try:
            here[last] = yaml.safe_load(text)
        except _NOT_YAML as error:
            raise RecipeError(f"--set {override!r}: the value is not valid YAML.", field=key) from error
    return result


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
