from __future__ import annotations

from pathlib import Path

import pytest

from tunevlseg_gui.pages.segment.saving import suggested_mask, with_suffix


@pytest.mark.parametrize(
    ("scan", "phrases", "name"),
    [
        ("head.nii.gz", ["left kidney"], "head_left-kidney.nii.gz"),
        ("head.NII.GZ", ["a", "b"], "head_labels.nii.gz"),
        ("a.b.nrrd", ["Leber/Ähre"], "a.b_leber-ahre.nrrd"),
        ("vol.mhd", ["x"], "vol_x.mha"),
        ("photo.jpg", ["polyp"], "photo_polyp.png"),
        ("photo.png", ["息肉"], "photo_mask.png"),
    ],
)
def test_the_name_that_is_proposed(scan: str, phrases: list[str], name: str) -> None:
    assert suggested_mask(Path("/d") / scan, phrases) == Path("/d") / name


@pytest.mark.parametrize(
    ("chosen", "scan", "name"),
    [
        ("out", "head.nii.gz", "out.nii.gz"),
        ("out.mha", "head.nii.gz", "out.mha"),
        ("out.v2", "head.nrrd", "out.v2.nrrd"),
        ("out.jpg", "photo.jpg", "out.jpg.png"),
        ("out.PNG", "photo.jpg", "out.PNG"),
    ],
)
def test_a_missing_ending_is_added(chosen: str, scan: str, name: str) -> None:
    assert with_suffix(Path(chosen), Path(scan)) == Path(name)
