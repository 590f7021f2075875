from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.errors import ScanUnreadable
from engine.volumes.geometry import max_corner_shift
from engine.volumes.headers import nifti
from engine.volumes.reading import read_mask_here, read_scan_here
from engine.volumes.writing import write_mask

SHAPE = (5, 6, 7)
# Bytes of the header that place the grid: qfac and pixdim, units, the two codes, quaternion and offsets, sform.
PLACING = [(76, 92), (123, 124), (252, 256), (256, 280), (280, 328)]
SECRET = b"Jane Doe 1970"


def nifti_file(
    path: Path,
    *,
    order: str = "<",
    codes: tuple[int, int] = (1, 1),
    dim: tuple[int, ...] = (3, 7, 6, 5, 1, 1, 1, 1),
    sform: np.ndarray | None = None,
    pixdim: tuple[float, ...] = (1.0, 0.7, 0.8, 2.5),
    datatype: tuple[int, int] = (4, 16),
) -> np.ndarray:
    """Writes a scan by hand, with patient text in every free field; returns its voxels [z, y, x]."""
    raw = bytearray(348)

    def put(code: str, offset: int, *values: float) -> None:
        struct.pack_into(order + code, raw, offset, *values)

    put("i", 0, 348)
    raw[4:14] = SECRET[:10]
    raw[14 : 14 + len(SECRET)] = SECRET
    put("8h", 40, *dim)
    put("2h", 70, *datatype)
    put("8f", 76, *pixdim, 1.0, 1.0, 1.0, 1.0)
    put("3f", 108, 352.0, 2.0, -10.0)
    raw[123] = 2
    raw[148 : 148 + len(SECRET)] = SECRET
    raw[228 : 228 + len(SECRET)] = SECRET
    put("2h", 252, *codes)
    put("6f", 256, 0.0, 0.0, 0.0, 11.25, -7.1, 3.3)
    matrix = np.diag([0.7, 0.8, 2.5, 1.0]) if sform is None else sform
    if sform is None:
        matrix[:3, 3] = (11.25, -7.1, 3.3)
    put("12f", 280, *matrix[:3].ravel())
    raw[328 : 328 + len(SECRET)] = SECRET
    raw[344:348] = b"n+1\0"
    voxels = np.random.default_rng(0).integers(-5, 500, SHAPE).astype(f"{order}i2")
    content = bytes(raw) + bytes(4) + voxels.tobytes()
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return voxels


def header_of(path: Path) -> bytes:
    content = path.read_bytes()
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)[:348]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_mask_keeps_the_placing_bytes_and_no_patient_text(order: str, suffix: str, tmp_path: Path) -> None:
    source = tmp_path / f"scan{suffix}"
    nifti_file(source, order=order, codes=(1, 2))
    scan = read_scan_here(source)
    labels = np.random.default_rng(2).integers(0, 999, SHAPE).astype(np.uint16)

    target = write_mask(labels, tmp_path / f"mask{suffix}", scan)

    before, after = header_of(source), header_of(target)
    for start, end in PLACING:
        assert after[start:end] == before[start:end], start
    assert SECRET[:8] not in after
    image = sitk.ReadImage(str(target))
    assert np.array_equal(sitk.GetArrayFromImage(image), labels)
    reference = sitk.ReadImage(str(source))
    assert image.GetDirection() == reference.GetDirection()
    assert image.GetOrigin() == reference.GetOrigin()
    assert image.GetSpacing() == reference.GetSpacing()
    assert (target.read_bytes()[:2] == b"\x1f\x8b") == suffix.endswith(".gz")


def test_scaled_values_are_read_and_not_written_into_the_mask(tmp_path: Path) -> None:
    stored = nifti_file(tmp_path / "scan.nii")
    scan = read_scan_here(tmp_path / "scan.nii")
    assert np.array_equal(scan.voxels, stored * 2.0 - 10.0)
    labels = np.full(SHAPE, 3, np.uint8)
    assert np.array_equal(read_mask_here(write_mask(labels, tmp_path / "m.nii", scan)).voxels, labels)


def test_the_same_mask_gives_the_same_bytes(tmp_path: Path) -> None:
    nifti_file(tmp_path / "scan.nii.gz")
    scan = read_scan_here(tmp_path / "scan.nii.gz")
    labels = np.ones(SHAPE, np.uint8)
    first = write_mask(labels, tmp_path / "a.nii.gz", scan).read_bytes()
    assert write_mask(labels, tmp_path / "b.nii.gz", scan).read_bytes() == first


def test_shear_is_kept_and_told(tmp_path: Path) -> None:
    matrix = np.array([[0.7, 0, 0, 1], [0, 0.8, 0.8, 2], [0, 0, 2.5, 3], [0, 0, 0, 1]])
    nifti_file(tmp_path / "scan.nii", sform=matrix)
    scan = read_scan_here(tmp_path / "scan.nii")
    assert any("sheared by 17.7 degrees" in note for note in scan.notes)
    assert scan.geometry is not None
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix
    assert np.allclose(scan.geometry.matrix, lps, atol=1e-6)
    for suffix in (".nii.gz", ".nrrd", ".mha"):
        # Other formats hold the shear in their files, whatever a program makes of it.
        target = write_mask(np.ones(SHAPE, np.uint8), tmp_path / f"m{suffix}", scan)
        back = read_scan_here(target)
        assert back.geometry is not None
        if suffix == ".nii.gz":
            assert max_corner_shift(scan.geometry, back.geometry, SHAPE) < 1e-3


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_shear_without_a_qform_is_read_all_the_same(order: str, suffix: str, tmp_path: Path) -> None:
    matrix = np.array([[0.7, 0, 0, 1], [0, 0.8, 0.8, 2], [0, 0, 2.5, 3], [0, 0, 0, 1]])
    file = tmp_path / f"scan{suffix}"
    stored = nifti_file(file, order=order, sform=matrix, codes=(0, 1))
    scan = read_scan_here(file)
    assert np.array_equal(scan.voxels, stored * 2.0 - 10.0)
    assert any("sheared by 17.7 degrees" in note for note in scan.notes)
    labels = np.random.default_rng(3).integers(0, 300, SHAPE).astype(np.uint16)
    back = read_mask_here(write_mask(labels, tmp_path / f"m{suffix}", scan))
    assert np.array_equal(back.voxels, labels)
    assert back.geometry == scan.geometry


def test_a_header_without_orientation_is_told(tmp_path: Path) -> None:
    nifti_file(tmp_path / "scan.nii", codes=(0, 0))
    assert any("how the patient lies" in note for note in read_scan_here(tmp_path / "scan.nii").notes)


def test_two_positions_are_told(tmp_path: Path) -> None:
    moved = np.diag([0.7, 0.8, 2.5, 1.0])
    moved[:3, 3] = (50, 0, 0)
    nifti_file(tmp_path / "scan.nii", sform=moved)
    assert any("two positions" in note for note in read_scan_here(tmp_path / "scan.nii").notes)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"dim": (4, 7, 6, 5, 3, 1, 1, 1)}, "several volumes"),
        ({"dim": (3, 7, 0, 5, 1, 1, 1, 1)}, "no voxels"),
        ({"dim": (3, 7, -6, 5, 1, 1, 1, 1)}, "no voxels"),
        ({"dim": (9, 7, 6, 5, 1, 1, 1, 1)}, "damaged header"),
        ({"dim": (3, 32000, 32000, 32000, 1, 1, 1, 1)}, "more than this machine"),
        ({"dim": (3, 70, 60, 50, 1, 1, 1, 1)}, "ends too early"),
        ({"pixdim": (1.0, 0.7, 0.0, 2.5), "codes": (1, 0)}, "0 mm apart"),
        ({"pixdim": (1.0, 0.7, float("nan"), 2.5), "codes": (1, 0)}, "0 mm apart"),
        ({"datatype": (32, 64)}, "complex"),
        ({"datatype": (999, 16)}, "kind that is not read"),
    ],
)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_impossible_headers_are_refused_before_reading(wrong: dict, words: str, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"scan{suffix}"
    nifti_file(file, **wrong)
    with pytest.raises(ScanUnreadable, match=words) as caught:
        read_scan_here(file)
    assert caught.value.hint


def test_a_series_of_one_volume_is_a_volume(tmp_path: Path) -> None:
    nifti_file(tmp_path / "scan.nii", dim=(4, 7, 6, 5, 1, 1, 1, 1))
    scan = read_scan_here(tmp_path / "scan.nii")
    assert scan.voxels.shape == SHAPE
    mask = write_mask(np.ones(SHAPE, np.uint8), tmp_path / "m.nii", scan)
    assert sitk.ReadImage(str(mask)).GetDimension() == 3


def test_a_compressed_file_named_as_a_plain_one(tmp_path: Path) -> None:
    nifti_file(tmp_path / "scan.nii.gz")
    (tmp_path / "scan.nii.gz").rename(tmp_path / "scan.nii")
    with pytest.raises(ScanUnreadable, match="compressed") as caught:
        read_scan_here(tmp_path / "scan.nii")
    assert ".nii.gz" in caught.value.hint


def test_colour(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    file = tmp_path / "scan.nii"
    nifti_file(file, datatype=(128, 24))
    header = bytearray(file.read_bytes()[:352])
    struct.pack_into("<2f", header, 112, 1, 0)  # colours are not scaled
    file.write_bytes(bytes(header) + rgb.tobytes())
    scan = read_scan_here(file)
    assert np.array_equal(scan.voxels, rgb)
    labels = np.ones(SHAPE, np.uint8)
    assert np.array_equal(read_mask_here(write_mask(labels, tmp_path / "m.nii", scan)).voxels, labels)


def test_damaged_compression_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "scan.nii.gz"
    nifti_file(file)
    content = bytearray(file.read_bytes())
    content[-200] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(ScanUnreadable, match=r"damaged|too early"):
        read_scan_here(file)


def test_other_files_of_the_family_are_named(shared_data: Path) -> None:
    folder = shared_data / "nibabel_test_data"
    with pytest.raises(ScanUnreadable, match="a table of 10 × 10 values"):
        read_scan_here(folder / "row_major.dconn.nii")
    with pytest.raises(ScanUnreadable, match="several volumes"):
        read_scan_here(folder / "functional.nii")
    assert read_scan_here(folder / "example_nifti2.nii.gz", "2").voxels.shape == (12, 20, 32)


@pytest.mark.parametrize("slope", [0.0, float("nan"), float("inf")])
def test_a_slope_that_is_none_leaves_the_stored_numbers(slope: float, tmp_path: Path) -> None:
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    file = tmp_path / "s.nii"
    sitk.WriteImage(sitk.GetImageFromArray(stored), str(file))
    raw = bytearray(file.read_bytes())
    struct.pack_into("<2f", raw, 112, slope, 5.0)
    file.write_bytes(raw)
    assert np.array_equal(read_scan_here(file).voxels, stored)
    struct.pack_into("<2f", raw, 112, 2.0, float("nan"))
    file.write_bytes(raw)
    with pytest.raises(ScanUnreadable, match="intercept"):
        read_scan_here(file)


def test_header_geometry_agrees_with_itk_on_real_scans(shared_data: Path) -> None:
    seen = 0
    for file in [
        *(shared_data / "niivue_nifti_odd").glob("nifti_space/*.gz"),
        *(shared_data / "sct_spine_mr").rglob("*.gz"),
    ]:
        try:
            scan = read_scan_here(file)
        except ScanUnreadable:
            continue
        header = nifti.NiftiHeader(scan.header, "<" if scan.header[0] == 0x5C else ">", gzipped=True)
        for stated in (header.sform(), header.qform()):
            if stated is None or scan.notes or scan.geometry is None:
                continue
            seen += 1
            assert max_corner_shift(scan.geometry, scan.geometry.from_matrix(stated), scan.shape_zyx) < 0.5
    assert seen > 40


def test_masks_of_real_scans_lie_on_them(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "niivue_nifti_odd" / "nifti_space").glob("*.nii.gz"))[::3]
    files += [
        *(shared_data / "sct_spine_mr" / "t2s").glob("*.nii.gz"),
        shared_data / "nibabel_test_data" / "anatomical.nii",
    ]
    for file in files:
        scan = read_scan_here(file)
        labels = (np.arange(scan.voxels.size) % 3).reshape(scan.voxels.shape).astype(np.uint8)
        target = write_mask(labels, tmp_path / ("m" + "".join(file.suffixes)), scan)
        for start, end in PLACING:
            assert header_of(target)[start:end] == header_of(file)[start:end]
        assert np.array_equal(read_mask_here(target).voxels, labels)
        for suffix in (".nrrd", ".mha"):
            back = read_scan_here(write_mask(labels, tmp_path / f"m{suffix}", scan))
            assert back.geometry is not None
            assert scan.geometry is not None
            if not scan.notes:
                assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < 1e-3


def test_a_single_plane_keeps_its_place_in_the_patient(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.arange(12, dtype=np.int16).reshape(1, 3, 4))
    image.SetOrigin((5.0, -7.0, 91.0))
    image.SetDirection((1, 0, 0, 0, 0, 1, 0, -1, 0))  # a coronal plane
    file = tmp_path / "plane.nii"
    sitk.WriteImage(image, str(file))
    expected = read_scan_here(file)
    raw = bytearray(file.read_bytes())
    struct.pack_into("<8h", raw, 40, 2, 4, 3, 1, 1, 1, 1, 1)
    file.write_bytes(raw)
    scan = read_scan_here(file)
    assert scan.stored_dimensions == 2
    assert max_corner_shift(expected.geometry, scan.geometry, scan.shape_zyx) < 1e-5
    back = read_scan_here(write_mask(np.ones((1, 3, 4), np.uint8), tmp_path / "mask.nii", scan))
    assert back.geometry == scan.geometry
