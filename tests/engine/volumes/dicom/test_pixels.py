"""Stored numbers become what they mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels.processing import apply_rescale
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from engine.contract.errors import ScanUnreadable
from engine.volumes.reading import read_scan_here
from engine.volumes.view_export import export_for_view
from tests.fakes.compressed_dicom import packed
from tests.fakes.dicom_files import SECONDARY, dataset, enhanced, evenly, pattern, placed, save, write_series

HERE = placed((0.0, 0.0, 0.0))


def test_each_slice_has_its_own_slope_and_intercept(tmp_path: Path) -> None:
    for index, position in enumerate(evenly(4)):
        made = dataset(
            pattern(6, 8, index), index + 1, **placed(position), RescaleSlope=0.25 * (index + 1), RescaleIntercept=-3.5
        )
        save(made, tmp_path / f"{index}.dcm")
    scan = read_scan_here(tmp_path)
    assert scan.voxels.dtype == np.float32
    for index in range(4):
        one = pydicom.dcmread(tmp_path / f"{index}.dcm")
        assert np.allclose(scan.voxels[index], apply_rescale(one.pixel_array, one), rtol=1e-6)


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    stored = np.arange(48, dtype=np.uint16).reshape(6, 8) * 60
    save(dataset(stored, **HERE, RescaleSlope=1, RescaleIntercept=-1024), tmp_path / "ct.dcm")
    scan = read_scan_here(tmp_path / "ct.dcm")
    assert scan.voxels.dtype == np.int16
    assert np.array_equal(scan.voxels[0], stored.astype(int) - 1024)


def test_frames_of_one_file_have_their_own_slope(tmp_path: Path) -> None:
    save(enhanced(evenly(3), slopes=[1, 2, 3]), tmp_path / "mf.dcm")
    scan = read_scan_here(tmp_path / "mf.dcm")
    for index in range(3):
        assert np.array_equal(scan.voxels[index], pattern(6, 8, index) * (index + 1))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLosslessSV1, JPEG2000Lossless, JPEGLSLossless])
def test_compressed_pixels_are_the_same_pixels(syntax: pydicom.uid.UID, tmp_path: Path) -> None:
    stored = pattern(32, 48, 3).astype(np.uint16)
    made = dataset(stored, **HERE)
    made = packed(made, syntax, tmp_path)
    assert made.file_meta.TransferSyntaxUID == syntax
    file = save(made, tmp_path / "y" / "a.dcm")
    scan = read_scan_here(file)
    assert np.array_equal(scan.voxels[0], stored)
    assert not scan.lossy
    content = file.read_bytes()
    file.write_bytes(content[: len(content) - 120])
    try:
        cut = read_scan_here(file)
    except ScanUnreadable:
        return
    assert any("no end mark" in note for note in cut.notes)


def test_colours_are_rgb_whatever_the_order_of_their_planes(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    save(dataset(rgb, sop_class=SECONDARY), tmp_path / "a" / "rgb.dcm")
    planar = dataset(rgb, sop_class=SECONDARY, PlanarConfiguration=1)
    planar.PixelData = rgb.transpose(2, 0, 1).tobytes()
    save(planar, tmp_path / "b" / "planar.dcm")
    for file in ("a/rgb.dcm", "b/planar.dcm"):
        scan = read_scan_here(tmp_path / file)
        assert scan.is_picture
        assert np.array_equal(scan.voxels[0], rgb)


def test_colours_of_16_bits_become_8(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 65536, (6, 8, 3)).astype(np.uint16)
    scan = read_scan_here(save(dataset(rgb, sop_class=SECONDARY), tmp_path / "rgb.dcm"))
    assert np.array_equal(scan.voxels[0], rgb >> 8)
    assert any("8 bits per colour" in note for note in scan.notes)


def test_bright_lows_are_turned_round_and_told(tmp_path: Path) -> None:
    stored = pattern(6, 8, 2).astype(np.uint16)
    made = dataset(stored, sop_class=SECONDARY, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
    scan = read_scan_here(save(made, tmp_path / "x.dcm"))
    assert np.array_equal(scan.voxels[0], 4095 - stored.astype(int))
    assert any("MONOCHROME1" in note for note in scan.notes)


def test_the_header_window_is_shown_first(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", evenly(3), WindowCenter=[120, 40], WindowWidth=[200, 400])
    scan = read_scan_here(tmp_path / "ct")
    assert scan.window == (120.0, 200.0)
    assert export_for_view(scan, tmp_path / "view")["display_range"] == [20.0, 220.0]
    # A window in which everything would be black is none.
    write_series(tmp_path / "far", evenly(3), WindowCenter=9000, WindowWidth=10)
    low, high = export_for_view(read_scan_here(tmp_path / "far"), tmp_path / "view2")["display_range"]
    assert high < 1000 > low


def test_a_burned_in_mark_is_told(tmp_path: Path) -> None:
    save(dataset(pattern(6, 8, 1), sop_class=SECONDARY, BurnedInAnnotation="YES"), tmp_path / "a.dcm")
    assert any("burned into" in note for note in read_scan_here(tmp_path / "a.dcm").notes)


def test_pixels_that_end_too_early_are_refused(tmp_path: Path) -> None:
    made = dataset(pattern(6, 8, 1), **HERE)
    made.PixelData = made.PixelData[:-10]
    with pytest.raises(ScanUnreadable, match="96 bytes of pixels expected, only 86"):
        read_scan_here(save(made, tmp_path / "a.dcm"))


def test_an_element_that_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    file = save(dataset(pattern(6, 8, 1), **HERE), tmp_path / "a.dcm")
    content = file.read_bytes()
    at = content.rindex(b"\xe0\x7f\x10\x00OW")
    file.write_bytes(content[: at + 4] + b"B\0" + content[at + 6 :])
    with pytest.raises(ScanUnreadable, match="cannot be understood"):
        read_scan_here(file)


def test_absurd_sizes_are_refused_before_reading(tmp_path: Path) -> None:
    made = dataset(pattern(6, 8, 1), **HERE, Rows=60_000, Columns=60_000, NumberOfFrames=100_000)
    with pytest.raises(ScanUnreadable, match="more than this machine"):
        read_scan_here(save(made, tmp_path / "a.dcm"))


def test_a_deflated_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = dataset(pattern(6, 8, 1), **HERE, PixelData=bytes(100 << 20))
    made.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    file = save(made, tmp_path / "bomb.dcm")
    assert file.stat().st_size < 1 << 20

    class Little:
        available = 50 << 20

    monkeypatch.setattr("engine.volumes.headers.stored_array.psutil.virtual_memory", Little)
    with pytest.raises(ScanUnreadable, match="more than this machine"):
        read_scan_here(file)


def test_colours_stored_in_an_unknown_way_are_refused(tmp_path: Path) -> None:
    made = dataset(pattern(6, 8, 1), sop_class=SECONDARY, PhotometricInterpretation="HSV")
    with pytest.raises(ScanUnreadable, match="colours are stored in a way"):
        read_scan_here(save(made, tmp_path / "a.dcm"))
