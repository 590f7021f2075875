"""What may be asked about the program itself: what it can do, its models, its samples, the machine."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Describe:
    """Every model, strategy, layout, format and exporter with its settings."""

    renew: bool = False  # write resources/catalogue.json and the full preset anew from the code first


@dataclass(frozen=True, slots=True)
class PrepareSamples:
    """Draws the sample data where it is missing; result: `sets` (id, title, folder) and `volume` (path)."""

    out: str = ""  # empty: the user's folder for samples
    sets: list[str] = field(default_factory=list)  # their ids; empty: all


@dataclass(frozen=True, slots=True)
class Demo:
    """The whole road on bundled, drawn data."""

    out: str


@dataclass(frozen=True, slots=True)
class ListModels:
    """Installed base weights."""


@dataclass(frozen=True, slots=True)
class ImportModel:
    """Copies a folder, zipped folder or file of base weights into the user's model folder.

    `tokenizer`: a folder to take the tokenizer from, where the weights bring none.
    """

    path: str
    name: str = ""
    tokenizer: str = ""


@dataclass(frozen=True, slots=True)
class FetchModel:
    """Gets known base weights from the hub, over the network; a download that ended early goes on where it ended.

    Result: `id` (what a recipe writes), `path`, `model`, `sha256`, `licence` (as the hub states it now). With
    `discard`, what was fetched before is thrown away instead, and the network is left alone.
    """

    model: str  # its id on the hub, or the part after the owner
    proxy: str = ""  # http://host:port; "none": no proxy; empty: the system's
    ca_file: str = ""  # PEM file with an own certificate authority; empty: the system's alone
    mirror: str = ""  # address of another hub; empty: the public one
    discard: bool = False


@dataclass(frozen=True, slots=True)
class Doctor:
    """Devices, versions, providers, memory, folders; what is wrong and how to mend it."""
