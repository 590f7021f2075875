"""The child that opens files: `python -m engine.volumes.reader_child FOLDER`; JSON lines in and out."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from engine.contract.errors import DiskFull, EngineError, ScanUnreadable
from engine.volumes.early import EarlySlices, Grown
from engine.volumes.reading import list_series_here, read_mask_here, read_scan_here
from engine.volumes.volume import Volume


def main() -> None:
    """Serves until standard input closes; then removes what the parent did not fetch."""
    folder = Path(sys.argv[-1])
    # Ctrl+C in a terminal reaches the child too; its parent decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _private_output()
    written: list[Path] = []
    for line in sys.stdin:
        request = json.loads(line)
        answer = _answer(request, folder, answers)
        if "voxels" in answer and "voxels" not in request:
            written = [file for file in written if file.exists()]
            written.append(Path(answer["voxels"]))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    for file in written:
        file.unlink(missing_ok=True)


def _private_output() -> TextIO:
    """Standard output for answers only: what native libraries print there goes to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _answer(request: dict[str, Any], folder: Path, answers: TextIO) -> dict[str, Any]:
    path, shown, series = Path(request["path"]), request["shown"], request["series"]
    try:
        if request["task"] == "list":
            return {"series": [entry.to_dict() for entry in list_series_here(path)]}
        if request["task"] == "mask":
            volume = read_mask_here(path, series)
        elif "early" in request:
            volume = _read_early(path, series, Path(request["early"]), answers)
        else:
            volume = read_scan_here(path, series)
        file = Path(request["voxels"]) if "voxels" in request else None
        return {**_described(volume), "voxels": str(_hand_over(volume, folder, file))}
    except MemoryError:
        return _problem(ScanUnreadable(f"{shown} does not fit into memory.", hint="Close other programs or crop it."))
    except EngineError as problem:
        problem.message = problem.message.replace(str(path), shown)
        return _problem(problem)
    except Exception:  # noqa: BLE001 - told to the parent, which raises it there as the bug it is
        return {"bug": traceback.format_exc()}


def _read_early(path: Path, series: str, file: Path, answers: TextIO) -> Volume:
    def tell(grown: Grown) -> None:
        news = {
            "first": grown.first,
            "last": grown.last,
            "slices": grown.slices,
            "geometry": grown.geometry.to_dict() if grown.geometry is not None else None,
            "window": grown.window,
        }
        answers.write(json.dumps({"grown": news}) + "\n")
        answers.flush()

    early = EarlySlices(file, tell)
    try:
        return read_scan_here(path, series, early)
    finally:
        early.close()


def _problem(problem: EngineError) -> dict[str, Any]:
    return {"error": type(problem).__name__, "message": problem.message, "hint": problem.hint, "field": problem.field}


def _described(volume: Volume) -> dict[str, Any]:
    return {
        "geometry": volume.geometry.to_dict() if volume.geometry is not None else None,
        "format": volume.format,
        "notes": list(volume.notes),
        "header": base64.b64encode(volume.header).decode("ascii"),
        "stored_dimensions": volume.stored_dimensions,
        "lossy": volume.lossy,
        "window": volume.window,
        "title": volume.title,
    }


def _hand_over(volume: Volume, folder: Path, wanted: Path | None) -> Path:
    """Into the file that is `wanted`, else into one in the folder of the child."""
    if wanted is None:
        handle, name = tempfile.mkstemp(suffix=".npy", dir=folder)
        os.close(handle)
    path = wanted or Path(name)
    try:
        with path.open("wb") as file:
            np.save(file, np.ascontiguousarray(volume.voxels), allow_pickle=False)
    except OSError as error:
        path.unlink(missing_ok=True)
        where, hint = "the temporary folder", "Free some space, or set TMPDIR (Windows: TEMP) to another folder."
        if wanted is not None:
            where, hint = "the cache", "Free some space, or let TUNEVLSEG_HOME name a folder on another disk."
        raise DiskFull(
            f"The disk of {where} is full: {volume.voxels.nbytes / 2**20:,.0f} MiB are needed.", hint=hint
        ) from error
    return path


if __name__ == "__main__":
    main()
