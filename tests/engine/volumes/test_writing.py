"""Masks beside their receipts: both, or neither."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.errors import DiskFull
from engine.volumes.formats.nifti import Nifti
from engine.volumes.reading import read_mask, read_scan
from engine.volumes.stored_receipts import receipt_beside
from engine.volumes.writing import write_mask


def test_a_mask_that_is_not_written_leaves_the_old_one_with_its_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, 4, 5), np.uint8)), str(tmp_path / "scan.nii.gz"))
    scan = read_scan(tmp_path / "scan.nii.gz")
    old, fresh = tmp_path / "old.nii.gz", tmp_path / "fresh.nii.gz"
    write_mask(np.ones((3, 4, 5), bool), old, scan, "first")

    def full(*_: object) -> None:
        raise DiskFull("The disk is full.")

    monkeypatch.setattr(Nifti, "write_mask", full)
    for path in (old, fresh):
        with pytest.raises(DiskFull):
            write_mask(np.zeros((3, 4, 5), bool), path, scan, "second")
    assert receipt_beside(old).read_text() == "first\n"
    assert read_mask(old).voxels.all()
    assert not receipt_beside(fresh).exists()
