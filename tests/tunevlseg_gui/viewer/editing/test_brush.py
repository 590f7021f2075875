import numpy as np
import pytest

from engine.volumes.geometry import Geometry
from engine.volumes.slicing import Plane, SliceStack
from tunevlseg_gui.viewer.editing.brush import LARGEST, SMALLEST, Brush, Stroke, covered
from tunevlseg_gui.viewer.editing.delta import apply
from tunevlseg_gui.viewer.mask_overlay import Layer, count_levels


def test_a_brush_is_round_in_millimetres(turned_stack: SliceStack) -> None:
    """Coronal: rows are 3 mm apart, columns 1 mm; a pixel counts by its centre."""
    found = covered(turned_stack, Brush(6.0), 10, (10.0, 20.0), (10.0, 20.0))
    assert found is not None
    (first, top, left), inside = found
    assert inside.shape[0] == 1
    assert first == 10
    for row in range(turned_stack.slice_shape[0]):
        for column in range(turned_stack.slice_shape[1]):
            near = ((row - 10) * 3) ** 2 + (column - 20) ** 2 <= 36
            r, c = row - top, column - left
            there = 0 <= r < inside.shape[1] and 0 <= c < inside.shape[2] and bool(inside[0, r, c])
            assert there == near, (row, column)


def test_a_ball_reaches_into_other_slices_by_their_distance(turned_stack: SliceStack) -> None:
    """Coronal slices are 2 mm apart: a radius of 5 mm reaches two on each side."""
    found = covered(turned_stack, Brush(5.0, ball=True), 10, (10.0, 20.0), (10.0, 20.0))
    assert found is not None
    (first, _, _), inside = found
    assert (first, inside.shape[0]) == (8, 5)
    assert inside[0].sum() == inside[4].sum() < inside[1].sum() < inside[2].sum()


def test_a_stroke_leaves_no_gap_between_two_moves(turned_stack: SliceStack, edited_layer: Layer) -> None:
    stroke = Stroke(edited_layer, turned_stack, Brush(0.5), True)
    stroke.go(4, (2.0, 2.0), (2.0, 35.0))
    assert turned_stack.like(edited_layer.levels)[4][2, 2:36].all()


def test_what_is_painted_lies_where_the_view_shows_it(turned_stack: SliceStack, edited_layer: Layer) -> None:
    stroke = Stroke(edited_layer, turned_stack, Brush(1.0), True)
    assert stroke.go(7, (3.0, 30.0), (3.0, 30.0))
    shown = turned_stack.like(edited_layer.levels)
    assert shown[7, 3, 30] == 255
    assert np.count_nonzero(shown) == np.count_nonzero(shown[7])
    z, y, x = (round(value) for value in turned_stack.voxel_of(7, 3, 30))
    assert edited_layer.levels[z, y, x] == 255


@pytest.mark.parametrize("neurological", [False, True])
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "acquisition"])
def test_in_every_plane_and_orientation_the_paint_lies_under_the_mouse(plane: Plane, neurological: bool) -> None:
    """Also on an oblique grid whose axes are stored in another order."""
    turned = (0.0, 0.6, -0.8, -1.0, 0.0, 0.0, 0.0, 0.8, 0.6)
    geometry = Geometry((1.0, 2.0, 3.0), (5.0, -7.0, 9.0), turned)
    voxels = np.zeros((7, 9, 11), np.int16)
    stack = SliceStack(voxels, geometry, plane, neurological=neurological)
    levels = np.zeros(voxels.shape, np.uint8)
    layer = Layer("liver", levels, (1, 2, 3), counts=count_levels(levels), edited=True)
    stroke = Stroke(layer, stack, Brush(0.5), True)
    stroke.go(3, (2.0, 5.0), (2.0, 5.0))
    z, y, x = (round(value) for value in stack.voxel_of(3, 2, 5))
    assert np.argwhere(levels).tolist() == [[z, y, x]]
    assert stack.like(levels)[3, 2, 5] == 255


def test_a_stroke_is_one_delta_that_takes_it_back(turned_stack: SliceStack, edited_layer: Layer) -> None:
    rng = np.random.default_rng(0)
    edited_layer.levels[:] = (rng.random(edited_layer.levels.shape) > 0.5) * np.uint8(255)
    before = edited_layer.levels.copy()
    stroke = Stroke(edited_layer, turned_stack, Brush(7.0, ball=True), False)
    for _ in range(12):
        start, end = rng.uniform(-5, 40, 2), rng.uniform(-5, 40, 2)
        stroke.go(int(rng.integers(0, len(turned_stack))), tuple(start), tuple(end))
    after = edited_layer.levels.copy()
    delta = stroke.end()
    assert delta is not None
    apply(edited_layer, delta)
    assert np.array_equal(edited_layer.levels, before)
    apply(edited_layer, delta)
    assert np.array_equal(edited_layer.levels, after)


def test_beside_the_slice_nothing_is_painted(turned_stack: SliceStack, edited_layer: Layer) -> None:
    stroke = Stroke(edited_layer, turned_stack, Brush(2.0), True)
    assert not stroke.go(0, (-50.0, -50.0), (-50.0, -50.0))
    assert stroke.end() is None


@pytest.mark.parametrize(("steps", "limit"), [(99, LARGEST), (-99, SMALLEST)])
def test_sizes_stay_within_limits(steps: int, limit: float) -> None:
    assert Brush().resized(steps).radius == limit
