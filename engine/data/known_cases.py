"""What an inspection found in each case, kept for the next one: a file that has not changed is not opened again.

One file a dataset and its settings in `cache_folder()/inspections`: hashes, counts and small grey copies (32 × 32), as
an inspection keeps them; no name or path. A case is known again by path, size, times and inode of its files and by what
its masks mean. Left out, and so opened every time: DICOM and other scans of several files, and files that changed just
before they were looked at, since a further change might leave size and time as they are.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.contract.errors import EngineError
from engine.contract.whole_file import write_bytes
from engine.data.cache.key import dataset_key
from engine.data.cache.pack import removed
from engine.data.config import DataConfig
from engine.data.fingerprint import Fingerprint
from engine.data.grey_histogram import GreyHistogram
from engine.data.problem import Problem
from engine.data.readers.base import Case
from engine.data.seen_case import SeenCase
from engine.data.slices import relative_to
from engine.runs.folders import cache_folder
from engine.volumes.preprocess import Window

SETTLED_NS = 3_000_000_000
"""How long ago a file must have changed: file systems count time in steps of up to two seconds."""
_SINGLE = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".nii", ".nii.gz")
_MOST_DATASETS = 30
_PLAIN = ("is_volume", "cut", "objects", "digest", "has_void", "mask_digest", "fills_corners", "content")

Found = tuple[SeenCase, list[Problem]]


def inspections_folder() -> Path:
    return cache_folder() / "inspections"


class KnownCases:
    """Of one dataset: `find` what was found before, `keep` what is found now, `save` it for the next inspection."""

    def __init__(self, folder: Path, config: DataConfig) -> None:
        settings = config.model_dump(mode="json", exclude={"folder", "labels", "split", "max_cases"})
        about = hashlib.sha256(json.dumps([settings, _code()], sort_keys=True).encode()).hexdigest()[:12]
        self._path = inspections_folder() / f"{dataset_key(folder)}-{about}.jsonl"
        self._folder = folder
        self._before = _read(self._path)
        self._now: dict[str, str] = {}

    def stamp(self, case: Case) -> str:
        """What the case is known again by; "" where it is not. To be taken before its files are opened."""
        parts: list[Any] = []
        for path in (case.image, *(mask.path for mask in case.masks)):
            coded = any(mask.path == path and mask.code is not None for mask in case.masks)
            if not coded and not path.name.lower().endswith(_SINGLE):
                return ""
            try:
                found = path.stat()
            except OSError:
                return ""
            if not stat.S_ISREG(found.st_mode):
                return ""
            if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < SETTLED_NS:
                return ""
            parts.append([str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino])
        parts += [
            [mask.value, sorted(mask.members), sorted(mask.void), mask.exact, repr(mask.code), mask.merged]
            for mask in case.masks
        ]
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def find(self, case: Case, stamp: str) -> Found | None:
        """What `keep` was given for the same stamp."""
        text = self._before.get(stamp) if stamp else None
        if text is None:
            return None
        with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
            found = _restored(json.loads(text), case, self._folder)
            self._now[stamp] = text
            return found
        return None

    def keep(self, stamp: str, item: SeenCase, notes: Sequence[Problem]) -> None:
        if stamp:
            record = _record(item, notes, self._folder)
            if record is not None:
                self._now[stamp] = json.dumps(record, separators=(",", ":"))

    def save(self) -> None:
        """Nothing happens where nothing is new, or the folder cannot be written: the next inspection takes longer."""
        if self._now.keys() <= self._before.keys():
            with contextlib.suppress(OSError):
                os.utime(self._path)
            return
        body = "".join(f"{stamp} {text}\n" for stamp, text in self._now.items()).encode()
        with contextlib.suppress(EngineError, OSError):
            write_bytes(self._path, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            held = sorted(inspections_folder().glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
            for path in held[:-_MOST_DATASETS]:
                removed(path)


def forget(dataset: str = "") -> int:
    """Removes what is kept of all datasets, or of the one with this key; bytes removed."""
    gone = 0
    for path in inspections_folder().glob(f"{dataset or '*'}-*.jsonl"):
        with contextlib.suppress(OSError):
            size = path.stat().st_size
            gone += size if removed(path) else 0
    return gone


def _read(path: Path) -> dict[str, str]:
    """Stamp → record; nothing of a file that is damaged."""
    try:
        check, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if hashlib.sha256(body).hexdigest().encode() != check:
        return {}
    lines = (line.partition(" ") for line in body.decode().splitlines())
    return {stamp: text for stamp, _, text in lines}


def _code() -> str:
    """Changes with the code that reads and judges files: what it found may then be found otherwise."""
    room = Path(engine.__file__).resolve().parent
    known = hashlib.sha256(engine.__version__.encode())
    for name in ("data", "volumes"):
        for path in sorted((room / name).rglob("*.py")):
            found = path.stat()
            known.update(f"{path.relative_to(room)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return known.hexdigest()


def _record(item: SeenCase, notes: Sequence[Problem], folder: Path) -> dict[str, Any] | None:
    """As plain values; None where a note says something of the case that must not be kept."""
    case = item.case
    places = [relative_to(path, folder) for path in (case.image, *(mask.path for mask in case.masks))]
    told = []
    for note in notes:
        text = f"{note.message} {note.fix}"
        if note.path not in places or any(name in text for name in (case.case_id, case.image.name)):
            return None
        told.append([note.kind, note.severity, note.message, note.fix, note.count, note.mending])
        told[-1].append(places.index(note.path))
    window = item.intensity.get("window")
    grey, small = item.grey, item.print
    return {
        **{name: getattr(item, name) for name in _PLAIN},
        "shape": item.shape_zyx,
        "counts": [{str(value): count for value, count in counts.items()} for counts in item.slice_counts],
        "spacing": item.spacing_zyx,
        "values": item.values,
        "intensity": {**item.intensity, "window": None if window is None else window.model_dump()},
        "print": None if small is None else [small.bits, base64.b64encode(small.small).decode()],
        "grey": None
        if grey is None
        else [
            grey.lowest,
            grey.highest,
            base64.b64encode(grey.shares.tobytes()).decode(),
            grey.eight_bits,
            grey.hounsfield,
        ],
        "notes": told,
    }


def _restored(record: dict[str, Any], case: Case, folder: Path) -> Found:
    places = [relative_to(path, folder) for path in (case.image, *(mask.path for mask in case.masks))]
    window, small, grey, spacing = (record["intensity"]["window"], record["print"], record["grey"], record["spacing"])
    depth, height, width = record["shape"]
    item = SeenCase(
        case=case,
        shape_zyx=(depth, height, width),
        slice_counts=tuple({int(value): count for value, count in counts.items()} for counts in record["counts"]),
        spacing_zyx=None if spacing is None else (spacing[0], spacing[1], spacing[2]),
        values=(record["values"][0], record["values"][1]),
        intensity={**record["intensity"], "window": None if window is None else Window.model_validate(window)},
        print=None if small is None else Fingerprint(small[0], base64.b64decode(small[1])),
        grey=None if grey is None else _histogram(*grey),
        **{name: record[name] for name in _PLAIN},
    )
    notes = [
        Problem(kind, severity, message, places[place], fix, count, (case.case_id,), mending)
        for kind, severity, message, fix, count, mending, place in record["notes"]
    ]
    return item, notes


def _histogram(lowest: float, highest: float, shares: str, eight_bits: bool, hounsfield: bool) -> GreyHistogram:
    return GreyHistogram(lowest, highest, np.frombuffer(base64.b64decode(shares), np.float32), eight_bits, hounsfield)
