"""`setting()`: a pydantic field that also carries its help, unit and search range."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Base of every group of settings: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, field_title_generator=lambda name, _field: title_of(name)
    )


def title_of(name: str) -> str:
    """What a setting without a title of its own is called where a person reads: `batch_size` → "Batch size"."""
    return name.replace("_", " ").capitalize()


def setting(
    default: Any,
    help: str,
    *,
    title: str = "",
    unit: str = "",
    search: tuple[float, float] | list[Any] | None = None,
    log: bool = False,
    expert: bool = False,
    **limits: Any,
) -> Any:
    """A pydantic field with `help` (one sentence), `unit`, `search` (a range or choices), `expert` (hidden at first).

    `title`: what forms call it, where its name in recipes does not read as a person writes.
    `limits` are pydantic's own (ge, le, gt, lt, min_length, …).
    """
    extra: dict[str, Any] = {"unit": unit, "expert": expert}
    if search is not None:
        extra["search"] = {"range" if isinstance(search, tuple) else "choices": list(search), "log": log}
    return Field(default, title=title or None, description=help, json_schema_extra=extra, **limits)
