from __future__ import annotations

import numpy as np

from tunevlseg_gui.viewer.slabs import MOST, Slabs


def volume() -> np.ndarray:
    return np.random.default_rng(1).integers(-1000, 1000, (5, 7, 43), np.int16)


def test_every_slice_is_that_of_the_volume_flipped_or_not() -> None:
    array, slabs = volume(), Slabs()
    turned = (array.transpose(2, 0, 1), array.transpose(2, 0, 1)[::-1, ::-1], array.transpose(2, 1, 0)[:, ::-1])
    for slices in turned:
        fresh = Slabs()
        for index in (*range(43), 3):
            assert np.array_equal(fresh.slice_of(array, slices, index), slices[index])
    axial = slabs.slice_of(array, array, 2)
    assert np.shares_memory(axial, array)


def test_a_layer_edited_in_place_is_read_again() -> None:
    array, slabs = volume(), Slabs()
    slices = array.transpose(2, 0, 1)
    assert not np.shares_memory(slabs.slice_of(array, slices, 3, 0), array)
    array[:, :, 3] = 77
    assert np.all(slabs.slice_of(array, slices, 3, 1) == 77)


def test_only_a_few_are_held() -> None:
    slabs = Slabs()
    arrays = [volume() for _ in range(MOST + 3)]
    for array in arrays:
        slabs.slice_of(array, array.transpose(2, 0, 1), 0)
    assert len(slabs._kept) == MOST
