"""How a dataset's values become grey levels: the recipe's wish, or what suits its scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.config.yaml_io import build
from engine.data.config import DataConfig
from engine.volumes.preprocess import Preprocess, Window, suggest_intensity
from engine.volumes.volume import Volume

Intensity = dict[str, Any]
"""The fields `intensity`, `window`, `lower` and `upper` of Preprocess."""
_KEPT = ("intensity", "window", "lower", "upper")


def intensity_for(config: DataConfig, scan: Volume) -> Intensity:
    """What the recipe asks for; where it leaves the choice (auto), the window it gives or what suits this scan."""
    asked = config.window_asked
    window = None if asked is None else Window(center=asked[0], width=asked[1])
    if config.intensity == "auto":
        # A window is for scan units; an 8-bit picture has none.
        wanted = suggest_intensity(scan)
        if window is not None and wanted["intensity"] != "as_is":
            wanted = {"intensity": "window", "window": window}
    else:
        wanted = {"intensity": config.intensity, "window": window if config.intensity == "window" else None}
    return {**wanted, "lower": config.lower_percentile, "upper": config.upper_percentile}


def intensity_for_all(found: Sequence[Intensity]) -> Intensity:
    """One choice for the whole dataset, since a tuned model carries one: the common one, else percentiles."""
    if not found:
        return {"intensity": "as_is", "window": None}
    first = found[0]
    if all(other == first for other in found):
        return dict(first)
    return {**first, "intensity": "percentile", "window": None}


def as_intensity(values: Mapping[str, Any]) -> Intensity:
    """Plain values as they are kept with a run, checked; raises RecipeError for others."""
    given = build(Preprocess, {name: value for name, value in values.items() if name in _KEPT}, path="intensity")
    return given.model_dump(include=set(_KEPT))


def differing(found: Sequence[Intensity]) -> bool:
    return any(other != found[0] for other in found)


def preprocess_for(base: Preprocess, intensity: Intensity) -> Preprocess:
    """`base` (a model's size, mean, standard deviation and filter) with the dataset's grey levels."""
    return Preprocess.model_validate({**base.model_dump(), **intensity})
