import numpy as np
import pytest

from tunevlseg_gui.viewer.editing.delta import apply, box_around, delta_of, difference, whole_box
from tunevlseg_gui.viewer.mask_overlay import Layer, count_levels


def test_the_box_is_the_smallest_that_holds_what_is_marked() -> None:
    marked = np.zeros((5, 6, 7), bool)
    assert box_around(marked) is None
    marked[1, 2, 6] = marked[3, 4, 0] = True
    assert box_around(marked) == (slice(1, 4), slice(2, 5), slice(0, 7))


def test_nothing_changed_is_no_delta(edited_layer: Layer) -> None:
    assert difference(edited_layer.levels, np.zeros(edited_layer.levels.shape, bool)) is None


def test_a_delta_brings_the_mask_there_and_back_with_its_counts(edited_layer: Layer) -> None:
    wanted = np.random.default_rng(1).random(edited_layer.levels.shape) > 0.7
    before = edited_layer.levels.copy()
    delta = difference(edited_layer.levels, wanted)
    assert delta is not None
    apply(edited_layer, delta)
    assert np.array_equal(edited_layer.levels, wanted * np.uint8(255))
    assert np.array_equal(edited_layer.counts, count_levels(edited_layer.levels))
    apply(edited_layer, delta)
    assert np.array_equal(edited_layer.levels, before)
    assert np.array_equal(edited_layer.counts, count_levels(before))


def test_a_delta_of_a_box_lies_where_the_box_lies() -> None:
    changed = np.zeros((2, 3, 4), bool)
    changed[1, 2, 3] = True
    delta = delta_of((slice(5, 7), slice(10, 13), slice(20, 24)), changed)
    assert delta is not None
    assert delta.box == (slice(6, 7), slice(12, 13), slice(23, 24))
    assert delta.changed().tolist() == [[[True]]]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7)])
def test_boxes_whose_voxels_fill_no_whole_bytes(shape: tuple[int, int, int]) -> None:
    changed = np.ones(shape, bool)
    delta = delta_of(whole_box(shape), changed)
    assert delta is not None
    assert np.array_equal(delta.changed(), changed)
