"""`KEY=VALUE` on the command line, the value read as YAML."""

from __future__ import annotations

from typing import Any

import yaml

from engine.contract.errors import RecipeError


def pair(text: str, option: str) -> tuple[str, Any]:
    """Raises RecipeError where there is no value."""
    key, equals, value = text.partition("=")
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError:
        read = None
    if not equals or read is None:
        raise RecipeError(f"{option} {text!r} has no value.", hint=f"Write {option} strategy.prompt_depth=…", field=key)
    return key.strip(), read
