"""Writes what was found and edited as `dataset.yaml`: splits, labels, patients; no file of the dataset is moved."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.config.yaml_io import dump_yaml
from engine.contract.errors import InputError
from engine.contract.whole_file import write_text
from engine.data.case_listing import Listing
from engine.data.config import LabelConfig
from engine.data.findings import DatasetReport
from engine.data.labels import name_from_folder
from engine.data.readers.base import Case
from engine.data.readers.dataset_yaml import FILE_NAME, DatasetFile, file_of, read_dataset_file, to_values
from engine.data.split import SPLITS

_HEAD = "# Splits, labels and patients of a dataset; its files stay where they are. May be edited by hand.\n"


def dataset_file(report: DatasetReport, home: Path) -> DatasetFile:
    """The report's dataset as a file in the folder `home`."""
    # A lone volume is shared out by its slices, which needs no list.
    lone = len(report.cases) == 1
    splits = {split: [item.case.case_id for item in report.cases if item.split == split] for split in SPLITS}
    about = _about(report.folder, report.layout, [item.case for item in report.cases], home)
    return about.model_copy(
        update={
            "name": report.name,
            "synthetic": report.synthetic,
            "labels": report.labels,
            "kind": report.table.kind if len(report.table) == 1 else None,
            "splits": {} if lone else _filled(splits),
        }
    )


def edited_file(
    listing: Listing, splits: Mapping[str, Sequence[str]], labels: Sequence[LabelConfig], kind: str, home: Path | None
) -> DatasetFile:
    """A listed dataset with `splits` (case ids) and `labels` as they were edited; `home` None: files by absolute path.

    `kind` of the masks (binary | values) matters where there is one label. Raises InputError for a case that is not
    there, or is named twice.
    """
    named = Counter(case_id for names in splits.values() for case_id in names)
    wrong = [case_id for case_id, times in named.items() if times > 1 or case_id not in listing.by_id]
    if wrong:
        raise InputError(
            f"{len(wrong)} cases of the split are not in {listing.folder.name}, or in two splits: {wrong[0]}.",
            hint="The folder has changed: look at the dataset again.",
        )
    table = tuple(labels) or listing.found.labels
    about = _about(listing.folder, listing.layout_name, [listing.by_id[case_id] for case_id in named], home)
    return about.model_copy(
        update={
            "name": listing.found.name or name_from_folder(listing.folder),
            "synthetic": listing.found.synthetic,
            "labels": table,
            "kind": (kind or listing.found.kind or None) if len(table) == 1 else None,
            "splits": _filled(splits),
        }
    )


def _about(folder: Path, layout: str, cases: Sequence[Case], home: Path | None) -> DatasetFile:
    """Where the files lie and whose they are."""
    known, base = _known(folder, layout)
    base = base.resolve()
    place = base.as_posix()
    if home is not None:
        with contextlib.suppress(ValueError):  # another drive
            place = Path(os.path.relpath(base, home.resolve())).as_posix()
    listed = known.cases if known is not None else ()
    several = max(Counter(case.patient for case in cases).values(), default=0) > 1
    return DatasetFile(
        folder=place,
        layout="" if listed else known.layout if known is not None else layout,
        patients={case.case_id: case.patient for case in cases} if several else {},
        cases=listed,
        repaired=known.repaired if known is not None else {},
        left_out=known.left_out if known is not None else (),
        merged=known.merged if known is not None else {},
    )


def _filled(splits: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {split: tuple(splits[split]) for split in SPLITS if splits.get(split)}


def write_dataset_file(report: DatasetReport, path: Path, *, overwrite: bool = False) -> Path:
    """Whole or not at all. Raises InputError for a file that is there already, or a name that is not dataset.yaml."""
    path = checked_path(path, overwrite=overwrite)
    return write_text(path, text_of(dataset_file(report, path.parent)))


def checked_path(path: Path, *, overwrite: bool) -> Path:
    """The file that is meant. Raises InputError for one that is there already, or a name that is not dataset.yaml."""
    if path.is_dir():
        path = path / FILE_NAME
    if path.name != FILE_NAME:
        raise InputError(
            f"{path.name} would not be found again: the file is called {FILE_NAME}.",
            hint=f"Give a folder, or a path that ends in {FILE_NAME}.",
        )
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists already.", hint="Add --overwrite to replace it, or choose another folder.")
    return path


def text_of(file: DatasetFile) -> str:
    return _HEAD + dump_yaml(to_values(file))


def _known(folder: Path, layout: str) -> tuple[DatasetFile | None, Path]:
    """The dataset.yaml that the dataset came from, whose words on the files stay; and the folder with the files."""
    if layout != "dataset_yaml":
        return None, folder
    path = file_of(folder)
    about = read_dataset_file(path)
    return about, path.parent / about.folder
