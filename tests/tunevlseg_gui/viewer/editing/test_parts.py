import numpy as np
import pytest

from tunevlseg_gui.viewer.editing.parts import find_parts, holes_of_slice, part_at, region_at

ndimage = pytest.importorskip("scipy.ndimage")


@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_parts_are_those_that_scipy_finds(corners: bool, share: float) -> None:
    mask = np.random.default_rng(int(share * 10)).random((6, 14, 17)) < share
    structure = np.ones((3, 3, 3)) if corners else None
    labels, count = ndimage.label(mask, structure)
    parts = find_parts(mask, corners=corners)
    assert sorted(parts.sizes()) == sorted(np.bincount(labels.ravel())[1:])
    assert len(parts.sizes()) == count
    for number in range(len(parts.sizes())):
        one = parts.mask(np.array([number]))
        assert len(np.unique(labels[one])) == 1
        assert one.sum() == parts.sizes()[number]


def test_a_long_snake_is_one_part() -> None:
    mask = np.zeros((1, 41, 41), bool)
    mask[0, ::2] = True
    mask[0, 1::4, 0] = mask[0, 3::4, -1] = True
    assert len(find_parts(mask, corners=False).sizes()) == 1


def test_an_empty_mask_has_no_parts() -> None:
    mask = np.zeros((2, 3, 4), bool)
    assert len(find_parts(mask, corners=True).sizes()) == 0
    assert not part_at(mask, (0, 0, 0)).any()


def test_the_part_under_the_mouse() -> None:
    mask = np.zeros((3, 5, 9), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True  # touch at a corner
    mask[2, 4, 5:8] = True
    assert part_at(mask, (0, 0, 0)).sum() == 2
    assert part_at(mask, (2, 4, 7)).sum() == 3


def test_holes_are_what_scipy_fills() -> None:
    for seed in range(5):
        mask = np.random.default_rng(seed).random((24, 31)) < 0.6
        assert np.array_equal(holes_of_slice(mask), ndimage.binary_fill_holes(mask) & ~mask)


def test_a_region_says_whether_the_mask_encloses_it() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    mask[4, 4] = False
    region, closed = region_at(mask, 4, 4)
    assert closed
    assert region.sum() == 1
    region, closed = region_at(mask, 0, 0)
    assert not closed
    assert region.sum() == 81 - 25
    region, closed = region_at(mask, 2, 2)
    assert not closed
    assert not region.any()
