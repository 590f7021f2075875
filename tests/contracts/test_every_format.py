"""What every scan format promises; a new file in engine/volumes/formats is tested the moment it exists."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import GridMismatch, InputError, ScanUnreadable
from engine.volumes.formats import FORMATS
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.reading import read_mask_here, read_scan, read_scan_here
from engine.volumes.volume import Volume
from engine.volumes.writing import mask_suffix, write_mask

# DICOM SEG is written over a DICOM series only: formats/test_dicom_seg.py keeps these promises for it.
WRITABLE = [(name, suffix) for name, known in FORMATS if name != "dicom_seg" for suffix in known.mask_suffixes]
READABLE = [(name, suffix) for name, known in FORMATS for suffix in known.suffixes]
SHAPE = (5, 7, 9)


def oblique(seed: int) -> Geometry:
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return Geometry((0.7, 1.3, 2.9), (-101.123456789, 52.1, 733.3), tuple(float(v) for v in rotation.ravel()))


def scan_for(name: str) -> Volume:
    if name == "picture":
        return Volume(np.zeros((1, 7, 9), np.uint8), None, format="picture")
    return Volume(np.zeros(SHAPE, np.int16), oblique(3), format="elsewhere")


def labels_on(scan: Volume, highest: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, highest + 1, scan.shape_zyx).astype(np.uint16)


@pytest.mark.parametrize("highest", [1, 255, 40_000])
@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_a_written_mask_comes_back_on_the_same_grid(name: str, suffix: str, highest: int, tmp_path: Path) -> None:
    scan = scan_for(name)
    labels = labels_on(scan, highest)
    target = tmp_path / f"mask{suffix}"

    assert write_mask(labels, target, scan) == target
    back = read_mask_here(target)

    assert np.array_equal(back.voxels, labels)
    assert back.voxels.dtype == (np.uint8 if highest <= 255 else np.uint16)
    assert back.format == name
    if scan.geometry is None:
        assert back.geometry is None
    else:
        assert back.geometry is not None
        assert max_corner_shift(scan.geometry, back.geometry, SHAPE) < 1e-3


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_the_same_format_keeps_the_geometry_exactly(name: str, suffix: str, tmp_path: Path) -> None:
    first = tmp_path / f"first{suffix}"
    write_mask(labels_on(scan_for(name), 3), first, scan_for(name))
    scan = read_scan_here(first)

    second = write_mask(labels_on(scan, 3), tmp_path / f"second{suffix}", scan)

    assert read_scan_here(second).geometry == scan.geometry
    assert read_scan_here(second).header == scan.header or name == "nifti"
    assert mask_suffix(scan) == suffix


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_masks_of_mirrored_grids_stay_in_place(name: str, suffix: str, tmp_path: Path) -> None:
    if name == "picture":
        pytest.skip("a picture has no grid in the patient")
    for signs in np.ndindex(2, 2, 2):
        flips = 1.0 - 2.0 * np.array(signs)
        # Quarter turns about x and half turns: where a quaternion is hardest to get right.
        for order in ([0, 1, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0]):
            direction = (np.eye(3)[order] * flips).ravel()
            geometry = Geometry((0.5, 0.75, 4.0), (10.0, -20.0, 30.5), tuple(float(v) for v in direction))
            scan = Volume(np.zeros(SHAPE, np.int16), geometry)
            back = read_mask_here(write_mask(labels_on(scan, 2), tmp_path / f"m{suffix}", scan))
            assert back.geometry is not None
            assert max_corner_shift(geometry, back.geometry, SHAPE) < 1e-3


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_a_mask_of_another_shape_is_refused(name: str, suffix: str, tmp_path: Path) -> None:
    scan = scan_for(name)
    with pytest.raises(GridMismatch, match="voxels"):
        write_mask(np.zeros((2, 2, 2), np.uint8), tmp_path / f"m{suffix}", scan)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_pictures_and_volumes_are_not_mixed(name: str, suffix: str, tmp_path: Path) -> None:
    other = scan_for("nifti" if name == "picture" else "picture")
    with pytest.raises(InputError, match="cannot hold"):
        write_mask(labels_on(other, 1), tmp_path / f"m{suffix}", other)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_a_scan_is_never_overwritten_by_its_mask(name: str, suffix: str, tmp_path: Path) -> None:
    file = write_mask(labels_on(scan_for(name), 3), tmp_path / f"scan{suffix}", scan_for(name))
    before = file.read_bytes()
    scan = read_scan_here(file)
    with pytest.raises(InputError, match="the scan itself"):
        write_mask(labels_on(scan, 1), file, scan)
    assert file.read_bytes() == before


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_a_failed_write_leaves_the_old_file(name: str, suffix: str, tmp_path: Path) -> None:
    scan = scan_for(name)
    folder = tmp_path / "not-a-folder"
    folder.write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        write_mask(labels_on(scan, 1), folder / f"m{suffix}", scan)
    assert folder.read_text() == "in the way"


@pytest.mark.parametrize(("name", "suffix"), READABLE)
def test_what_is_no_scan_is_refused_in_words(name: str, suffix: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(5).bytes(4000)
    for content in (b"", b"\0", b"not a scan at all", noise, b"\x1f\x8b" + noise):
        file = tmp_path / f"bad{suffix}"
        file.write_bytes(content)
        with pytest.raises(ScanUnreadable) as caught:
            read_scan_here(file)
        assert file.name in caught.value.message
        assert caught.value.hint


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_a_truncated_file_is_never_read_as_whole(name: str, suffix: str, tmp_path: Path) -> None:
    whole = tmp_path / f"whole{suffix}"
    scan = scan_for(name)
    write_mask(labels_on(scan, 200), whole, scan)
    content = whole.read_bytes()
    # Every file of it: a detached header alone is truncated by cutting its voxels.
    victim = next((file for file in tmp_path.iterdir() if file.suffix == ".zraw"), whole)
    content = victim.read_bytes()
    for share in (0.1, 0.4, 0.8):
        victim.write_bytes(content[: math.floor(len(content) * share)])
        with pytest.raises(ScanUnreadable):
            read_scan_here(whole)


@pytest.mark.parametrize(("name", "suffix"), WRITABLE)
def test_the_guarded_reader_gives_the_same(name: str, suffix: str, tmp_path: Path) -> None:
    scan = scan_for(name)
    file = write_mask(labels_on(scan, 200), tmp_path / f"scan{suffix}", scan)
    here, guarded = read_scan_here(file), read_scan(file)
    assert np.array_equal(here.voxels, guarded.voxels)
    assert here.voxels.dtype == guarded.voxels.dtype
    assert (here.geometry, here.format, here.notes, here.header) == (
        guarded.geometry,
        guarded.format,
        guarded.notes,
        guarded.header,
    )
    assert guarded.path == file
