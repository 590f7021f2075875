from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.errors import ScanUnreadable
from engine.volumes.reading import read_mask_here, read_scan_here
from engine.volumes.writing import mask_suffix, write_mask


def oblique(shape: tuple[int, ...] = (4, 5, 6), seed: int = 0) -> sitk.Image:
    image = sitk.GetImageFromArray(np.random.default_rng(seed).integers(0, 900, shape).astype(np.int16))
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    image.SetDirection(rotation.ravel().tolist())
    image.SetSpacing((0.1 + 1 / 3, 0.7, 3.1))
    image.SetOrigin((1 / 7, -211.1, 33.3))
    return image


@pytest.mark.parametrize("suffix", [".mha", ".mhd"])
def test_meta_image_masks_have_bit_equal_geometry(suffix: str, tmp_path: Path) -> None:
    for seed in range(20):
        source = tmp_path / f"scan{suffix}"
        sitk.WriteImage(oblique(seed=seed), str(source))
        scan = read_scan_here(source)
        target = write_mask(np.ones((4, 5, 6), np.uint8), tmp_path / f"mask{suffix}", scan)
        assert read_scan_here(target).geometry == scan.geometry
        assert (tmp_path / "mask.zraw").exists() == (suffix == ".mhd")


def test_nrrd_masks_take_over_the_lines_of_geometry(tmp_path: Path) -> None:
    source = tmp_path / "scan.nrrd"
    sitk.WriteImage(oblique(), str(source))
    # A grid told in another world and in spacings alone must come through as well.
    text = source.read_bytes().replace(b"left-posterior-superior", b"right-anterior-superior")
    source.write_bytes(text)
    scan = read_scan_here(source)
    target = write_mask(np.ones((4, 5, 6), np.uint8), tmp_path / "mask.nrrd", scan)
    lines = {line for line in text.split(b"\n\n", 1)[0].split(b"\n") if line.startswith(b"space")}
    assert len(lines) == 3
    assert lines <= set(target.read_bytes().split(b"\n\n", 1)[0].split(b"\n"))
    assert read_scan_here(target).geometry == scan.geometry


def test_nrrd_written_from_another_format_has_17_digits(tmp_path: Path) -> None:
    sitk.WriteImage(oblique(), str(tmp_path / "scan.mha"))
    scan = read_scan_here(tmp_path / "scan.mha")
    target = write_mask(np.ones((4, 5, 6), np.uint8), tmp_path / "mask.nrrd", scan)
    back = read_scan_here(target)
    assert scan.geometry is not None
    assert back.geometry is not None
    assert np.allclose(back.geometry.matrix, scan.geometry.matrix, rtol=0, atol=1e-13)


def test_nrrd_by_spacings_alone(tmp_path: Path) -> None:
    voxels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    header = b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 3 2\nspacings: 0.5 0.6 2\nencoding: raw\n\n"
    (tmp_path / "scan.nrrd").write_bytes(header + voxels.tobytes())
    scan = read_scan_here(tmp_path / "scan.nrrd")
    assert np.array_equal(scan.voxels, voxels)
    back = read_scan_here(write_mask(voxels, tmp_path / "m.nrrd", scan))
    assert back.geometry == scan.geometry
    assert back.geometry is not None
    assert back.geometry.spacing_xyz == (0.5, 0.6, 2.0)


@pytest.mark.parametrize(
    ("name", "header", "words"),
    [
        (
            "s.nrrd",
            b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 3 2\nspacings: 0 1 1\nencoding: raw\n\n",
            "0 mm apart",
        ),
        ("s.nrrd", b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 3 -2\nencoding: raw\n\n", "no voxels"),
        (
            "s.nrrd",
            b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 9999999 9999999 9\nencoding: gzip\n\n",
            "more than this",
        ),
        ("s.nrrd", b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 3 2\nencoding: raw\n\nabc", "too early"),
        ("s.nrrd", b"NRRD0004\ntype: uchar\ndimension: 3\nencoding: raw\n\n", "lacks 'sizes'"),
        ("s.nrrd", b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: a b c\nencoding: raw\n\n", "damaged header"),
        (
            "s.nhdr",
            b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 3 2\nencoding: raw\ndata file: gone.raw\n",
            "gone.raw",
        ),
        ("s.mhd", b"NDims = 3\nDimSize = 4 3 2\nElementType = MET_UCHAR\nElementDataFile = gone.raw\n", "gone.raw"),
        ("s.mha", b"NDims = 3\nDimSize = 4 3 2\nElementType = MET_UCHAR\n", "ElementDataFile"),
        ("s.mha", b"NDims = 3\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n", "lacks 'DimSize'"),
        ("s.mha", b"NDims = 3\nDimSize = 4 3 2\nElementType = MET_UCHAR\nElementDataFile = LOCAL\nab", "too early"),
        (
            "s.mha",
            b"NDims = 3\nDimSize = 4 3 2\nElementSpacing = 1 0 1\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
            + bytes(24),
            "0 mm apart",
        ),
        (
            "s.mha",
            b"NDims = 3\nDimSize = 60000 60000 60000\nElementType = MET_DOUBLE\nElementDataFile = LOCAL\n",
            "more than this machine",
        ),
    ],
)
def test_bad_headers_are_told_in_words(name: str, header: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(header)
    with pytest.raises(ScanUnreadable, match=words) as caught:
        read_scan_here(tmp_path / name)
    assert name in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_damaged_compressed_voxels_are_noticed(suffix: str, tmp_path: Path) -> None:
    # SimpleITK reads both without a word, with every voxel after the damage wrong.
    file = tmp_path / f"scan{suffix}"
    sitk.WriteImage(oblique((20, 30, 40)), str(file), True)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 50] = bytes(50)
    file.write_bytes(content)
    with pytest.raises(ScanUnreadable, match="damaged"):
        read_scan_here(file)


def test_a_bomb_is_stopped_early(tmp_path: Path) -> None:
    header = b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 20000 20000 2\nencoding: gzip\n\n"
    (tmp_path / "bomb.nrrd").write_bytes(header + gzip.compress(bytes(1000)))
    with pytest.raises(ScanUnreadable, match=r"too early|more than this machine"):
        read_scan_here(tmp_path / "bomb.nrrd")


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_colour_volumes(suffix: str, tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 3)).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(rgb, isVector=True), str(tmp_path / f"c{suffix}"))
    scan = read_scan_here(tmp_path / f"c{suffix}")
    assert np.array_equal(scan.voxels, rgb)
    labels = np.ones((3, 4, 5), np.uint8)
    back = read_mask_here(write_mask(labels, tmp_path / f"m{suffix}", scan))
    assert np.array_equal(back.voxels, labels)
    assert back.geometry == scan.geometry
    with pytest.raises(ScanUnreadable, match="colours"):
        read_mask_here(tmp_path / f"c{suffix}")


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_several_values_in_a_voxel_are_refused(suffix: str, tmp_path: Path) -> None:
    field = np.zeros((3, 4, 5, 3), np.float32)
    sitk.WriteImage(sitk.GetImageFromArray(field, isVector=True), str(tmp_path / f"f{suffix}"))
    with pytest.raises(ScanUnreadable, match="3 values in each voxel"):
        read_scan_here(tmp_path / f"f{suffix}")


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_one_plane_stays_one_plane(suffix: str, tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.arange(30, dtype=np.uint8).reshape(5, 6))
    image.SetSpacing((0.3, 0.4))
    image.SetDirection((0.8, -0.6, 0.6, 0.8))
    sitk.WriteImage(image, str(tmp_path / f"flat{suffix}"))
    scan = read_scan_here(tmp_path / f"flat{suffix}")
    assert scan.voxels.shape == (1, 5, 6)
    target = write_mask(np.ones((1, 5, 6), np.uint8), tmp_path / f"m{suffix}", scan)
    written = sitk.ReadImage(str(target))
    assert written.GetDimension() == 2
    assert written.GetDirection() == pytest.approx(image.GetDirection(), abs=1e-15)


def test_real_files_keep_their_grid(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "pyradiomics_nrrd").glob("*.nrrd"))
    files += sorted(
        file for file in (shared_data / "itk_examples").iterdir() if file.suffix in (".mha", ".mhd", ".nhdr")
    )
    files += [shared_data / "niivue_nifti_odd" / "FLAIR.nrrd", shared_data / "niivue_nifti_odd" / "mha.mha"]
    kept = 0
    for file in files:
        if "Complex.mha" in file.name:
            with pytest.raises(ScanUnreadable, match="2 values"):
                read_scan_here(file)
            continue
        scan = read_scan_here(file)
        labels = np.zeros(scan.shape_zyx, np.uint8)
        target = write_mask(labels, tmp_path / f"m{mask_suffix(scan)}", scan)
        assert read_scan_here(target).geometry == scan.geometry, file.name
        kept += 1
    assert kept > 12


def test_detached_voxels_agree_with_the_picture_of_them(shared_data: Path) -> None:
    folder = shared_data / "itk_examples"
    expected = read_scan_here(folder / "BrainProtonDensitySliceBorder20.png").voxels
    for name in ("BrainProtonDensitySliceBorder20.mhd", "BrainProtonDensitySliceBorder20.nhdr"):
        assert np.array_equal(read_scan_here(folder / name).voxels, expected)


META = "NDims = 3\nDimSize = 4 3 2\nElementType = MET_UCHAR\n{more}ElementDataFile = {where}\n"
NRRD = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 3 2\nencoding: raw\n{more}data file: {where}\n"
OUTSIDE = [
    "{root}/secret.raw",
    "../secret.raw",
    "below/../../secret.raw",
    "..\\secret.raw",
    "C:\\secret.raw",
    "~/secret.raw",
    "../%03d.raw 1 2 1",
    "LIST\n{root}/secret.raw",
    "LIST 2\nslice0.raw\n../secret.raw",
]


@pytest.mark.parametrize(
    ("name", "header", "more"),
    [
        ("s.mhd", META, ""),
        ("s.mha", META, ""),
        ("s.mhd", META, "HeaderSize = 1\n"),  # what cannot be checked beforehand in size
        ("s.nhdr", NRRD, ""),
        ("s.nhdr", NRRD, "byte skip: 1\n"),
    ],
)
@pytest.mark.parametrize("where", OUTSIDE)
def test_a_header_may_not_name_files_outside_its_folder(
    name: str, header: str, more: str, where: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.raw").write_bytes(bytes(range(24)))
    folder = tmp_path / "scan"
    (folder / "below").mkdir(parents=True)
    (folder / "slice0.raw").write_bytes(bytes(24))
    (folder / name).write_text(header.format(where=where.format(root=tmp_path), more=more))
    with pytest.raises(ScanUnreadable, match="outside its own folder") as caught:
        read_scan_here(folder / name)
    assert "beside the header" in caught.value.hint


def test_another_way_to_write_it_hides_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.raw"
    secret.write_bytes(bytes(24))
    folder = tmp_path / "scan"
    folder.mkdir()
    (folder / "a.raw").write_bytes(bytes(24))
    (folder / "s.mhd").write_text(META.format(more=f"ElementDataFile : {secret}\n", where="a.raw"))
    (folder / "s.nhdr").write_text(NRRD.format(more=f"datafile: {secret}\n", where="a.raw"))
    for name in ("s.mhd", "s.nhdr"):
        with pytest.raises(ScanUnreadable, match="outside its own folder"):
            read_scan_here(folder / name)


@pytest.mark.parametrize(("name", "header"), [("s.mhd", META), ("s.nhdr", NRRD)])
@pytest.mark.parametrize("where", ["voxels.raw", "below/voxels.raw", "./voxels.raw"])
def test_a_header_names_files_beside_and_below_it(name: str, header: str, where: str, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for place in ("voxels.raw", "below/voxels.raw"):
        (tmp_path / place).write_bytes(bytes(range(24)))
    (tmp_path / name).write_text(header.format(where=where, more=""))
    assert sorted(read_scan_here(tmp_path / name).voxels.ravel().tolist()) == list(range(24))
