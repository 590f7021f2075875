"""Round trips on drawn grids, bit for bit: volume → slices → volume, and mask out → mask in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.volumes.formats import FORMATS
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.reading import read_mask_here, read_scan_here
from engine.volumes.slicing import PLANES, SliceStack
from engine.volumes.volume import Volume
from engine.volumes.writing import write_mask

VOLUMES = [suffix for name, known in FORMATS if name not in ("dicom_seg", "picture") for suffix in known.mask_suffixes]
_LENGTH = st.integers(1, 7)


@st.composite
def directions(draw: st.DrawFn) -> NDArray[np.float64]:
    """Any orientation: turned by a quaternion, flipped, its axes exchanged; often straight, or a hair from it."""
    turned = np.eye(3)
    kind = draw(st.sampled_from(("straight", "nearly", "any", "half turn")))
    if kind != "straight":
        size = {"nearly": 1e-6, "any": 1.0, "half turn": 1.0}[kind]
        b, c, d = (draw(st.floats(-size, size)) for _ in range(3))
        a = 1.0 if kind == "nearly" else 0.0 if kind == "half turn" else draw(st.floats(-1, 1))
        length = float(np.sqrt(a * a + b * b + c * c + d * d))
        if length > 1e-9:
            a, b, c, d = a / length, b / length, c / length, d / length
            turned = np.array(
                [
                    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
                ]
            )
    order = draw(st.permutations(range(3)))
    flips = np.array([draw(st.sampled_from((1.0, -1.0))) for _ in range(3)])
    return turned[:, list(order)] * flips


@st.composite
def scans(draw: st.DrawFn) -> Volume:
    shape = (draw(_LENGTH), draw(_LENGTH), draw(_LENGTH))
    spacing = tuple(draw(st.floats(0.05, 12.0)) for _ in range(3))
    origin = tuple(draw(st.floats(-2000.0, 2000.0)) for _ in range(3))
    direction = draw(directions())
    voxels = np.random.default_rng(draw(st.integers(0, 2**32))).integers(-1000, 3000, shape).astype(np.int16)
    return Volume(voxels, Geometry(spacing, origin, tuple(direction.ravel().tolist())), format="elsewhere")


@given(scans(), st.sampled_from(PLANES), st.booleans())
@settings(max_examples=150, deadline=None)
def test_volume_to_slices_and_back(scan: Volume, plane: str, colour: bool) -> None:
    voxels = np.stack([scan.voxels.astype(np.uint8)] * 3, axis=-1) if colour else scan.voxels
    stack = SliceStack(voxels, scan.geometry, plane)
    copied = np.stack([np.array(stack[index]) for index in range(len(stack))])
    assert np.array_equal(stack.restore(copied), voxels)
    assert sorted(stack.slices.shape[:3]) == sorted(voxels.shape[:3])


@pytest.mark.parametrize("suffix", VOLUMES)
@given(scan=scans(), highest=st.sampled_from((1, 3, 255, 300, 65_535)), seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_mask_out_and_in(suffix: str, scan: Volume, highest: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, highest + 1, scan.shape_zyx).astype(np.uint16)
    with tempfile.TemporaryDirectory() as place:
        first = write_mask(labels, Path(place) / f"first{suffix}", scan)
        back = read_mask_here(first)
        assert np.array_equal(back.voxels, labels)
        # Across formats: no corner moves by more than a thousandth of a voxel.
        assert scan.geometry is not None
        assert back.geometry is not None
        limit = 1e-3 if ".nii" not in suffix else 1e-3 + _float32_error(scan.geometry)
        assert max_corner_shift(scan.geometry, back.geometry, scan.shape_zyx) < limit
        # Within one: the geometry is the scan's to the last bit.
        again = read_scan_here(write_mask(labels, Path(place) / f"second{suffix}", read_scan_here(first)))
        assert again.geometry == back.geometry
        assert np.array_equal(again.voxels, labels)


def _float32_error(geometry: Geometry) -> float:
    """Voxels that an origin far away may move by where the file stores 32 bits."""
    return 2 * float(np.spacing(np.float32(max(map(abs, geometry.origin_xyz))))) / min(geometry.spacing_xyz)


@given(
    pages=st.integers(1, 5),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    highest=st.sampled_from((1, 255, 65_535)),
)
@settings(max_examples=40, deadline=None)
def test_pages_of_masks_out_and_in(pages: int, height: int, width: int, highest: int) -> None:
    labels = np.random.default_rng(pages).integers(0, highest + 1, (pages, height, width)).astype(np.uint16)
    scan = Volume(np.zeros(labels.shape, np.uint8), None, format="picture")
    with tempfile.TemporaryDirectory() as place:
        for suffix in (".tif", ".png") if pages == 1 else (".tif",):
            back = read_mask_here(write_mask(labels, Path(place) / f"mask{suffix}", scan))
            assert np.array_equal(back.voxels, labels)
            assert back.geometry is None
