"""Base weights that the program knows of, with their licences: `resources/known_models.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.config.yaml_io import load_yaml
from engine.contract.errors import UnknownName
from engine.runs.folders import models_folder, resources

PART = ".part"
"""Ends the name of a file that is not whole yet."""


class KnownModel(BaseModel):
    """`id` as on the hub; `fetch`: it can be fetched, else only `page` says where it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    model: str
    licence: str
    licence_note: str = ""
    megabytes: float | None = None
    summary: str = ""
    page: str = ""
    fetch: bool = False

    @property
    def folder_name(self) -> str:
        """What its folder is called, and its short id: the part after the owner."""
        return self.id.rpartition("/")[2]

    @property
    def installed(self) -> Path:
        """Its folder among the user's models, there or not."""
        return models_folder() / self.folder_name

    @property
    def begun(self) -> Path:
        """Holds what was fetched so far; a name that no list of models shows."""
        return models_folder() / f".fetching-{self.folder_name}"

    def bytes_here(self) -> int:
        """How much of it was fetched before a download ended early."""
        return sum(file.stat().st_size for file in self.begun.glob("*") if file.is_file() and file.suffix != ".lock")

    def row(self) -> dict[str, Any]:
        """For a list: what is known, whether it is installed, and how many megabytes of it are here."""
        held = self.bytes_here()
        here = max(0.1, round(held / 1e6, 1)) if held else 0.0
        return {**self.model_dump(), "installed": self.installed.is_dir(), "megabytes_here": here}


@cache
def known_models() -> tuple[KnownModel, ...]:
    """In the order of the file."""
    found = load_yaml(resources() / "known_models.yaml")
    return tuple(KnownModel.model_validate(item) for item in found["models"])


def known_model(reference: str) -> KnownModel:
    """By its id on the hub, or by the part after the owner; raises UnknownName."""
    for known in known_models():
        if reference in (known.id, known.folder_name):
            return known
    names = ", ".join(known.id for known in known_models() if known.fetch)
    raise UnknownName(
        f"{reference!r} is not among the models that can be fetched.",
        hint=f"Known: {names}. Others: bring their folder and import it.",
        field="model",
    )


def local_name(reference: str) -> str:
    """What an id on the hub is called here once it is fetched; any other reference as it is."""
    return next((known.folder_name for known in known_models() if known.id == reference), reference)
