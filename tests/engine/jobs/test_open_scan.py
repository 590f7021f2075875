from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, DiskFull, InputError, ScanUnreadable
from engine.contract.events import Event
from engine.contract.jobs import OpenScan
from engine.jobs.open_scan import run


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).save(path)
    return path


def open_it(scan: Path, out: Path, cancel: CancelToken | None = None) -> dict[str, object]:
    said: list[Event] = []
    return run(OpenScan(str(scan), str(out)), said.append, cancel or CancelToken(), "job")


def test_the_window_finds_voxels_and_description(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "view"
    result = open_it(scan, out)
    assert result["folder"] == str(out)
    assert np.array_equal(np.load(out / "voxels.npy")[0], np.asarray(Image.open(scan)))
    described = json.loads((out / "scan.json").read_text(encoding="utf-8"))
    assert {**described, "folder": str(out)} == result


def test_an_unreadable_scan_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "b.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    with pytest.raises(ScanUnreadable, match=r"b\.png"):
        open_it(broken, tmp_path / "view")
    assert not (tmp_path / "view").exists()


def test_a_cancelled_job_writes_nothing(scan: Path, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        open_it(scan, tmp_path / "view", cancel)
    assert not (tmp_path / "view").exists()


def test_a_full_disk_is_told_and_nothing_half_written_stays(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object, *_args: object, **_more: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, "No space left on device")

    def refuse(*_paths: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")  # as Windows does while a file is mapped

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DiskFull, match="disk is full"):
        open_it(scan, tmp_path / "view")
    assert not (tmp_path / "view").exists()


def test_a_file_in_place_of_the_folder_is_told(scan: Path, tmp_path: Path) -> None:
    (tmp_path / "view").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be written"):
        open_it(scan, tmp_path / "view")
