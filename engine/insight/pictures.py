"""Some pictures of a dataset or folder, at model size: what is looked at to place it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import DatasetIncomplete, EngineError, InputError
from engine.contract.events import Log
from engine.data.case_listing import list_cases
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.findings import CaseFinding, DatasetReport
from engine.data.grey_levels import intensity_for, preprocess_for
from engine.data.listing import files_of, with_series
from engine.data.matching import without_mask_words
from engine.data.slices import scan_of
from engine.volumes.formats import FORMATS
from engine.volumes.preprocess import Preprocess, intensity_range, resize_image, to_uint8_rgb
from engine.volumes.slicing import SliceStack

MOST = 100
_MARGIN = 0.1
"""The share of a volume's slices at either end that show little of the body: left out."""


@dataclass(frozen=True)
class Pictures:
    """`images` uint8 [n, S, S, 3] as `preprocess` makes them; `cases` and `slices` (n) say where each is from.

    `owners` (n): the patient of each, as far as that is known; else its case.
    """

    images: NDArray[np.uint8]
    preprocess: Preprocess
    cases: tuple[str, ...]
    slices: tuple[int, ...]
    owners: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def without(self, others: Pictures) -> Pictures:
        """Those that are none of the others, pixel by pixel."""
        known = {image.tobytes() for image in others.images}
        kept = [at for at, image in enumerate(self.images) if image.tobytes() not in known]
        return Pictures(
            self.images[kept],
            self.preprocess,
            tuple(self.cases[at] for at in kept),
            tuple(self.slices[at] for at in kept),
            tuple(self.owners[at] for at in kept),
        )

    @property
    def groups(self) -> NDArray[np.int64]:
        """A number for the owner of each picture, [n]."""
        numbers = {owner: number for number, owner in enumerate(dict.fromkeys(self.owners))}
        return np.array([numbers[owner] for owner in self.owners], np.int64)


def spread_over(findings: Sequence[CaseFinding], splits: Sequence[str], most: int, seed: int) -> list[CaseFinding]:
    """The cases with at most `most` of their slices, all in the split "train": one of each case, then a second …

    Drawn by the seed, so that the same dataset shows the same pictures again.
    """
    rng = np.random.default_rng(seed)
    waiting: list[tuple[int, list[int]]] = []
    for place, finding in enumerate(findings):
        own = sorted({index for split in splits for index in finding.slices.get(split, ())})
        if own:
            waiting.append((place, [own[at] for at in rng.permutation(len(own))]))
    chosen: dict[int, list[int]] = {}
    waiting = [waiting[at] for at in rng.permutation(len(waiting))]
    left = most
    while waiting and left:
        for place, slices in waiting[:left]:
            chosen.setdefault(place, []).append(slices.pop())
            left -= 1
        waiting = [(place, slices) for place, slices in waiting if slices]
    return [
        replace(findings[place], slices={"train": tuple(sorted(slices))}) for place, slices in sorted(chosen.items())
    ]


def of_dataset(
    report: DatasetReport,
    base: Preprocess,
    emit: Emit,
    cancel: CancelToken,
    job_id: str,
    *,
    most: int = MOST,
    splits: Sequence[str] = ("train", "val"),
) -> Pictures:
    """At most `most` slices of a dataset, spread over its cases; decoded slices are kept for the run that follows.

    The test split is left alone. Raises DatasetIncomplete where `splits` hold nothing, DiskFull, Cancelled.
    """
    findings = spread_over(report.cases, splits, most, report.seed)
    if not findings:
        raise DatasetIncomplete(
            f"{report.folder.name} has no images for {' and '.join(splits)}.",
            hint="Add images with masks, or change data.split.",
            field="data.split",
        )
    preprocess = report.preprocess(base)
    some = replace(report, cases=tuple(findings))
    dataset = SliceDataset.build(some, "train", preprocess, emit, cancel, job_id=job_id)
    return Pictures(
        np.asarray(dataset.images[:]),
        preprocess,
        tuple(ref.finding.case.case_id for ref in dataset.refs),
        tuple(ref.index for ref in dataset.refs),
        tuple(ref.finding.case.patient for ref in dataset.refs),
    )


def of_folder(
    folder: Path, base: Preprocess, emit: Emit, cancel: CancelToken, job_id: str, *, most: int = MOST, seed: int = 0
) -> Pictures:
    """At most `most` pictures or slices of a folder: a dataset's images where a layout knows it, else all it holds.

    A file that cannot be read is left out and told. Raises InputError where nothing is left, Cancelled.
    """
    paths = _images_in(folder, seed)
    chosen = [paths[at] for at in np.random.default_rng(seed).permutation(len(paths))[:most]]
    each = max(1, most // max(1, len(chosen)))
    images: list[NDArray[np.uint8]] = []
    cases: list[str] = []
    slices: list[int] = []
    ticker = Ticker(emit, job_id, len(chosen), "files", "opening the reference")
    for path in sorted(chosen):
        cancel.check()
        try:
            for index, image in _slices_of(path, base, each):
                cancel.check()
                images.append(image)
                cases.append(path.relative_to(folder).as_posix())
                slices.append(index)
        except EngineError as error:
            emit(Log(job_id, f"Left out of the reference: {error}", "warning"))
        ticker.step()
    if not images:
        raise InputError(
            f"{folder} holds no picture that can be read.",
            hint="Name a folder of pictures or scans like those that the model was trained on.",
            field="reference",
        )
    return Pictures(np.stack(images), base, tuple(cases), tuple(slices), tuple(cases))


def _images_in(folder: Path, seed: int) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder.", hint="Name a folder of pictures or scans.", field="reference")
    known = {suffix for _, one in FORMATS for suffix in one.suffixes}
    files = [
        file.path
        for file in with_series(files_of(folder))
        if file.role != "mask" and file.suffix in known and without_mask_words(file.stem) == file.stem
    ]
    with contextlib.suppress(InputError):  # no dataset
        cases = list_cases(DataConfig(folder=str(folder)), seed).cases
        # Of loose pictures a layout may take the few that some other file looks like a mask of.
        if 3 * len(cases) >= len(files):
            return [case.image for case in cases]
    return files


def _slices_of(path: Path, base: Preprocess, most: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Evenly spaced slices (number, picture) of a scan, its ends left out; a picture is one slice."""
    scan = scan_of(path, number=1)
    stack = SliceStack(scan.voxels, scan.geometry, "axial")
    preprocess = preprocess_for(base, intensity_for(DataConfig(), scan))
    levels = intensity_range(stack.slices, preprocess)
    edge = int(_MARGIN * len(stack))
    places = np.linspace(edge, len(stack) - 1 - edge, min(most, len(stack) - 2 * edge))
    for index in dict.fromkeys(places.round().astype(int).tolist()):
        yield index, resize_image(to_uint8_rgb(stack[index], preprocess, levels), preprocess)
