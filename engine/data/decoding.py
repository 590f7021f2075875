"""From a case's files to its slices at model size, a few pictures at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import DatasetIncomplete
from engine.data.findings import CaseFinding, DatasetReport
from engine.data.looking import look
from engine.data.mask_phrases import KINDS, Region, regions
from engine.data.readers.base import Case
from engine.data.slices import CaseRefused, OpenedCase, SlicedCase, open_case, relative_to
from engine.volumes.preprocess import Preprocess, intensity_range, resize_image, to_uint8_rgb

AGAIN = "Put it back and start again."


@dataclass(frozen=True, slots=True)
class Decoded:
    """A slice at model size: `image` uint8 [S, S, 3], `masks` uint8 0/1 [L, S, S], `void` bool [S, S] or None.

    `shape` is the slice's own (rows, columns). `regions` of each label's mask at that size; None where not asked for.
    """

    content: str
    index: int
    image: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    void: NDArray[np.bool_] | None
    shape: tuple[int, int]
    regions: tuple[tuple[Region, ...], ...] | None


def needs_regions(report: DatasetReport) -> bool:
    """Whether what is said of an image depends on its masks."""
    return report.config.prompt in KINDS and not report.config.override_prompt


def opened(finding: CaseFinding, report: DatasetReport) -> OpenedCase:
    """The case as it was inspected. Raises DatasetIncomplete where it is unreadable, or another one now."""
    try:
        found = open_case(finding.case, report.folder)
    except CaseRefused as error:
        raise DatasetIncomplete(
            f"{error.message} It was in order when the dataset was inspected.",
            hint=f"{AGAIN} {error.hint}",
            field="data.folder",
        ) from error
    if finding.content and found.content() != finding.content:
        where = relative_to(finding.case.image, report.folder)
        raise DatasetIncomplete(
            f"{where} or its mask has changed since the dataset was inspected.",
            hint="Start again, so that it is looked at anew.",
            field="data.folder",
        )
    return found


def decoded(
    wanted: Mapping[int, Collection[int]],
    findings: Sequence[CaseFinding],
    report: DatasetReport,
    preprocess: Preprocess,
) -> Iterator[Iterable[Decoded]]:
    """For each place in `findings` that `wanted` names, the slices that it names, case by case.

    Slices of a volume are made while they are taken, so that its size does not count twice. Raises as `opened`.
    """
    places = list(wanted)

    def open_one(number: int, case: Case) -> Iterable[Decoded]:
        del case
        finding = findings[places[number]]
        slices = decoded_slices(finding, wanted[places[number]], report, preprocess)
        return slices if finding.is_volume else list(slices)

    return look([findings[place].case for place in places], open_one)


def decoded_slices(
    finding: CaseFinding, indices: Collection[int], report: DatasetReport, preprocess: Preprocess
) -> Iterator[Decoded]:
    """These slices of one case. Raises as `opened`."""
    case = opened(finding, report)
    sliced = case.sliced(report.config.plane)
    levels = intensity_range(sliced.scan.slices, preprocess)
    size = preprocess.size
    for index in indices:
        yield Decoded(
            content=finding.content,
            index=index,
            image=resize_image(to_uint8_rgb(sliced.image(index), preprocess, levels), preprocess),
            masks=sliced.channels(index, report.table, size),
            void=sliced.ignored(index, size),
            shape=sliced.scan.slice_shape,
            regions=_regions(sliced, index, report) if needs_regions(report) else None,
        )


def _regions(sliced: SlicedCase, index: int, report: DatasetReport) -> tuple[tuple[Region, ...], ...]:
    return tuple(tuple(regions(mask)) for mask in sliced.channels(index, report.table))
