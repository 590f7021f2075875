"""Along which planes a scan is asked: one of them, or all three, whose mean counts."""

from __future__ import annotations

from typing import Final, Literal, get_args

from engine.contract.errors import UnknownName
from engine.volumes.slicing import Plane
from engine.volumes.volume import Volume

Axis = Plane | Literal["vote"]

VOTE: Final = "vote"
VOTING: Final[tuple[Plane, ...]] = ("axial", "coronal", "sagittal")


def known_axis(name: str) -> Axis:
    """Raises UnknownName."""
    axes: tuple[Axis, ...] = (*get_args(Plane), VOTE)
    for axis in axes:
        if axis == name:
            return axis
    raise UnknownName(f"There is no axis {name!r}.", hint=f"Known: {', '.join(axes)}.", field="axis")


def planes_of(volume: Volume, plane: Axis) -> tuple[Plane, ...]:
    """The planes that are asked: a picture, or a volume of one slice, has but one even where a vote is wanted."""
    if plane != VOTE:
        return (plane,)
    flat = volume.geometry is None or 1 in volume.voxels.shape[:3]
    return ("acquisition",) if flat else VOTING
