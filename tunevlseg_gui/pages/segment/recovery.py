"""Edits that were not saved: kept in the data folder, offered again when the scan is opened, refused on another scan.

A file is named by a hash of the scan's path, and says nothing of the path or the patient. It holds masks as packed
bits and what they are called, and the sha256 of the scan's content, so that masks never come onto a changed scan.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLockFile

from engine.contract.errors import InputError
from engine.contract.whole_file import write_whole
from engine.runs.folders import data_folder
from engine.volumes.segments import scan_sha256
from tunevlseg_gui.translation import translate
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan import ViewedScan

VERSION = 1
LONG_S = 3600.0
"""No writing takes so long."""
_PIECE = 1 << 23  # voxels, a multiple of 8


@dataclass(frozen=True)
class Origin:
    """What the masks came from, as SaveMask is told."""

    bundle: str = ""
    axis: str = ""
    label: str = ""


@dataclass(frozen=True, eq=False)
class KeptMask:
    """One mask: `bits` are packed along the whole volume."""

    phrase: str
    colour: tuple[int, int, int]
    bits: NDArray[np.uint8]
    voxels: int


@dataclass(frozen=True, eq=False)
class KeptEdits:
    scan_sha256: str
    shape_zyx: tuple[int, int, int]
    origin: Origin
    masks: tuple[KeptMask, ...]

    def layers(self) -> list[Layer]:
        """Edited layers without an answer of a model: 0 and 255, [z, y, x]."""
        made = []
        for kept in self.masks:
            count = int(np.prod(self.shape_zyx))
            levels = np.unpackbits(kept.bits, count=count).reshape(self.shape_zyx)
            np.multiply(levels, 255, out=levels)
            counts = np.zeros(256, np.int64)
            counts[255], counts[0] = kept.voxels, count - kept.voxels
            made.append(Layer(kept.phrase, levels, kept.colour, counts=counts, edited=True))
        return made


def recovery_folder() -> Path:
    return data_folder() / "unsaved"


def kept_file(scan: Path, series: str, session: str) -> Path:
    """Where the edits of this scan are kept; each session of a window has a file of its own."""
    return recovery_folder() / f"{_scan_name(scan)}-{_hash(series)[:8]}-{session}.npz"


def kept_of(scan: Path, series: str = "") -> Path | None:
    """The newest edits of this scan that no open window holds."""
    pattern = f"{_scan_name(scan)}-{_hash(series)[:8]}-*.npz"
    found = sorted(recovery_folder().glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    return next((path for path in found if is_free(path)), None)


def unsaved_among(scans: Sequence[Path]) -> list[Path]:
    """Which of these scans have edits that were not saved and that no open window holds.

    What a window that was killed had half written goes.
    """
    for half in recovery_folder().glob(".writing-*"):
        with contextlib.suppress(OSError):
            if time.time() - half.stat().st_mtime > LONG_S:
                half.unlink()
    names = list(recovery_folder().glob("*.npz"))
    found = []
    for scan in scans:
        kept = [path for path in names if path.name.startswith(f"{_scan_name(scan)}-")]
        if scan.exists() and any(is_free(path) for path in kept):
            found.append(scan)
    return found


def locked(path: Path) -> QLockFile | None:
    """Held while a window is open; None where it cannot be had. One of a process that is gone counts for nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    return lock if lock.tryLock(0) else None


def is_free(path: Path) -> bool:
    lock = locked(path)
    if lock is None:
        return False
    lock.unlock()
    return True


def content_of(scan: ViewedScan) -> str:
    """sha256 of the scan's voxels and place; reads all of it."""
    place = [] if scan.geometry is None else [float(value) for value in scan.geometry.matrix.ravel()]
    return scan_sha256(scan.voxels, place)


def keep(path: Path, scan_sum: str, layers: Sequence[Layer], origin: Origin) -> Path:
    """Writes the edited ones among `layers`, whole or not at all. Raises DiskFull, InputError."""
    edited = [layer for layer in layers if layer.edited]
    about = {
        "version": VERSION,
        "scan_sha256": scan_sum,
        "shape_zyx": list(edited[0].levels.shape),
        "origin": {"bundle": origin.bundle, "axis": origin.axis, "label": origin.label},
        "masks": [{"phrase": layer.phrase, "colour": list(layer.colour)} for layer in edited],
    }
    arrays = {f"mask{number}": _packed(layer.levels) for number, layer in enumerate(edited)}

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            np.savez_compressed(file, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)

    return write_whole(path, write)


def read(path: Path) -> KeptEdits:
    """Raises InputError for a file that is damaged or gone."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes())
            if about["version"] != VERSION:
                raise ValueError("another version")
            z, y, x = (int(size) for size in about["shape_zyx"])
            masks = []
            for number, known in enumerate(about["masks"]):
                bits = stored[f"mask{number}"]
                if bits.dtype != np.uint8 or bits.shape != ((z * y * x + 7) // 8,):
                    raise ValueError("a mask of another size")
                red, green, blue = (min(max(int(part), 0), 255) for part in known["colour"])
                voxels = int(np.bitwise_count(bits).sum())
                masks.append(KeptMask(str(known["phrase"]), (red, green, blue), bits, voxels))
            origin: dict[str, Any] = about["origin"]
            return KeptEdits(
                str(about["scan_sha256"]),
                (z, y, x),
                Origin(str(origin["bundle"]), str(origin["axis"]), str(origin["label"])),
                tuple(masks),
            )
    except Exception as error:
        raise InputError(
            translate("Recovery", "The edits that were kept of this scan cannot be read."),
            hint=translate("Recovery", "They are left where they are."),
        ) from error


def forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _scan_name(scan: Path) -> str:
    return _hash(str(scan.resolve()))


def _packed(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """In pieces of whole bytes: packing all at once would keep the window's thread waiting."""
    flat = levels.reshape(-1)
    return np.concatenate([np.packbits(flat[at : at + _PIECE]) for at in range(0, flat.size, _PIECE)])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]
