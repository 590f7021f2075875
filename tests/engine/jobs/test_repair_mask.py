"""`tunevlseg data repair`: a new file on the scan's grid and a log; the originals stay as they were."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.contract.errors import GridMismatch, InputError
from engine.contract.jobs import RepairMask
from engine.jobs.repair_mask import run
from engine.volumes.geometry import Geometry
from engine.volumes.reading import read_mask_here
from engine.volumes.volume import Volume
from engine.volumes.writing import write_mask
from tests.fakes.dicom_files import evenly, write_series

SHAPE = (4, 6, 8)
PLACED = Geometry((0.5, 0.7, 2.5), (-10.0, -20.0, 30.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
MIRRORED = Geometry((0.5, 0.7, 2.5), (-6.5, -20.0, 30.0), (-1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3, SHAPE).astype(np.uint8)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_mask(np.ones(SHAPE, np.uint8), tmp_path / "scan.nii.gz", Volume(np.zeros(SHAPE), PLACED))


@pytest.fixture
def mask(tmp_path: Path, labels: np.ndarray) -> Path:
    """The labels stored from left to right: the other way round than the scan."""
    return write_mask(labels[:, :, ::-1], tmp_path / "mask.nrrd", Volume(np.zeros(SHAPE), MIRRORED))


def go(*job: str, **more: bool) -> dict:
    return run(RepairMask(*job, **more), lambda _event: None, CancelToken(), "job")


def test_a_mirrored_mask_comes_back_with_a_log(scan: Path, mask: Path, labels: np.ndarray, tmp_path: Path) -> None:
    before = (scan.read_bytes(), mask.read_bytes())
    out = tmp_path / "new" / "mended.nii.gz"
    result = go(str(scan), str(mask), "reorient", str(out))
    assert np.array_equal(read_mask_here(out).voxels, labels)
    assert read_mask_here(out).geometry == read_mask_here(scan).geometry
    assert (scan.read_bytes(), mask.read_bytes()) == before
    log = json.loads(Path(result["log"]).read_text(encoding="utf-8"))
    assert log["repair"] == "reorient"
    assert log["mask"]["file"] == "mask.nrrd"
    assert log["mask"]["voxels"] == log["written"]["voxels"] == np.count_nonzero(labels)
    assert {"what": "axes run to", "scan": "LPS", "mask": "RPS"} in log["differences"]


def test_originals_and_other_files_are_never_written_over(scan: Path, mask: Path, tmp_path: Path) -> None:
    for target in (scan, mask):
        with pytest.raises(InputError, match="there already"):
            go(str(scan), str(mask), "reorient", str(target), overwrite=True)
    out = tmp_path / "out.nii.gz"
    go(str(scan), str(mask), "reorient", str(out))
    with pytest.raises(InputError, match="there already"):
        go(str(scan), str(mask), "reorient", str(out))
    go(str(scan), str(mask), "reorient", str(out), overwrite=True)


def test_a_repair_that_does_not_fit_writes_nothing(scan: Path, mask: Path, tmp_path: Path) -> None:
    with pytest.raises(GridMismatch, match="does not fit"):
        go(str(scan), str(mask), "copy-header", str(tmp_path / "out.nii.gz"))
    assert not (tmp_path / "out.nii.gz").exists()


def test_a_mask_is_mended_onto_a_dicom_series(mask: Path, labels: np.ndarray, tmp_path: Path) -> None:
    write_series(tmp_path / "series", evenly(4))
    out = tmp_path / "out.nii.gz"
    go(str(tmp_path / "series"), str(mask), "reorient", str(out))
    assert np.array_equal(read_mask_here(out).voxels, labels)


def test_the_command_compares_and_mends(
    scan: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "repair", str(scan), str(mask)]) == 2
    said = capsys.readouterr().out
    assert "axes run to" in said
    assert "reorient: stores the same voxels" in said
    out = tmp_path / "out.nii.gz"
    assert main(["data", "repair", str(scan), str(mask), "--how", "reorient", "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    assert main(["data", "repair", str(scan), str(out)]) == 0
    assert "the same grid" in capsys.readouterr().out
