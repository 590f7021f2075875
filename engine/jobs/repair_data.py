"""Many masks of a dataset mended, each as a new file with a log that `dataset.yaml` names in place of the old one.

Originals stay as they are. The new files lie in `tunevlseg-repaired/` beside them. Undoing a repair is to read the
original again (EditDataset); the new file stays, and a later repair of the same mask gets another name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.control import CancelToken, Emit, Ticker
from engine.contract.errors import Cancelled, EngineError, InputError
from engine.contract.jobs import RepairData
from engine.data.config import DataConfig
from engine.data.dataset_edits import EditedFile, edited, open_file, write
from engine.data.dataset_file import dataset_file
from engine.data.findings import DatasetReport
from engine.data.listing import REPAIRED
from engine.data.matching import split_suffix
from engine.data.readers.base import Case, MaskFile
from engine.data.readers.mended import file_key
from engine.data.readers.nameless import nameless
from engine.data.recognition import recognised_layout
from engine.data.regroup import regrouped
from engine.data.repair_log import log_of, write_log
from engine.data.repairs import REPAIRS, Mended
from engine.data.report import inspect
from engine.data.slices import scan_of
from engine.data.split import SPLITS
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import format_name
from engine.volumes.preflight import preflight
from engine.volumes.reading import read_mask
from engine.volumes.volume import Volume
from engine.volumes.writing import mask_suffix, write_mask

KINDS = (*REPAIRS, "leave_out", "regroup", "take_back", "originals")


@dataclass
class _Done:
    """`items`: a row for each mask that was looked at; `repaired`: mask → new file, both seen from the files' home."""

    items: list[dict[str, Any]] = field(default_factory=list)
    repaired: dict[str, str] = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)


def run(job: RepairData, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`items`, `repaired`, `before`, `left_out`, `taken_back`, `moves`, and `path` of the dataset.yaml, where written.

    An item is `{"case_id", "mask", "how", "did", "written", "error", "hint"}`, with `preflight` where geometry is
    compared. A mask that cannot be mended is an item with an error; the others go on. After a cancel nothing is left.
    `before` names what was read in place of each repaired mask until now ("": the mask itself), for an undo.
    Raises InputError for a kind or case that does not exist, and what `open_file` raises.
    """
    if job.mending not in KINDS:
        raise InputError(f"There is no repair {job.mending!r}.", hint=f"Known: {', '.join(KINDS)}.", field="mending")
    file = open_file(Path(job.folder).expanduser(), job.layout)
    report = None if job.cases and job.mending != "regroup" else _inspected(job, emit, cancel, job_id)
    names = list(job.cases) or _told(report, job)
    if job.mending == "regroup":
        assert report is not None
        return _regroup(report, job, file)
    if job.mending == "leave_out":
        about = edited(file.about, left_out=names)
        return _result(_Done(), job, replace(file, about=about), left_out=names)
    if job.mending == "take_back":
        return _result(_Done(), job, replace(file, about=edited(file.about, taken_back=names)), taken_back=names)
    if job.mending == "originals":
        return _originals(job, names, file)
    known = file.about.repaired
    done = _Done()
    try:
        _mend_all(_cases(job, names), job, file, done, Ticker(emit, job_id, len(names), "cases", "repairing"), cancel)
    except Cancelled:
        for path in done.written:
            path.unlink(missing_ok=True)
            log_of(path).unlink(missing_ok=True)
        raise
    result = _result(done, job, replace(file, about=edited(file.about, repaired=done.repaired)))
    return {**result, "before": {name: known.get(name, "") for name in done.repaired}}


def _result(
    done: _Done,
    job: RepairData,
    file: EditedFile,
    left_out: list[str] | None = None,
    taken_back: list[str] | None = None,
    moves: dict[str, str] | None = None,
) -> dict[str, Any]:
    changed = bool(done.repaired or left_out or taken_back or moves)
    path = str(write(file)) if changed and job.note else ""
    return {
        "items": done.items,
        "repaired": done.repaired,
        "left_out": left_out or [],
        "taken_back": taken_back or [],
        "moves": moves or {},
        "path": path,
    }


def _originals(job: RepairData, names: list[str], file: EditedFile) -> dict[str, Any]:
    """The masks of these cases read as they were; their mended copies stay where they are."""
    first = {path: name for name, path in file.about.repaired.items()}
    keys = [file_key(mask.path, file.home) for case in _cases(job, names) for mask in case.masks]
    done = _Done(repaired={first[key]: "" for key in keys if key in first})
    result = _result(done, job, replace(file, about=edited(file.about, repaired=done.repaired)))
    return {**result, "before": {name: file.about.repaired[name] for name in done.repaired}}


def _inspected(job: RepairData, emit: Emit, cancel: CancelToken, job_id: str) -> DatasetReport:
    return inspect(DataConfig(folder=job.folder, layout=job.layout), job.seed, emit, cancel, job_id=job_id)


def _told(report: DatasetReport | None, job: RepairData) -> list[str]:
    """The cases of the problems that this repair mends."""
    found = [] if report is None else [problem for problem in report.problems if problem.mending == job.mending]
    wanted = [problem for problem in found if not job.problem or problem.kind == job.problem]
    return list(dict.fromkeys(case for problem in wanted for case in problem.cases))


def _cases(job: RepairData, names: list[str]) -> list[Case]:
    folder = Path(job.folder).expanduser()
    _, layout = recognised_layout(DataConfig(folder=job.folder, layout=job.layout), folder)
    known = {case.case_id: case for case in nameless(layout.cases(folder)).cases}
    missing = [name for name in names if name not in known]
    if missing:
        raise InputError(
            f"There is no case {missing[0]} in {folder.name}.", hint="Look at the dataset again.", field="cases"
        )
    return [known[name] for name in names]


def _mend_all(
    cases: list[Case], job: RepairData, file: EditedFile, done: _Done, ticker: Ticker, cancel: CancelToken
) -> None:
    # A mask that is mended once more is known under its first name.
    first = {path: name for name, path in file.about.repaired.items()}
    for case in cases:
        cancel.check()
        for mask in _files(case):
            key = file_key(mask.path, file.home)
            row = {"case_id": case.case_id, "mask": first.get(key, key), "how": "", "did": "", "written": ""}
            try:
                row |= _mend(case, mask, job, file, first.get(key, key), done)
            except EngineError as error:
                if isinstance(error, Cancelled):
                    raise
                row |= {"error": error.message, "hint": error.hint}
            done.items.append(row)
        ticker.step()


def _files(case: Case) -> Iterator[MaskFile]:
    """Each file once: several labels may be read from one."""
    seen: set[Path] = set()
    for mask in case.masks:
        if mask.path not in seen:
            seen.add(mask.path)
            yield mask


def _mend(case: Case, mask: MaskFile, job: RepairData, file: EditedFile, key: str, done: _Done) -> dict[str, Any]:
    if mask.code is not None:
        raise InputError(
            f"{mask.path.name} holds colours or outlines, no label numbers.", hint="Mend it in the program it is from."
        )
    scan, found = scan_of(case.image, number=case.volume), read_mask(mask.path)
    if job.only_compare:
        return {"preflight": preflight(scan, found).to_dict()}
    made = REPAIRS[job.mending](scan, found, job.how)
    told: dict[str, Any] = {"how": made.how, "did": made.did}
    if made.preflight:
        told["preflight"] = made.preflight
    if made.labels is None:
        return told
    out = _new_file(file.home / REPAIRED, key, _suffix(scan, mask.path))
    _write(case, mask, scan, found, made, out)
    done.written.append(out)
    done.repaired[key] = file_key(out, file.home)
    return {**told, "written": done.repaired[key]}


def _write(case: Case, mask: MaskFile, scan: Volume, found: Volume, made: Mended, out: Path) -> None:
    assert made.labels is not None
    write_mask(made.labels, out, scan)
    voxels = (int(np.count_nonzero(found.voxels)), int(np.count_nonzero(made.labels)))
    differences = made.preflight.get("differences", ())
    write_log(out, made.how, made.did, image=case.image, mask=mask.path, voxels=voxels, differences=differences)


def _suffix(scan: Volume, mask: Path) -> str:
    """The mask's own where a volume's mask can have it; pictures become PNG, which keeps every value."""
    known = FORMATS.get(format_name(mask) or "picture").mask_suffixes
    own = [suffix for suffix in known if mask.name.lower().endswith(suffix)]
    return max(own, key=len) if own and not scan.is_picture else ".png" if scan.is_picture else mask_suffix(scan)


def _new_file(folder: Path, key: str, suffix: str) -> Path:
    """A name of which nothing exists yet, in the same sub-folders as the mask."""
    inner = Path(key) if not Path(key).is_absolute() else Path(Path(key).name)
    stem = split_suffix(inner.name)[0]
    at, path = 2, folder / inner.parent / f"{stem}{suffix}"
    while path.exists() or log_of(path).exists():
        at, path = at + 1, path.with_name(f"{stem}-{at}{suffix}")
    return path


def _regroup(report: DatasetReport, job: RepairData, file: EditedFile) -> dict[str, Any]:
    """Leaks ended: all splits are written as they are, but for the cases that move."""
    problems = [problem for problem in report.problems if problem.mending == "regroup"]
    groups = [
        problem.cases
        for problem in problems
        if (not job.problem or problem.kind == job.problem) and (not job.cases or set(job.cases) & set(problem.cases))
    ]
    split_of = {item.case.case_id: item.split for item in report.cases}
    moves = regrouped(groups, {item.case.case_id: item.case.patient for item in report.cases}, split_of)
    now = split_of | moves
    splits = {split: tuple(case for case, held in now.items() if held == split) for split in SPLITS}
    about = dataset_file(report, file.path.parent).model_copy(
        update={"splits": {split: names for split, names in splits.items() if names}}
    )
    return _result(_Done(), job, replace(file, about=about), moves=moves)
