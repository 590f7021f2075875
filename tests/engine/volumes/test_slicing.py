from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.volumes.geometry import Geometry
from engine.volumes.reading import read_scan
from engine.volumes.slicing import PLANES, SliceStack
from engine.volumes.volume import Volume

ORDERS = [(order, signs) for order in permutations(range(3)) for signs in product((1.0, -1.0), repeat=3)]


def stored(order: tuple[int, ...], signs: tuple[float, ...], tilt: float = 0.0) -> Volume:
    """One object, voxels numbered by world position (x left, y back, z up), stored along the axes that are asked for.

    In the world it measures 4 × 5 × 6 voxels of 1 × 2 × 3 mm; voxel axis k runs along world axis order[k].
    """
    world_sizes, world_spacing = np.array([4, 5, 6]), np.array([1.0, 2.0, 3.0])
    direction = np.zeros((3, 3))
    origin = np.zeros(3)
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        direction[world, axis] = sign
        if sign < 0:
            origin[world] = (world_sizes[world] - 1) * world_spacing[world]
    x, y, z = np.meshgrid(*(np.arange(n) for n in world_sizes), indexing="ij")
    numbered = x + 10 * y + 100 * z  # indexed by world (x, y, z)
    along = numbered.transpose(order)
    along = along[tuple(slice(None, None, int(sign)) for sign in signs)]
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    spacing = world_spacing[list(order)]
    geometry = Geometry(
        tuple(float(v) for v in spacing),
        tuple(float(v) for v in turn @ origin),
        tuple(float(v) for v in (turn @ direction).ravel()),
    )
    return Volume(np.ascontiguousarray(along.transpose(2, 1, 0)), geometry)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("tilt", [0.0, 0.3, -0.3])
def test_every_storage_order_shows_the_same(plane: str, tilt: float) -> None:
    reference = SliceStack(*_parts(stored((0, 1, 2), (1.0, 1.0, 1.0), tilt)), plane)
    assert len(ORDERS) == 48
    for order, signs in ORDERS:
        stack = SliceStack(*_parts(stored(order, signs, tilt)), plane)
        assert np.array_equal(stack.slices, reference.slices), (order, signs)
        assert stack.spacing_hw == reference.spacing_hw
        assert stack.slice_spacing == reference.slice_spacing
        assert stack.world_of(1, 2, 3) == pytest.approx(reference.world_of(1, 2, 3))


def _parts(volume: Volume) -> tuple[np.ndarray, Geometry | None]:
    return volume.voxels, volume.geometry


def test_radiological_convention() -> None:
    volume = stored((0, 1, 2), (1.0, 1.0, 1.0))
    # numbered x + 10 y + 100 z; world x grows to the left, y to the back, z up.
    axial = SliceStack(*_parts(volume), "axial")
    assert (len(axial), axial.slice_shape, axial.edge_letters) == (6, (5, 4), ("A", "P", "R", "L"))
    assert axial[0][0, 0] == 0
    assert axial[1][0, 0] == 100  # upwards
    assert axial[0][1, 0] == 10  # downwards on the screen is backwards
    assert axial[0][0, 1] == 1  # the patient's right side is on the screen's left
    assert axial.spacing_hw == (2.0, 1.0)

    coronal = SliceStack(*_parts(volume), "coronal")
    assert (len(coronal), coronal.slice_shape, coronal.edge_letters) == (5, (6, 4), ("S", "I", "R", "L"))
    assert coronal[0][0, 0] == 500  # the top row is the highest
    assert coronal[1][0, 0] == 510
    assert coronal[0][0, 1] == 501

    sagittal = SliceStack(*_parts(volume), "sagittal")
    assert (len(sagittal), sagittal.slice_shape, sagittal.edge_letters) == (4, (6, 5), ("S", "I", "A", "P"))
    assert sagittal[0][0, 0] == 500
    assert sagittal[0][0, 1] == 510  # the nose is on the left
    assert sagittal[1][0, 0] == 501  # from right to left


@pytest.mark.parametrize("plane", PLANES)
def test_restore_is_the_exact_inverse(plane: str) -> None:
    for order, signs in ORDERS:
        volume = stored(order, signs)
        stack = SliceStack(*_parts(volume), plane)
        assert np.array_equal(stack.restore(stack.slices), volume.voxels)
        assert np.array_equal(stack.restore(stack.slices.copy()), volume.voxels)
        colour = np.stack([volume.voxels] * 3, axis=-1)
        assert np.array_equal(stack.restore(stack.like(colour)), colour)


@given(st.sampled_from(ORDERS), st.sampled_from(PLANES), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_pixels_and_voxels_correspond(order: tuple, plane: str, index: int, row: int, column: int) -> None:
    volume = stored(*order)
    stack = SliceStack(*_parts(volume), plane)
    height, width = stack.slice_shape
    pixel = (index % len(stack), row % height, column % width)
    voxel = stack.voxel_of(*pixel)
    assert volume.voxels[tuple(int(v) for v in voxel)] == stack.slices[pixel]
    assert stack.pixel_of(voxel) == pixel
    world = stack.world_of(*pixel)
    assert world is not None
    assert stack.index_of(world) == pixel[0]


def test_acquisition_keeps_the_stored_slices() -> None:
    for order, signs in ORDERS:
        volume = stored(order, signs)
        stack = SliceStack(*_parts(volume), "acquisition")
        anatomical = SliceStack(*_parts(volume), stack.display_plane)
        assert len(stack) == volume.shape_zyx[0]
        for index in (0, len(stack) - 1):
            assert np.array_equal(np.sort(stack[index], axis=None), np.sort(volume.voxels[index], axis=None))
        # Shown as the anatomical plane would be, in the file's own order of slices.
        shown = anatomical.slices if signs[2] > 0 else anatomical.slices[::-1]
        assert np.array_equal(stack.slices, shown)


def test_slices_are_views() -> None:
    volume = stored((2, 0, 1), (-1.0, 1.0, -1.0))
    for plane in PLANES:
        stack = SliceStack(*_parts(volume), plane)
        assert np.shares_memory(stack[0], volume.voxels)
        assert np.shares_memory(stack.restore(stack.slices), volume.voxels)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("shape", [(1, 4, 6), (1, 4, 6, 3)])
def test_a_picture_has_one_slice_in_any_plane(plane: str, shape: tuple[int, ...]) -> None:
    picture = np.arange(np.prod(shape)).reshape(shape)
    stack = SliceStack(picture, None, plane)
    assert len(stack) == 1
    assert np.array_equal(stack[0], picture[0])
    assert stack.world_of(0, 0, 0) is None
    assert stack.edge_letters == ("", "", "", "")


def test_a_single_stored_slice_is_shown_whole_in_any_plane() -> None:
    geometry = Geometry((1.0, 1.0, 5.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    for plane in PLANES:
        assert SliceStack(np.zeros((1, 40, 50)), geometry, plane).slice_shape == (40, 50)


def test_strange_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="plane"):
        SliceStack(np.zeros((2, 3, 4)), None, "diagonal")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="axes"):
        SliceStack(np.zeros((3, 4)), None, "axial")
    stack = SliceStack(np.zeros((2, 3, 4)), None, "axial")
    with pytest.raises(ValueError, match="slices, rows"):
        stack.restore(np.zeros((2, 4, 3)))
    with pytest.raises(ValueError, match="grid"):
        stack.like(np.zeros((2, 4, 3)))


def test_one_real_head_in_many_storage_orders(shared_data: Path) -> None:
    files = sorted((shared_data / "niivue_nifti_odd" / "nifti_space").glob("*.nii.gz"))
    assert len(files) > 10
    shown: dict[str, np.ndarray] = {}
    for file in files:
        volume = read_scan(file)
        for plane in ("axial", "coronal", "sagittal"):
            stack = SliceStack(volume.voxels, volume.geometry, plane)
            reference = shown.setdefault(plane, stack.slices)
            assert np.array_equal(stack.slices, reference), (file.name, plane)
