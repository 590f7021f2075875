"""What a dataset layout promises: it recognises its folder and lists every case once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.data.config import LabelConfig
from engine.data.problem import Problem


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask file. `value` None: the file's values are label values; a number: all above 0 is that label."""

    path: Path
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One scan with its masks. `patient` stays in one split; `split` is given by the folder, or None."""

    case_id: str
    patient: str
    image: Path
    masks: tuple[MaskFile, ...]
    split: str | None = None


@dataclass(frozen=True, slots=True)
class CaseList:
    """What a layout found by names alone; no file has been opened."""

    cases: tuple[Case, ...]
    problems: tuple[Problem, ...] = ()
    labels: tuple[LabelConfig, ...] = ()  # a table that came with the dataset
    name: str = ""  # the dataset's own name, "" = its folder's
    synthetic: bool = False  # drawn images, to be called so wherever they appear
    details: str = ""  # how the files were matched, in words
    ignored: tuple[str, ...] = field(default=())  # relative paths that belong to no case


class Layout(Protocol):
    """A way to organise a dataset on disk."""

    title: str

    def recognises(self, folder: Path) -> float:
        """0 (not this layout) … 1 (certainly); looks at names only."""
        ...

    def cases(self, folder: Path) -> CaseList:
        """Every case once; files without a partner become problems, never exceptions."""
        ...
