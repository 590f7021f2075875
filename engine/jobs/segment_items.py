"""What was given → the scans in it: files, DICOM series, and what lies in folders; the rest is left out and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.contract.control import CancelToken
from engine.contract.errors import EngineError, InputError
from engine.contract.jobs import Segment
from engine.jobs.segment_names import Item
from engine.volumes.dicom.files import holds_only_dicom, is_dicom_directory, looks_like_dicom
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import known_suffixes
from engine.volumes.formats.dicom import Dicom
from engine.volumes.reading import list_series
from engine.volumes.stored_receipts import ENDING, stored_receipt

ALL: Final = "all"
_DEEPEST: Final = 8
_NAMED: Final = 3


@dataclass(frozen=True)
class Found:
    """`items` in the order given; `skipped`: how many files of the folders are no scans; `notes` for a person."""

    items: tuple[Item, ...]
    skipped: int = 0
    notes: tuple[str, ...] = ()
    from_folder: bool = False


def find_items(job: Segment, cancel: CancelToken) -> Found:
    """The scans of a job. A folder of nothing but DICOM is one scan, of which `series` names the series ("all": each).

    Any other folder is searched: every file with a scan's suffix, and each series of the DICOM folders in it. Raises
    InputError where nothing is there.
    """
    if not job.scans:
        raise InputError("No scan was given.", hint="Name at least one picture or volume.", field="scans")
    given = list(dict.fromkeys(Path(scan) for scan in job.scans))
    for scan in given:
        if not scan.exists():
            raise InputError(f"{scan} does not exist.", hint="Check the path of the scan.", field="scans")
    if job.series and job.series != ALL and len(given) > 1:
        raise InputError(
            "A series was chosen, but there are several scans.", hint="Give one DICOM folder or file.", field="series"
        )
    items: list[Item] = []
    left_out: list[Path] = []
    from_folder = False
    for path in given:
        cancel.check()
        if path.is_dir() and not _is_dicom_folder(path):
            from_folder = True
            out = Path(job.out).resolve() if job.out else None
            _search(path, items, left_out, cancel, out, 0)
        elif job.series == ALL:
            items += _each_series(path)
        else:
            items.append(Item(path, "" if job.series == ALL else job.series))
    items = list(dict.fromkeys(items))
    if not items:
        named = ", ".join(str(path) for path in given)
        raise InputError(
            f"{named} holds no scan that can be opened.",
            hint=f"These kinds are read: {', '.join(known_suffixes())}, and DICOM whatever its name.",
            field="scans",
        )
    return Found(tuple(items), len(left_out), _told(left_out), from_folder)


def _is_dicom_folder(folder: Path) -> bool:
    return holds_only_dicom(folder, _other_suffixes())


def _other_suffixes() -> tuple[str, ...]:
    return tuple(s for name, known in FORMATS if name != Dicom.name for s in known.suffixes)


def _search(
    folder: Path, items: list[Item], left_out: list[Path], cancel: CancelToken, out: Path | None, depth: int
) -> None:
    """Folder by folder, by name. What earlier calls wrote (masks with a receipt, the folder `out`) is no scan."""
    if depth > _DEEPEST:
        return
    own: list[Path] = []
    dicom = False
    for path in sorted(folder.iterdir()):
        cancel.check()
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            if out is not None and path.resolve() == out:
                continue
            if _is_dicom_folder(path):
                items += _each_series(path)
            else:
                _search(path, items, left_out, cancel, out, depth + 1)
        elif path.name.lower().endswith(_other_suffixes()):
            if not _is_ours(path):
                own.append(path)
        elif is_dicom_directory(path) or path.name.endswith(ENDING):
            continue
        elif looks_like_dicom(path):
            dicom = True
        else:
            left_out.append(path)
    items += [Item(path) for path in own]
    if dicom:
        items += _loose_series(folder)


def _is_ours(path: Path) -> bool:
    """A mask that this program wrote."""
    try:
        return stored_receipt(path) is not None
    except EngineError:
        return False


def _each_series(path: Path) -> list[Item]:
    """Every series of a DICOM folder, or volume of a file that holds several; what cannot be listed stays one item,
    whose reader says why."""
    try:
        entries = list_series(path)
    except EngineError:
        return [Item(path)]
    return [Item(path, entry.id if len(entries) > 1 else "") for entry in entries] or [Item(path)]


def _loose_series(folder: Path) -> list[Item]:
    """The series of DICOM files that lie among others: each is named by its first file, which stands for it."""
    taken: set[str] = set()
    items: list[Item] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.name.startswith(".") or is_dicom_directory(path) or not looks_like_dicom(path):
            continue
        try:
            entries = list_series(path)
        except EngineError:
            continue  # a report, a plan, a mask
        fresh = [entry for entry in entries if entry.id not in taken]
        taken.update(entry.id for entry in fresh)
        items += [Item(path, entry.id if len(entries) > 1 else "") for entry in fresh]
    return items


def _told(left_out: Sequence[Path]) -> tuple[str, ...]:
    if not left_out:
        return ()
    endings = list(dict.fromkeys(path.suffix.lower() or "no ending" for path in left_out))
    shown = ", ".join(endings[:_NAMED]) + (", …" if len(endings) > _NAMED else "")
    files = "1 file is no scan and was" if len(left_out) == 1 else f"{len(left_out)} files are no scans and were"
    return (f"{files} left out ({shown}).",)
