"""`setting()`: a pydantic field that also carries its help, unit and search range."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Base of every group of settings: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    search: tuple[float, float] | list[Any] | None = None,
    log: bool = False,
    expert: bool = False,
    **limits: Any,
) -> Any:
    """A pydantic field with `help` (one sentence), `unit`, `search` (a range or choices), `expert` (hidden at first).

    `limits` are pydantic's own (ge, le, gt, lt, min_length, …).
    """
    extra: dict[str, Any] = {"unit": unit, "expert": expert}
    if search is not None:
        extra["search"] = {"range" if isinstance(search, tuple) else "choices": list(search), "log": log}
    return Field(default, description=help, json_schema_extra=extra, **limits)
