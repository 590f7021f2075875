"""Where the window keeps what the engine prepared for it: views of scans and probabilities, in the cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from pathlib import Path

from PySide6.QtCore import QObject

import engine
from engine.runs.folders import cache_folder
from tunevlseg_gui.bridge.background import run_task

KEPT_VIEWS = 4


def views_folder() -> Path:
    return cache_folder() / "views"


def view_folder(scan: Path, series: str = "", files: str = "") -> Path:
    """A folder for this state of this file; its name says nothing about the patient.

    For DICOM: of this series, made of files whose state `files` stands for.
    """
    try:
        known = scan.stat()
        stamp = f"{known.st_size}-{known.st_mtime_ns}"
    except OSError:
        stamp = "missing"
    # Another version of the program may read the same file in another way.
    name = hashlib.sha256(f"{scan.resolve()}|{stamp}|{series}|{files}|{engine.__version__}".encode()).hexdigest()[:20]
    return views_folder() / name


def mask_view_folder(mask: Path) -> Path:
    """Of a file that is read as labels: it may be a scan's file as well."""
    return view_folder(mask, "labels")


def is_prepared(view: Path) -> bool:
    """Whether the scan was opened before and is still there; then it counts as used just now."""
    if not (view / "scan.json").is_file():
        return False
    with contextlib.suppress(OSError):
        os.utime(view)
    return True


def answers_folder(view: Path) -> Path:
    """A fresh folder for the probabilities of one question: files that are on show are never written over."""
    return view / "answers" / uuid.uuid4().hex[:12]


def remove_folder(folder: Path) -> None:
    """What cannot be removed stays: it is only a cache."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_soon(parent: QObject, folder: Path) -> None:
    """Off the window's thread."""
    run_task(parent, lambda: remove_folder(folder), lambda _done: None)


def tidy_views(keep: Path) -> None:
    """Leaves the newest few views and clears the answers of all but `keep`."""
    try:
        views = sorted((path for path in views_folder().iterdir() if path.is_dir()), key=_changed, reverse=True)
    except OSError:
        return
    for path in views[KEPT_VIEWS:]:
        if path != keep:
            remove_folder(path)
    for path in views[:KEPT_VIEWS]:
        if path != keep:
            remove_folder(path / "answers")


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
