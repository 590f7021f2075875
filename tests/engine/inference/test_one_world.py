"""One head, stored in many axis orders, gives one mask in the world (decision 7)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.control import CancelToken
from engine.contract.jobs import Segment
from engine.jobs.segment import run
from engine.volumes.reading import read_mask, read_scan
from tests.fakes.tiny_bundle import write_tiny_bundle


@pytest.mark.parametrize("axis", ["axial", "coronal", "sagittal"])
def test_the_mask_of_a_head_does_not_depend_on_its_storage_order(axis: str, shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "niivue_nifti_odd" / "nifti_space").glob("*.nii.gz"))
    assert len(files) >= 19
    bundle = write_tiny_bundle(tmp_path / "tiny.vlseg")
    job = Segment([str(file) for file in files], str(bundle), ["bright"], str(tmp_path / "masks"), axis)
    result = run(job, lambda _event: None, CancelToken(), "job")

    first = read_scan(files[0])
    assert first.geometry is not None
    # Points of the world, each in the middle of a voxel of the first file; looked up in every mask by its own header.
    random = np.random.default_rng(0)
    voxels = np.stack([random.integers(0, size, 4000) for size in first.shape_zyx], axis=1)
    to_world = first.geometry.matrix
    world = to_world[:3, :3] @ voxels[:, ::-1].T + to_world[:3, 3:]
    answers = []
    for entry in result["masks"]:
        mask = read_mask(Path(entry["mask"]))
        assert mask.geometry is not None
        back = np.linalg.inv(mask.geometry.matrix)
        x, y, z = np.rint(back[:3, :3] @ world + back[:3, 3:]).astype(int)
        answers.append(mask.voxels[z, y, x])
    assert 0 < np.count_nonzero(answers[0]) < len(answers[0])
    for file, answer in zip(files, answers, strict=True):
        assert np.array_equal(answer, answers[0]), file.name
