"""What a file of this package registers: how to recognise and load the weights of one kind of network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from engine.models.base import VLSM


class Network(Protocol):
    """A kind of network. `recognises` and `limits` read small files only and need no torch."""

    title: ClassVar[str]

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether the folder holds weights of this kind."""
        ...

    @classmethod
    def limits(cls, folder: Path) -> dict[str, int]:
        """`text_layers`, `image_layers`, `text_positions`, `image_size`: what forms must know before a load.

        Also `text_width` and `image_width` where strategies depend on them. No image sites: no `image_layers`.
        """
        ...

    @classmethod
    def skeleton(cls, folder: Path) -> VLSM:
        """The network without its weights, on torch's "meta" device: to count what would learn."""
        ...

    @classmethod
    def load(cls, folder: Path) -> VLSM:
        """The network with its weights in fp32; raises WeightsMissing."""
        ...

    @classmethod
    def convert(cls, file: Path, target: Path) -> bool:
        """Writes a checkpoint file of another layout into the folder `target`, without its tokenizer.

        False where the file is not of this kind. Raises WeightsMissing for one that is, but damaged or not whole.
        """
        ...


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one where the file is missing or is none."""
    import json

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
