"""What a person does to a study while it runs: freeze a setting, narrow its range, ban a region, pause.

Optuna's distributions never change within a study (it refuses that), so these rules act where values are proposed.
They lie in the study's user attributes, one key a rule, so that workers on all machines see them and no two
of them overwrite each other's.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.contract.errors import OutOfRange, UnknownName
from engine.search.space import Parameter, Value

FROZEN, NARROWED, BANNED, PAUSED = "frozen:", "narrowed:", "banned:", "paused"
Limits = tuple[float, float] | tuple[Value, ...]


@dataclass(frozen=True)
class Rules:
    """The rules of one moment. A range in `narrowed` and in a ban includes both its ends."""

    frozen: Mapping[str, Value] = field(default_factory=dict)
    narrowed: Mapping[str, Any] = field(default_factory=dict)
    """path → [low, high], or the choices that are left."""
    banned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """name → region: path → [low, high] or choices; a point is banned where all of its paths match."""
    paused: bool = False

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Rules:
        """From a study's user attributes; a rule that was taken back is None there."""

        def under(prefix: str) -> dict[str, Any]:
            return {
                key.removeprefix(prefix): value
                for key, value in attributes.items()
                if key.startswith(prefix) and value is not None
            }

        return cls(under(FROZEN), under(NARROWED), under(BANNED), bool(attributes.get(PAUSED)))

    def allow(self, params: Mapping[str, Value], space: Mapping[str, Parameter]) -> bool:
        """Whether these values may be proposed."""
        if any(path in params and params[path] != value for path, value in self.frozen.items()):
            return False
        for path, limits in self.narrowed.items():
            if path in params and path not in self.frozen and not _within(params[path], limits, space[path]):
                return False
        return not any(
            region
            and all(path in params and _within(params[path], limits, space[path]) for path, limits in region.items())
            for region in self.banned.values()
        )


def _within(value: Value, limits: Any, parameter: Parameter) -> bool:
    if parameter.kind == "choice":
        return value in limits
    low, high = limits
    return bool(low <= value <= high)


def freeze_key(path: str, value: Value | None, space: Mapping[str, Parameter]) -> tuple[str, Any]:
    """The attribute that holds a setting at a value, or frees it (None). Raises UnknownName, OutOfRange."""
    _known(path, space)
    return FROZEN + path, None if value is None else _in_space(path, value, space)


def _in_space(path: str, value: Any, space: Mapping[str, Parameter]) -> Value:
    parameter = _known(path, space)
    taken = parameter.taken(value)
    if taken is None:
        raise OutOfRange(
            f"{path}: {value!r} is not in the study's space ({parameter.told()}).",
            hint="Choose a value of the space; a study's space never changes.",
            field=path,
        )
    return taken


def narrow_key(path: str, limits: Any, space: Mapping[str, Parameter]) -> tuple[str, Any]:
    """The attribute that narrows a setting to [low, high] or to some choices, or frees it (None)."""
    parameter = _known(path, space)
    return NARROWED + path, None if limits is None else _checked(limits, parameter)


def ban_key(region: Mapping[str, Any], space: Mapping[str, Parameter], *, lift: bool = False) -> tuple[str, Any]:
    """The attribute that bans a region (path → [low, high] or choices), or lifts the ban. Raises as above."""
    if not isinstance(region, Mapping) or not region:
        raise OutOfRange("A ban needs a region.", hint="Name at least one setting with its range or choices.")
    checked = {path: _checked(limits, _known(path, space)) for path, limits in sorted(region.items())}
    name = hashlib.sha256(json.dumps(checked, sort_keys=True).encode()).hexdigest()[:12]
    return BANNED + name, None if lift else checked


def as_point(params: Mapping[str, Any], space: Mapping[str, Parameter]) -> dict[str, Value]:
    """A point to try, its values as the space has them; it may leave settings open.

    Raises UnknownName or OutOfRange for what is not in the study's space.
    """
    if not isinstance(params, Mapping):
        raise OutOfRange(f"{params!r} is no point.", hint="Name settings with their values.")
    return {path: _in_space(path, value, space) for path, value in params.items()}


def _known(path: str, space: Mapping[str, Parameter]) -> Parameter:
    if not isinstance(path, str) or path not in space:
        raise UnknownName(f"{path} is not searched in this study.", hint=f"Searched: {', '.join(space)}.", field=path)
    return space[path]


def _checked(limits: Any, parameter: Parameter) -> list[Any]:
    if parameter.kind == "choice":
        kept = list(limits) if isinstance(limits, list | tuple) else [limits]
        strange = [value for value in kept if parameter.taken(value) is None]
        if strange or not kept:
            raise OutOfRange(
                f"{parameter.path}: {strange or kept} is not among the choices ({parameter.told()}).",
                field=parameter.path,
            )
        return [parameter.taken(value) for value in kept]
    pair = isinstance(limits, list | tuple) and len(limits) == 2
    numbers = pair and all(isinstance(end, int | float) and not isinstance(end, bool) for end in limits)
    if not numbers or not limits[0] <= limits[1] or limits[1] < parameter.low or limits[0] > parameter.high:
        raise OutOfRange(
            f"{parameter.path}: {limits!r} is no part of the study's space ({parameter.told()}).",
            hint="Give the lower and the upper end.",
            field=parameter.path,
        )
    low, high = max(limits[0], parameter.low), min(limits[1], parameter.high)
    if parameter.kind == "int" and math.ceil(low) > math.floor(high):
        raise OutOfRange(
            f"{parameter.path}: no whole number lies in {limits!r}.", field=parameter.path, hint="Widen it."
        )
    return [low, high]
