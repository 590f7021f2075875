"""What a dataset layout promises: it recognises its folder and lists every case once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.data.config import LabelConfig, MaskKind
from engine.data.mask_codes import MaskCode
from engine.data.problem import Problem


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask file, and what its numbers mean.

    `value` None: they are label values. `value` a number: those in `members` (empty: all above 0) are that label.
    `void` are numbers where nobody knows the truth: left out of loss and score. `exact`: the layout vouches for the
    numbers, so that none is taken for a blurred edge. `code`: how to read a file that stores no numbers. `merged`:
    label values that count as another, (value, in its place) each.
    """

    path: Path
    value: int | None = None
    members: frozenset[int] = frozenset()
    void: frozenset[int] = frozenset()
    exact: bool = False
    code: MaskCode | None = None
    merged: tuple[tuple[int, int], ...] = ()


Prompts = tuple[tuple[str, tuple[str, ...]], ...]
"""Names p0, p1 … with their texts: one of several is drawn at each use."""


@dataclass(frozen=True, slots=True)
class Case:
    """One scan with its masks. `patient` stays in one split; `split` is given by the folder, or None.

    `known` are the labels (values) whose truth the masks tell, None all: nothing is learnt or scored of the others.
    `prompts` are this case's own texts for a label (value), where the dataset brings them.
    """

    case_id: str
    patient: str
    image: Path
    masks: tuple[MaskFile, ...]
    split: str | None = None
    known: frozenset[int] | None = None
    prompts: tuple[tuple[int, Prompts], ...] = ()
    channels: tuple[Path, ...] = ()
    """All files of the scan where each contrast has one of its own; `image` is the one that is used."""
    volume: int = 1
    """Which volume, from 1, of an image file that holds several."""


@dataclass(frozen=True, slots=True)
class CaseList:
    """What a layout found by names alone; no image or mask has been opened.

    `kind` binary: every value above 0 is the one label, though the masks hold several. `splits_from` says who shared
    the cases out, where the layout did: "the publisher's lists".
    """

    cases: tuple[Case, ...]
    problems: tuple[Problem, ...] = ()
    labels: tuple[LabelConfig, ...] = ()  # a table that came with the dataset
    name: str = ""  # the dataset's own name, "" = its folder's
    synthetic: bool = False  # drawn images, to be called so wherever they appear
    details: str = ""  # how the files were matched, in words
    ignored: tuple[str, ...] = field(default=())  # relative paths that belong to no case
    kind: MaskKind | None = None
    splits_from: str = ""


class Layout(Protocol):
    """A way to organise a dataset on disk."""

    title: str

    def recognises(self, folder: Path) -> float:
        """0 (not this layout) … 1 (certainly); looks at names only."""
        ...

    def cases(self, folder: Path) -> CaseList:
        """Every case once; files without a partner become problems, never exceptions."""
        ...
