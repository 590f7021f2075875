"""The two control runs of a tuned one: the same data, seed and budget, without prompts and without anything learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.contract.errors import InputError

ZERO_SHOT: Final = "zero_shot"
UPSAMPLER_ONLY: Final = "upsampler_only"
CONTROLS: Final = (ZERO_SHOT, UPSAMPLER_ONLY)
TITLES: Final = {ZERO_SHOT: "zero-shot", UPSAMPLER_ONLY: "upsampler only"}

_SAME_NUMBERS: Final = ("device", "threads", "previews", "keep_epochs", "feature_place", "feature_disk")
"""Settings of training that leave the numbers as they are, up to rounding."""
_UPSAMPLER: Final = ("upsampler", "upsampler_kernel", "upsampler_ratio", "train_last_layer")


def control_recipe(recipe: Mapping[str, Any], control: str) -> dict[str, Any]:
    """The recipe of `control` beside a complete `recipe` (both plain values).

    Data, seed and training are the same, but that it begins with nothing another run learned. The upsampler is the
    run's own; where it has none, the control has the usual one. Raises InputError for a run that is a control itself.
    """
    strategy = dict(recipe.get("strategy") or {})
    if strategy.get("name") in CONTROLS:
        raise InputError(
            f"This run is a control itself ({TITLES[str(strategy['name'])]}): it has no prompts.",
            hint="Choose a run that learned prompts.",
        )
    chosen: dict[str, Any] = {"name": control}
    if control == UPSAMPLER_ONLY:
        chosen |= {name: strategy[name] for name in _UPSAMPLER if name in strategy}
        if chosen.get("upsampler") == "none":
            del chosen["upsampler"]
    name = f"{str(recipe.get('name') or 'run')[:60]}: {TITLES[control]}"
    training = {**dict(recipe.get("training") or {}), "start_from": ""}
    return {**recipe, "name": name, "strategy": chosen, "training": training}


def has_upsampler(recipe: Mapping[str, Any]) -> bool:
    return str(dict(recipe.get("strategy") or {}).get("upsampler", "none")) != "none"


def same_run(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two complete recipes give the same numbers: names and where it computes do not matter.

    Where nothing is learned, neither does the training.
    """
    return _essence(first) == _essence(second)


def _essence(recipe: Mapping[str, Any]) -> dict[str, Any]:
    strategy = dict(recipe.get("strategy") or {})
    model = dict(recipe.get("model") or {})
    data = dict(recipe.get("data") or {})
    training = {key: value for key, value in dict(recipe.get("training") or {}).items() if key not in _SAME_NUMBERS}
    return {
        "seed": recipe.get("seed"),
        "data": {**data, "folder": str(Path(str(data.get("folder", ""))).resolve())},
        "model": model.get("sha256") or model.get("weights"),
        "strategy": strategy,
        "training": None if strategy.get("name") == ZERO_SHOT else training,
    }
