"""Writes what was found and edited as `dataset.yaml`: splits, labels, patients; no file of the dataset is moved."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from engine.config.yaml_io import dump_yaml
from engine.contract.errors import EngineError, InputError
from engine.contract.whole_file import write_text
from engine.data.findings import DatasetReport
from engine.data.readers.dataset_yaml import FILE_NAME, DatasetFile, read_dataset_file, to_values
from engine.data.split import SPLITS

_HEAD = "# Splits, labels and patients of a dataset; its files stay where they are. May be edited by hand.\n"


def dataset_file(report: DatasetReport, home: Path) -> DatasetFile:
    """The report's dataset as a file in the folder `home`."""
    known = _known(report)
    folder = known.folder if known is not None else "."
    base = (report.folder / folder).resolve()
    if home.resolve() != report.folder.resolve():
        try:
            folder = Path(os.path.relpath(base, home.resolve())).as_posix()
        except ValueError:  # another drive
            folder = base.as_posix()
    cases = known.cases if known is not None else ()
    layout = "" if cases else known.layout if known is not None else report.layout
    # A lone volume is shared out by its slices, which needs no list.
    lone = len(report.cases) == 1
    splits = {split: tuple(item.case.case_id for item in report.cases if item.split == split) for split in SPLITS}
    several = max(Counter(item.case.patient for item in report.cases).values(), default=0) > 1
    return DatasetFile(
        name=report.name,
        folder=folder,
        layout=layout,
        synthetic=report.synthetic,
        labels=report.labels,
        kind=report.table.kind if len(report.table) == 1 else None,
        splits={} if lone else {split: names for split, names in splits.items() if names},
        patients={item.case.case_id: item.case.patient for item in report.cases} if several else {},
        cases=cases,
        repaired=known.repaired if known is not None else {},
        left_out=known.left_out if known is not None else (),
    )


def write_dataset_file(report: DatasetReport, path: Path, *, overwrite: bool = False) -> Path:
    """Whole or not at all. Raises InputError for a file that is there already, or a name that is not dataset.yaml."""
    if path.is_dir():
        path = path / FILE_NAME
    if path.name != FILE_NAME:
        raise InputError(
            f"{path.name} would not be found again: the file is called {FILE_NAME}.",
            hint=f"Give a folder, or a path that ends in {FILE_NAME}.",
        )
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists already.", hint="Add --overwrite to replace it, or choose another folder.")
    return write_text(path, _HEAD + dump_yaml(to_values(dataset_file(report, path.parent))))


def _known(report: DatasetReport) -> DatasetFile | None:
    """The dataset.yaml that the report came from: what it says of the files stays."""
    if report.layout != "dataset_yaml":
        return None
    path = report.folder / FILE_NAME
    try:
        return read_dataset_file(path)
    except EngineError:
        return None
