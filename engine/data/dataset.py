"""Slices at model size, decoded once: what tuning and validation read from."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import DatasetIncomplete, DiskFull
from engine.data.findings import CaseFinding, DatasetReport
from engine.data.labels import LabelTable
from engine.data.mask_phrases import KINDS
from engine.data.prompts import Groups, Said, said_by, said_of
from engine.data.slices import CaseRefused, SlicedCase, open_case
from engine.volumes.preprocess import Preprocess, intensity_range, resize_image, to_uint8_rgb

MOST_IN_MEMORY = 1_000_000_000
"""Bytes of decoded slices above which they go to a memory-mapped file."""


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
    where the split has none. `said`: what is said of each label of each image; None where that is its phrase.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        masks: NDArray[np.uint8],
        refs: Sequence[SliceRef],
        table: LabelTable,
        preprocess: Preprocess,
        report: DatasetReport,
        *,
        present: NDArray[np.bool_] | None = None,
        ignored: NDArray[np.bool_] | None = None,
        said: Said | None = None,
    ) -> None:
        self.images = images
        self.masks = masks
        self.present: NDArray[np.bool_] = np.ones(masks.shape[:2], dtype=np.bool_) if present is None else present
        self.ignored = ignored
        self.said = said
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
        most_in_memory: int = MOST_IN_MEMORY,
    ) -> SliceDataset:
        """Decodes the slices of `split` that the report chose, in its order.

        `preprocess` is `report.preprocess(model's)`. Large datasets go to a file in `cache` (default: the system's
        temporary folder) that is deleted with the dataset. Raises DatasetIncomplete for a file that became unreadable
        since the inspection, DiskFull, Cancelled.
        """
        findings = report.of_split(split)
        count, size = report.slice_count(split), preprocess.size
        has_void = any(finding.has_void for finding in findings)
        store = _Store(count * size * size * (3 + has_void + len(report.table)), cache, most_in_memory)
        images = store.array("images", (count, size, size, 3))
        masks = store.array("masks", (count, len(report.table), size, size))
        ignored = store.array("ignored", (count, size, size)).view(np.bool_) if has_void else None
        present = np.ones((count, len(report.table)), dtype=np.bool_)
        refs: list[SliceRef] = []
        texts: list[list[Groups]] = []
        ticker = Ticker(emit, job_id, len(findings), "cases", f"preparing {split}")
        for finding in findings:
            cancel.check()
            sliced = _sliced(finding, report)
            levels = intensity_range(sliced.scan.slices, preprocess)
            for index in finding.slices[split]:
                at = len(refs)
                images[at] = resize_image(to_uint8_rgb(sliced.image(index), preprocess, levels), preprocess)
                masks[at] = sliced.channels(index, report.table, size)
                present[at] = finding.present(report.table)
                texts.append(_texts(finding, sliced, index, report))
                void = sliced.ignored(index, size)
                if ignored is not None and void is not None:
                    ignored[at] = void
                refs.append(SliceRef(finding, index, sliced.scan.slice_shape))
            ticker.step()
        said = said_by(texts, report.labels)
        dataset = cls(
            images, masks, refs, report.table, preprocess, report, present=present, ignored=ignored, said=said
        )
        store.keep_with(dataset)
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
            sliced = _sliced(finding, self._report)
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


def _texts(finding: CaseFinding, sliced: SlicedCase, index: int, report: DatasetReport) -> list[Groups]:
    """What may be said of each label; only some settings need the mask itself."""
    config = report.config
    truth = sliced.channels(index, report.table) if config.prompt in KINDS else [np.zeros((0, 0))] * len(report.table)
    return [
        said_of(finding.case, label, config, mask, report.phrases_found)
        for label, mask in zip(report.labels, truth, strict=True)
    ]


def _sliced(finding: CaseFinding, report: DatasetReport) -> SlicedCase:
    try:
        return open_case(finding.case, report.folder).sliced(report.config.plane)
    except CaseRefused as error:
        raise DatasetIncomplete(
            f"{error.message} It was in order when the dataset was inspected.",
            hint=f"Put it back and start again. {error.hint}",
            field="data.folder",
        ) from error


class _Store:
    """Arrays in memory, or in files of one temporary folder when they would be too large."""

    def __init__(self, total_bytes: int, cache: Path | None, most_in_memory: int) -> None:
        self._folder: Path | None = None
        if total_bytes <= most_in_memory:
            return
        if cache is not None:
            cache.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="tunevlseg-slices-", dir=cache))
        free = shutil.disk_usage(self._folder).free
        if free < total_bytes:
            # A memory-mapped file on a full disk ends the process without a message, so it is told beforehand.
            folder, self._folder = self._folder, None
            folder.rmdir()
            raise DiskFull(
                f"The decoded slices need {total_bytes / 1e9:.1f} GB in {folder.parent}, "
                f"which has {free / 1e9:.1f} GB left.",
                hint="Free some space, or use fewer slices (data.each_nth, data.empty_slices, data.max_cases).",
            )

    def array(self, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        if self._folder is None:
            return np.zeros(shape, dtype=np.uint8)
        return np.lib.format.open_memmap(self._folder / f"{name}.npy", mode="w+", dtype=np.uint8, shape=shape)

    def keep_with(self, owner: object) -> None:
        """Deletes the files when `owner` is gone, or at the end of the program."""
        if self._folder is not None:
            weakref.finalize(owner, shutil.rmtree, self._folder, ignore_errors=True)
