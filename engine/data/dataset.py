"""Slices at model size, decoded once: what tuning and validation read from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit
from engine.data.cache.pack import RowFacts
from engine.data.cache.rows import StoredImages, StoredMasks, StoredVoid
from engine.data.decoding import opened
from engine.data.findings import CaseFinding, DatasetReport
from engine.data.labels import LabelTable
from engine.data.prompts import Groups, Said, said_by, said_of
from engine.data.stored_slices import stored_slices
from engine.volumes.preprocess import Preprocess, intensity_range

Images = NDArray[np.uint8] | StoredImages
Masks = NDArray[np.uint8] | StoredMasks
Void = NDArray[np.bool_] | StoredVoid
"""Arrays, or parts of rows in the cache, which are indexed along their first axis alone."""


@dataclass(frozen=True, slots=True)
class SliceRef:
    """Where a sample came from: its case, its slice in the stack, and that slice's own size (rows, columns)."""

    finding: CaseFinding
    index: int
    original_shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sample:
    """One slice: image uint8 [S, S, 3], masks uint8 0/1 [L, S, S], present bool [L] (is a label's truth known?).

    `ignored` bool [S, S]: pixels whose truth is unknown; None: there are none.
    """

    image: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    present: NDArray[np.bool_]
    case_id: str
    slice_index: int
    original_shape: tuple[int, int]
    ignored: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class OriginalSlice:
    """One slice at its own size: `image` [h, w] or [h, w, 3] as stored, `masks` uint8 0/1 [L, h, w].

    `levels` are the values shown black and white; `position` is the place in the dataset; `spacing` millimetres
    between slices, rows and columns (None for a picture); `whole` whether the dataset holds every slice of the case.
    `present` bool [L] as in `Sample` (None: all), `ignored` bool [h, w] or None.
    """

    position: int
    case_id: str
    slice_index: int
    image: NDArray[Any]
    masks: NDArray[np.uint8]
    levels: tuple[float, float]
    spacing: tuple[float, float, float] | None
    whole: bool
    present: NDArray[np.bool_] | None = None
    ignored: NDArray[np.bool_] | None = None


class SliceDataset:
    """All slices of one split: `images` uint8 [N, S, S, 3], `masks` uint8 [N, L, S, S], `present` bool [N, L].

    `ignored` bool [N, S, S] marks pixels whose truth is unknown (void): neither loss nor score looks at them. None
    where the split has none. `areas` int64 [N, L]: marked pixels of each label, known without looking at the masks.
    `said`: what is said of each label of each image; None where that is its phrase.
    """

    def __init__(
        self,
        images: Images,
        masks: Masks,
        refs: Sequence[SliceRef],
        table: LabelTable,
        preprocess: Preprocess,
        report: DatasetReport,
        *,
        present: NDArray[np.bool_] | None = None,
        ignored: Void | None = None,
        said: Said | None = None,
        areas: NDArray[np.int64] | None = None,
    ) -> None:
        self.images = images
        self.masks = masks
        self.present: NDArray[np.bool_] = np.ones(masks.shape[:2], dtype=np.bool_) if present is None else present
        self.ignored = ignored
        self.said = said
        self.areas: NDArray[np.int64] = np.count_nonzero(masks[:], axis=(2, 3)) if areas is None else areas
        self.refs = tuple(refs)
        self.table = table
        self.preprocess = preprocess
        self._report = report

    @classmethod
    def build(
        cls,
        report: DatasetReport,
        split: str,
        preprocess: Preprocess,
        emit: Emit,
        cancel: CancelToken,
        *,
        job_id: str = "data",
        cache: Path | None = None,
        most_in_memory: int | None = None,
    ) -> SliceDataset:
        """The slices of `split` that the report chose, in its order: out of the cache, or decoded into it.

        `preprocess` is `report.preprocess(model's)`; `cache` a folder (default: the user's). A slice that any run has
        decoded before, from a file of the same content and with the same settings, opens no file. Where the cache may
        not grow or be written, they go elsewhere, as `Filling.prepare` tells. Raises DatasetIncomplete for a file that
        changed or became unreadable since the inspection, DiskFull, InputError, Cancelled.
        """
        stored = stored_slices(
            report, split, preprocess, emit, cancel, job_id=job_id, cache=cache, most_in_memory=most_in_memory
        )
        known = {id(finding): finding.present(report.table) for finding, _ in stored.chosen}
        present = [known[id(finding)] for finding, _ in stored.chosen]
        pairs = list(zip(stored.chosen, stored.facts, strict=True))
        dataset = cls(
            StoredImages(stored.rows),
            StoredMasks(stored.rows),
            [SliceRef(finding, index, facts.shape) for (finding, index), facts in pairs],
            report.table,
            preprocess,
            report,
            present=np.array(present, np.bool_).reshape(len(present), len(report.table)),
            ignored=StoredVoid(stored.rows) if any(finding.has_void for finding, _ in stored.chosen) else None,
            said=said_by([_texts(finding, facts, report) for (finding, _), facts in pairs], report.labels),
            areas=np.array([facts.areas for facts in stored.facts], np.int64).reshape(len(present), len(report.table)),
        )
        stored.filling.keep_with(dataset)
        return dataset

    def __len__(self) -> int:
        return len(self.refs)

    def __getitem__(self, position: int) -> Sample:
        ref = self.refs[position]
        return Sample(
            image=self.images[position],
            masks=self.masks[position],
            present=self.present[position],
            case_id=ref.finding.case.case_id,
            slice_index=ref.index,
            original_shape=ref.original_shape,
            ignored=None if self.ignored is None else self.ignored[position],
        )

    def originals(self, cancel: CancelToken) -> Iterator[OriginalSlice]:
        """Every slice again at its own size, in order, each file read once: for scores at the size a user sees."""
        position = 0
        held = Counter(id(ref.finding) for ref in self.refs)
        while position < len(self.refs):
            finding = self.refs[position].finding
            cancel.check()
            sliced = opened(finding, self._report).sliced(self._report.config.plane)
            levels = intensity_range(sliced.scan.slices, self.preprocess)
            stack = sliced.scan
            spacing = None if stack.geometry is None else (stack.slice_spacing, *stack.spacing_hw)
            while position < len(self.refs) and self.refs[position].finding is finding:
                index = self.refs[position].index
                yield OriginalSlice(
                    position=position,
                    case_id=finding.case.case_id,
                    slice_index=index,
                    image=sliced.image(index),
                    masks=sliced.channels(index, self.table),
                    levels=levels,
                    spacing=spacing,
                    whole=held[id(finding)] == len(sliced),
                    present=finding.present(self.table),
                    ignored=sliced.ignored(index),
                )
                position += 1


def _texts(finding: CaseFinding, facts: RowFacts, report: DatasetReport) -> list[Groups]:
    """What may be said of each label; only some settings look at its regions."""
    marked = facts.regions or ((),) * len(report.table)
    return [
        said_of(finding.case, label, report.config, found, report.phrases_found)
        for label, found in zip(report.labels, marked, strict=True)
    ]
