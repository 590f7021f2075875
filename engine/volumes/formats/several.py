"""Files that hold several volumes (a series in time, contrasts): one of them is chosen, as one DICOM series is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.entry import SeriesEntry
from engine.volumes.headers.stored_array import several_volumes

_MOST_LISTED: Final = 2_000


def entries_of(path: Path, sizes: tuple[int, ...], spacing_xyz: tuple[float, float, float] | None) -> list[SeriesEntry]:
    """A line for each volume of a file with these sizes (x, y, z, then what counts volumes); none for a single one."""
    count = math.prod(sizes[3:])
    if count <= 1:
        return []
    stem = path.name.split(".")[0]
    return [
        SeriesEntry(
            number=number,
            id=str(number),
            modality="",
            description="",
            part=f"volume {number} of {count}",
            kind="volume",
            slices=sizes[2],
            width=sizes[0],
            height=sizes[1],
            spacing_xyz=spacing_xyz,
            title=f"{stem}-{number}",
        )
        for number in range(1, min(count, _MOST_LISTED) + 1)
    ]


def chosen(path: Path, sizes: tuple[int, ...], series: str) -> int:
    """The number of the volume, from 1. Raises ScanUnreadable where one must be chosen, or there is none like it."""
    count = math.prod(sizes[3:])
    if not series:
        if count > 1:
            raise several_volumes(path, sizes)
        return 1
    number = int(series) if series.isdecimal() else 0
    if not 1 <= number <= count:
        raise ScanUnreadable(
            f"{path} has no volume {series!r}: it holds {count}.", hint=f"Choose one by its number, 1 to {count}."
        )
    return number
