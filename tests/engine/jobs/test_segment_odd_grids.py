"""Oblique, sheared and mirrored scans asked and saved in every format: where ITK and the bytes say that masks lie."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.control import CancelToken
from engine.contract.jobs import Segment
from engine.jobs.segment import run
from tests.fakes.tiny_bundle import write_tiny_bundle

FOLDER = "niivue_nifti_odd"
SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".seg.nrrd", ".mha", ".mhd")
CLOSE = 1e-3
"""Voxels that a corner may move by."""

DARK = ("LAS_drawing_correct.nii.gz", "LAS_drawing_incorrect.nii.gz", "minimal.nii.gz")
"""They show nothing bright."""

Grid = tuple[np.ndarray, tuple[int, ...]]


def by_itk(path: Path) -> Grid:
    """Index → LPS in mm, and the size, as ITK reads the header; of a 4-D file (segments) the first three axes."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    count = reader.GetDimension()
    matrix = np.eye(4)
    direction = np.array(reader.GetDirection()).reshape(count, count)[:3, :3]
    matrix[:3, :3] = direction * np.array(reader.GetSpacing())[:3]
    matrix[:3, 3] = reader.GetOrigin()[:3]
    return matrix, reader.GetSize()[:3]


def nifti_header(path: Path) -> bytes:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return file.read(348)


def by_sform(path: Path) -> Grid:
    """The same by the sform's bytes, which ITK leaves aside where they hold a shear."""
    header = nifti_header(path)
    rows = np.frombuffer(header[280:328], "<f4").reshape(3, 4).astype(float)
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.vstack([rows, [0, 0, 0, 1]])
    return matrix, tuple(int(size) for size in np.frombuffer(header[42:48], "<i2"))


def moved(one: Grid, other: Grid) -> float:
    """How far the farthest corner lies from where it should, in voxels of `one`."""
    (matrix, size), (found, _) = one, other
    corners = np.array([[x, y, z, 1] for x in (0, size[0] - 1) for y in (0, size[1] - 1) for z in (0, size[2] - 1)])
    return float(np.abs(np.linalg.inv(matrix) @ found @ corners.T - corners.T)[:3].max())


@pytest.mark.parametrize(
    ("name", "told_by"),
    [
        ("FLAIR.nii.gz", by_sform),  # oblique by 19 degrees
        ("shear.nii.gz", by_sform),
        ("FLAIR.nrrd", by_itk),
        ("LAS_drawing_correct.nii.gz", by_sform),
        ("LAS_drawing_incorrect.nii.gz", by_sform),
        ("minimal.nii.gz", by_itk),  # neither qform nor sform
        ("mha.mha", by_itk),
        ("nifti_space/PSL.nii.gz", by_sform),
    ],
)
def test_masks_lie_on_their_scan_in_every_format(name: str, told_by, shared_data: Path, tmp_path: Path) -> None:
    scan = shared_data / FOLDER / name
    expected = told_by(scan)
    bundle = write_tiny_bundle(tmp_path / "tiny.vlseg")
    kept = None
    for suffix in (".nii", ".nrrd", ".mha") if "shear" in name else SUFFIXES:  # a large one
        out = tmp_path / f"mask{suffix}"
        job = Segment([str(scan)], str(bundle), ["bright"], str(out), "acquisition", 0.13, presence=0.0)
        (made,) = run(job, lambda _event: None, CancelToken(), "job")["masks"]
        assert Path(made["mask"]) == out
        found = by_sform(out) if ".nii" in suffix and told_by is by_sform else by_itk(out)
        assert found[1] == expected[1], suffix
        assert moved(expected, found) < CLOSE, suffix
        if ".nii" in suffix and name.endswith(".nii.gz"):
            ours, theirs = nifti_header(out), nifti_header(scan)
            assert ours[76:108] == theirs[76:108]  # pixdim
            assert ours[252:328] == theirs[252:328]  # qform and sform with their codes
        voxels = sitk.GetArrayFromImage(sitk.ReadImage(str(out))) > 0
        kept = voxels if kept is None else kept
        assert kept.any() or name in DARK
        assert np.array_equal(voxels.reshape(kept.shape), kept), suffix
