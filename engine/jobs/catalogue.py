"""The catalogue that forms are drawn from: every model, strategy, layout, format and exporter with its settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel

import engine
from engine.config.registry import Registry
from engine.contract.whole_file import write_text
from engine.data.config import DataConfig
from engine.data.readers import LAYOUTS
from engine.export import EXPORTERS
from engine.models import MODELS
from engine.recipe import ModelChoice
from engine.strategies.base import STRATEGIES, StrategyConfig
from engine.training.config import TrainingConfig
from engine.volumes.formats import FORMATS


def catalogue() -> dict[str, Any]:
    """What the program itself can do, the same on every machine; `resources/catalogue.json` holds it."""
    return {
        "version": engine.__version__,
        "models": {name: _entry(config) for name, config in MODELS},
        "strategies": {name: {**_entry(config), "learns_at": list(config.learns_at)} for name, config in STRATEGIES},
        "data": {"schema": DataConfig.model_json_schema()},
        "model": {"schema": ModelChoice.model_json_schema()},
        "training": {"schema": TrainingConfig.model_json_schema()},
        "layouts": _names(LAYOUTS),
        "formats": {name: {"suffixes": list(getattr(found, "suffixes", ()))} for name, found in FORMATS},
        "exporters": _names(EXPORTERS),
    }


def _names(registry: Registry[Any]) -> dict[str, Any]:
    return {name: {"summary": summary(found)} for name, found in registry}


def summary(thing: type[Any]) -> str:
    """The first sentence of its docstring."""
    return (thing.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ").strip()


def _entry(config: type[Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"summary": summary(config)}
    title = getattr(config, "title", "")
    if isinstance(title, str) and title:
        entry["title"] = title
    if issubclass(config, BaseModel):
        entry["schema"] = config.model_json_schema()
    return entry


def full_recipe() -> str:
    """`resources/presets/recipe.full.yaml`: every key with its default and one line of meaning."""
    lines = [
        "# Every key of a recipe with its default and its meaning. A recipe names what differs; the rest comes from",
        "# the model card of the base weights (recommended settings per strategy), then from these defaults.",
        "version: 1",
        "name: run  # Name of the run.",
        "seed: 12345  # Seed of the splits, the order of samples and every random number.",
        "data:",
        *_keys(DataConfig, 1),
        "model:",
        *_keys(ModelChoice, 1),
        "strategy:",
        f"  name: vpt  # One of: {', '.join(STRATEGIES.names())}.",
        *_keys(STRATEGIES.get("vpt"), 1),
    ]
    for name, config in STRATEGIES:
        own = [key for key in config.model_fields if key not in STRATEGIES.get("vpt").model_fields]
        if own:
            lines += [f"  # with name: {name}", *(f"  # {line.strip()}" for line in _keys(config, 1, own))]
    return "\n".join([*lines, "training:", *_keys(TrainingConfig, 1)]) + "\n"


def _keys(config: type[BaseModel] | type[StrategyConfig], depth: int, only: list[str] | None = None) -> list[str]:
    lines = []
    for name, info in config.model_fields.items():
        if only is not None and name not in only:
            continue
        default = info.get_default(call_default_factory=True)
        meaning = f"{info.description or ''}{_choices(info.annotation)}"
        pad = "  " * depth
        if isinstance(default, BaseModel):
            lines += [f"{pad}{name}:  # {meaning}", *_keys(type(default), depth + 1)]
        else:
            lines.append(f"{pad}{name}: {_plain(default)}  # {meaning}")
    return lines


def _choices(annotation: Any) -> str:
    options = get_args(annotation) if get_origin(annotation) is Literal else ()
    return f" One of: {', '.join(map(str, options))}." if options else ""


def _plain(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, tuple):
        value = list(value)
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).strip()
    return text.removesuffix("...").strip()


def catalogue_text() -> str:
    """The text of `resources/catalogue.json`."""
    return json.dumps(catalogue(), indent=1, ensure_ascii=False) + "\n"


def renew(folder: Path) -> list[Path]:
    """Writes catalogue.json and presets/recipe.full.yaml into `folder` (resources/) from the code."""
    return [
        write_text(folder / "catalogue.json", catalogue_text()),
        write_text(folder / "presets" / "recipe.full.yaml", full_recipe()),
    ]
