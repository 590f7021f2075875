"""A second inspection opens what has changed, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data import known_cases
from engine.data.config import DataConfig
from engine.data.findings import DatasetReport
from engine.data.known_cases import KnownCases, forget, inspections_folder
from engine.data.readers.base import Case, MaskFile
from engine.data.seen_case import notes_of, remember
from engine.data.slices import open_case

Inspected = Callable[..., DatasetReport]


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that these tests have just drawn count as settled."""
    monkeypatch.setattr(known_cases, "SETTLED_NS", -(10**15))


def _blind(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on opening a case is noted."""
    opened: list[str] = []

    def noting(case: Case, root: Path) -> Any:
        opened.append(case.case_id)
        return open_case(case, root)

    monkeypatch.setattr("engine.data.report.open_case", noting)
    return opened


@pytest.mark.parametrize("kind", ["pairs", "volumes", "jpegs"])
def test_an_inspection_again_opens_nothing(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "jpegs":  # masks that are cut, each with a note
        for number in range(5):
            make.pair(tmp_path / f"images/c{number}.jpg", tmp_path / f"masks/c{number}.jpg", seed=number)
    else:
        getattr(make, kind)(tmp_path, 5)
    first = inspected(tmp_path)
    opened = _blind(monkeypatch)
    again = inspected(tmp_path)
    assert opened == []
    assert again.to_dict() == first.to_dict()
    assert again.cases == first.cases
    assert (kind == "jpegs") == any(problem.kind == "mask_cut" for problem in again.problems)


def test_every_field_comes_back(tmp_path: Path, make: Any) -> None:
    make.save(tmp_path / "i.png", np.random.default_rng(0).integers(0, 60_000, (40, 50)).astype(np.uint16))
    make.save(tmp_path / "m.png", make.disc(40, 50))
    case = Case("i", "p", tmp_path / "i.png", (MaskFile(tmp_path / "m.png"),))
    config = DataConfig(folder=str(tmp_path), intensity="window", window_center=10, window_width=50)
    opened = open_case(case, tmp_path)
    item, notes = remember(opened, config), notes_of(opened, tmp_path)
    known = KnownCases(tmp_path, config)
    known.keep(known.stamp(case), item, notes)
    known.save()
    later = KnownCases(tmp_path, config)
    found = later.find(case, later.stamp(case))
    assert found is not None
    assert found[1] == notes
    for field in fields(item):
        one, other = getattr(item, field.name), getattr(found[0], field.name)
        if field.name == "grey":
            assert np.array_equal(one.shares, other.shares)
            assert (one.lowest, one.highest, one.eight_bits) == (other.lowest, other.highest, other.eight_bits)
        else:
            assert one == other, field.name


@pytest.mark.parametrize("same_time", [True, False])
@pytest.mark.parametrize("what", ["images", "masks"])
def test_a_changed_file_is_opened(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch, what: str, same_time: bool
) -> None:
    inspected(make.pairs(tmp_path, 4))
    path = tmp_path / what / "c2.png"
    before = path.stat()
    make.save(path, make.picture(seed=50) if what == "images" else make.disc(seed=50))
    if same_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    opened = _blind(monkeypatch)
    again = inspected(tmp_path)
    assert opened == ["c2"]
    shutil.rmtree(inspections_folder())
    assert inspected(tmp_path).cases == again.cases


def test_a_file_that_became_unreadable(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    inspected(make.pairs(tmp_path, 4))
    (tmp_path / "images/c1.png").write_bytes(b"no picture")
    report = inspected(tmp_path)
    assert [problem.path for problem in report.problems if problem.severity == "error"] == ["images/c1.png"]
    # What could not be read is not remembered.
    make.save(tmp_path / "images/c1.png", make.picture(seed=1))
    assert len(inspected(tmp_path).cases) == 4


def test_files_that_changed_a_moment_ago_are_opened_again(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_cases, "SETTLED_NS", 10**15)
    inspected(make.pairs(tmp_path, 3))
    opened = _blind(monkeypatch)
    inspected(tmp_path)
    assert len(opened) == 3


def test_other_settings_and_other_code_know_nothing(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspected(make.volumes(tmp_path, 3))
    opened = _blind(monkeypatch)
    inspected(tmp_path, plane="coronal")
    assert len(opened) == 3
    monkeypatch.setattr(known_cases, "_code", lambda: "another")
    inspected(tmp_path)
    assert len(opened) == 6


def test_dicom_and_detached_headers_are_always_opened(tmp_path: Path) -> None:
    known = KnownCases(tmp_path, DataConfig(folder=str(tmp_path)))
    for name in ("a.dcm", "a.mhd", "a.nhdr", "a.nrrd", "a.mha", "a"):
        (tmp_path / name).write_bytes(b"x")
        assert known.stamp(Case("a", "a", tmp_path / name, ())) == ""
    (tmp_path / "folder.png").mkdir()
    assert known.stamp(Case("f", "f", tmp_path / "folder.png", ())) == ""
    (tmp_path / "b.png").write_bytes(b"x")
    assert known.stamp(Case("b", "b", tmp_path / "b.png", ()))
    assert known.stamp(Case("b", "b", tmp_path / "missing.png", ())) == ""


def test_a_damaged_memory_is_none(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = inspected(make.pairs(tmp_path, 3))
    (path,) = inspections_folder().iterdir()
    whole = path.read_bytes()
    opened = _blind(monkeypatch)
    altered = whole.replace(b'"255":', b'"254":', 1)
    assert altered != whole
    for content in (whole[:-50], altered, whole[:-9] + b"\x00" + whole[-8:], b""):
        path.write_bytes(content)
        opened.clear()
        assert inspected(tmp_path).cases == first.cases
        assert len(opened) == 3


def test_no_name_is_kept(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    folder = tmp_path / "Mustermann"
    for number in range(3):
        make.pair(folder / f"images/Erika{number}.jpg", folder / f"masks/Erika{number}.jpg", seed=number)
    with Image.open(folder / "images/Erika0.jpg") as image:
        marked = image.getexif()
        marked[0x0112] = 3  # turned by the camera's mark: told in a note
        image.save(folder / "images/Erika0.jpg", exif=marked)
    inspected(folder)
    (path,) = inspections_folder().iterdir()
    content = path.read_bytes().lower()
    assert b"notes" in content
    assert b"erika" not in content
    assert b"mustermann" not in content
    assert forget("another") == 0
    assert forget() == len(content)
    assert not list(inspections_folder().iterdir())
