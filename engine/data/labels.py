"""Labels: the values stored in masks ↔ named structures with a phrase and a colour each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.config import LabelConfig, MaskKind
from engine.data.palette import PALETTE


def colour_of(index: int) -> str:
    return PALETTE[index % len(PALETTE)]


def texts_of(labels: Sequence[LabelConfig]) -> list[tuple[LabelConfig, str]]:
    """Each label with each of its texts: the phrase, then its alternatives."""
    return [(label, text) for label in labels for text in label.texts]


def name_from_folder(folder: Path) -> str:
    """`dsb2018_nuclei` → "dsb2018 nuclei": underscores and hyphens become spaces, nothing else is guessed."""
    words = re.sub(r"[\s_\-]+", " ", folder.resolve().name).strip()
    return words or "object"


def labels_found(name: str, kind: MaskKind, values: Sequence[int]) -> tuple[LabelConfig, ...]:
    """The label table of a folder that brings none: its own name, numbered where masks hold several values."""
    if not values:
        return ()
    if kind == "binary":
        return (LabelConfig(value=1, name=name, phrase=name, colour=colour_of(0)),)
    return tuple(
        LabelConfig(value=value, name=f"label {value}", phrase=f"{name} label {value}", colour=colour_of(index))
        for index, value in enumerate(sorted(values))
    )


@dataclass(frozen=True)
class LabelTable:
    """The labels in channel order, and how stored mask values map to them.

    `kind` binary: every stored value above 0 is the one label.
    """

    labels: tuple[LabelConfig, ...]
    kind: MaskKind = "values"

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def phrases(self) -> list[str]:
        return [label.phrase for label in self.labels]

    @property
    def names(self) -> list[str]:
        return [label.name for label in self.labels]

    @property
    def values(self) -> list[int]:
        return [label.value for label in self.labels]

    def channels(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """Mask values [h, w] → 0/1 channels [L, h, w], in the order of the table."""
        if self.kind == "binary":
            return np.repeat((stored > 0)[None], len(self.labels), axis=0).astype(np.uint8)
        return np.stack([stored == value for value in self.values]).astype(np.uint8)

    def counts(self, stored: Mapping[int, int]) -> dict[int, int]:
        """Stored value → voxels becomes label value → voxels, 0 for a label that is not there."""
        if self.kind == "binary":
            return {label.value: sum(stored.values()) for label in self.labels}
        return {label.value: stored.get(label.value, 0) for label in self.labels}

    def to_dicts(self) -> list[dict[str, Any]]:
        return [label.model_dump() for label in self.labels]
