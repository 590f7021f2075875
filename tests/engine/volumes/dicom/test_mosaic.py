"""Siemens' sheets are cut into their slices, or refused with the reason."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.mosaic import csa_elements
from engine.volumes.reading import read_scan_here
from tests.fakes.dicom_files import MR, dataset, pattern, placed, save


def csa(**elements: list[str]) -> bytes:
    """A CSA header as Siemens writes it, format SV10."""
    content = b"SV10\4\3\2\1" + struct.pack("<2I", len(elements), 77)
    for name, values in elements.items():
        content += struct.pack("<64si4s3i", name.encode(), len(values), b"FD", 4, len(values), 77)
        for text in values:
            raw = text.encode() + b"\0"
            content += struct.pack("<4i", len(raw), len(raw), 77, len(raw)) + raw + bytes(-len(raw) % 4)
    return content


def sheet(count: int = 7, rows: int = 5, columns: int = 6, *, normal: tuple[str, ...] = ("0", "0", "1")) -> Dataset:
    tiles = 3
    pixels = np.zeros((tiles * rows, tiles * columns), np.int16)
    for i in range(count):
        y, x = divmod(i, tiles)
        pixels[y * rows : (y + 1) * rows, x * columns : (x + 1) * columns] = pattern(rows, columns, i)
    made = dataset(
        pixels,
        sop_class=MR,
        ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"],
        SpacingBetweenSlices=3.0,
        **placed((10.0, 20.0, 30.0)),
    )
    made.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", count)
    own = csa(SliceNormalVector=list(normal))
    made.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", own)
    return made


@pytest.mark.parametrize("direction", [1, -1])
def test_a_sheet_becomes_a_volume_in_its_place(direction: int, tmp_path: Path) -> None:
    file = save(sheet(normal=("0.0", "0.0", f"{direction}.0")), tmp_path / "m.dcm")
    scan = read_scan_here(file)
    assert np.array_equal(scan.voxels, np.stack([pattern(5, 6, i) for i in range(7)]))
    assert scan.geometry is not None
    # The stated corner is that of a slice as large as the sheet: 12 columns and 10 rows more, half on each side.
    assert np.allclose(scan.geometry.origin_xyz, (10 + 6 * 0.5, 20 + 5 * 0.7, 30))
    assert np.allclose(scan.geometry.world_of((1, 0, 0))[2], 30 + 3 * direction)
    assert any("sheet of 7 slices" in note for note in scan.notes)


def test_what_cannot_be_cut_with_certainty_is_refused(tmp_path: Path) -> None:
    without = sheet()
    del without[0x0029, 0x1010]
    reverse = sheet()
    reverse.private_block(0x0029, "SIEMENS CSA HEADER").add_new(0x20, "OB", b"sSliceArray.ucImageNumbTra = 0x1 \n")
    silent = sheet()
    del silent[0x0019, 0x100A]
    crossed = sheet(normal=("1", "0", "0"))
    for number, (made, words) in enumerate(
        [
            (without, "lost where they lie"),
            (reverse, "numbered in reverse"),
            (silent, "does not say how many"),
            (crossed, "contradict"),
            (_odd(), "no multiple"),
        ]
    ):
        with pytest.raises(ScanUnreadable, match=words) as caught:
            read_scan_here(save(made, tmp_path / str(number) / "m.dcm"))
        assert "dcm2niix" in caught.value.hint


def _odd() -> Dataset:
    made = sheet()
    made[0x0019, 0x100A].value = 17  # 5 × 5 tiles do not fit 15 × 18 pixels
    return made


def test_csa_headers_that_are_none() -> None:
    assert csa_elements(csa(A=["1", "2"], B=[])) == {"A": ["1", "2"], "B": []}
    for content in (b"", b"SV10", b"SV10" + bytes(4) + b"\xff" * 8, csa(A=["1"])[:-20]):
        with pytest.raises((ValueError, struct.error)):
            csa_elements(content)
