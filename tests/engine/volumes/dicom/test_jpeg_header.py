"""The size that a compressed frame states for itself."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import get_frame
from pydicom.uid import JPEGLosslessSV1, JPEGLSLossless

from engine.contract.errors import ScanUnreadable
from engine.volumes.dicom.jpeg_header import frame_size
from engine.volumes.reading import read_scan
from tests.fakes.compressed_dicom import packed
from tests.fakes.dicom_files import dataset, save

SYNTAXES = (JPEGLosslessSV1, JPEGLSLossless)


@pytest.fixture(params=SYNTAXES, ids=lambda syntax: syntax.keyword)
def compressed(request: pytest.FixtureRequest, tmp_path: Path):
    values = np.arange(32 * 40, dtype=np.uint16).reshape(32, 40)
    return packed(dataset(values), request.param, tmp_path)


def test_it_is_read_from_every_kind_of_stream(compressed) -> None:
    frame = get_frame(compressed.PixelData, 0, number_of_frames=1)
    assert frame_size(frame) == (32, 40, 1)
    for end in range(0, len(frame), 7):
        assert frame_size(frame[:end]) in (None, (32, 40, 1))


def test_a_stream_of_another_size_is_refused_with_both(compressed, tmp_path: Path) -> None:
    own, other = (b"\x10" + struct.pack(">HH", rows, 40 if rows == 32 else 32) for rows in (32, 4000))
    assert compressed.PixelData.count(own) == 1
    compressed.PixelData = compressed.PixelData.replace(own, other)
    with pytest.raises(ScanUnreadable, match="40 × 32 pixels, the compressed image in it 32 × 4000"):
        read_scan(save(compressed, tmp_path / "alone" / "other.dcm"))


@pytest.mark.parametrize("stream", [b"", b"\xff\xd8", b"\xff\xd8\xff\xff\xff\xff", b"no image"])
def test_what_is_no_stream_says_nothing(stream: bytes) -> None:
    assert frame_size(stream) is None
